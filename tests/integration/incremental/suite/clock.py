"""Days that pass for the tables of the shapes, while the server's clock stands still: every sale becomes older by as
many, and what is known of earlier refreshes, too. Nothing of this is captured."""

from __future__ import annotations

from tests.integration.incremental.suite.history import Run

# A view whose rows do not say a day was, so many days ago, over rows that were younger, the same as it is now.
_PASS = r"""DO $$
DECLARE
    captured record;
BEGIN
    UPDATE sales SET day = day - {days};
    FOR captured IN SELECT id, 'day' = ANY (columns) AS has_day FROM bi_refresh.captured_table
        WHERE relation = 'sales'::regclass
    LOOP
        EXECUTE format(
            'DELETE FROM bi_refresh_incremental.log_%s WHERE xmin = pg_current_xact_id()::xid', captured.id
        );
        IF captured.has_day THEN
            EXECUTE format('UPDATE bi_refresh_incremental.log_%s SET day = day - {days}', captured.id);
            EXECUTE format('UPDATE bi_refresh_incremental.pending_%s SET day = day - {days}', captured.id);
        END IF;
    END LOOP;
    UPDATE bi_refresh.maintained_table
    SET moments = (
            SELECT jsonb_object_agg(m.key, (m.value::date - {days})::text) FROM jsonb_each_text(moments) AS m
        ),
        data_timestamp = data_timestamp - interval '{days} days'
    -- those of a refresher with another DateStyle were made in another environment: that is seen by itself
    WHERE moments <> '{{}}' AND NOT moments ? 'the time' AND moments::text !~ '\d\.\d';
END
$$"""


def days_pass(days: int) -> Run:
    """So many; negative where the clock was wrong before."""
    lines = [line for line in _PASS.format(days=days).splitlines() if not line.strip().startswith("--")]
    return Run(" ".join(" ".join(lines).split()))
