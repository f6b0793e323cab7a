-- Records which moment a view's contents are right for, when another relation with contents of its own has taken its
-- name.
--   oldest_at   of the oldest data that they were made from, where that is known: not of what stands beneath it now
CREATE OR REPLACE FUNCTION bi_refresh.record_contents(
    view_name text, relation oid, snapshot_at timestamptz, oldest_at timestamptz DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO bi_refresh.view_state AS s (view_name, view_oid, data_timestamp, global_data_timestamp)
VALUES (
    record_contents.view_name,
    relation,
    snapshot_at,
    coalesce(oldest_at, bi_refresh.oldest_data_timestamp(relation, snapshot_at, NULL))
)
ON CONFLICT ON CONSTRAINT view_state_pkey DO UPDATE
SET view_oid = excluded.view_oid,
    fingerprint = NULL,
    data_timestamp = excluded.data_timestamp,
    global_data_timestamp = excluded.global_data_timestamp,
    last_success_at = GREATEST(s.last_success_at, excluded.data_timestamp),
    refreshed_at = GREATEST(s.refreshed_at, excluded.data_timestamp)
$$;
