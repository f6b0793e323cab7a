-- Whether the tables kept for a view are what a refresh would make of them: no change waits, and structures and moments are
-- those of their contents.
--   structures   maintained_structures(), by table
CREATE OR REPLACE FUNCTION bi_refresh.nothing_changed(view_name text, structures jsonb)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            pg_catalog.bool_and(
                m.structure = structures ->> m.id::text AND m.moments = bi_refresh.moments_now(m.moments)
            ),
            false
        )
        AND pg_catalog.bool_and(m.structure IS NOT NULL AND m.moments IS NOT NULL)
        AND NOT bi_refresh.changes_waiting(nothing_changed.view_name)
        FROM bi_refresh.maintained_table AS m
        WHERE m.view_name = nothing_changed.view_name
    );
END
$$;
