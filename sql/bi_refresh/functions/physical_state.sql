-- What a table's visible rows are, by where each stands and which transaction wrote it: within one file that names a row version,
-- and a row version never changes. Other contents give another state (up to a collision of 64 bits). Without its children. The
-- caller holds a lock on it and has asked may_be_read().
CREATE OR REPLACE FUNCTION bi_refresh.physical_state(relation oid)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state text;
BEGIN
    -- The transaction number is the hash's seed; there is no shorter way from xid to bigint than by its text.
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.concat_ws('':'', pg_catalog.count(*), '
        'pg_catalog.bit_xor(pg_catalog.hashtidextended(t.ctid, t.xmin::text::bigint))) FROM ONLY %s AS t',
        relation::pg_catalog.regclass
    ) INTO state;
    RETURN pg_catalog.concat_ws(':', state, pg_catalog.pg_relation_filenode(relation));
END
$$;
