-- A fingerprint as view_state keeps it: what a view's contents under this snapshot are made from. `tables` are those of
-- table_states() by their OID. Nothing but its equals in fingerprint_changes() gives it a meaning.
CREATE OR REPLACE FUNCTION bi_refresh.assemble_fingerprint(
    view_oid oid, structure text, relations oid[], moments jsonb, calls_functions boolean, tables jsonb
)
RETURNS jsonb
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.jsonb_build_object(
    'taken_at', pg_catalog.transaction_timestamp(),
    'transaction', pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text,
    'contents', bi_refresh.contents_version(view_oid),
    'structure', structure,
    'relations', relations,
    'moments', moments,
    'calls_functions', calls_functions,
    'tables', tables,
    'counters_since', bi_refresh.counters_since()
)
$$;
