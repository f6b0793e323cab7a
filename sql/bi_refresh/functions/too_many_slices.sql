-- Why the whole is computed instead of slices, in words.
CREATE OR REPLACE FUNCTION bi_refresh.too_many_slices(
    counts bigint[], slices_ms double precision, full_ms double precision
)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.format(
    '%s changed slices would take %s ms, the whole takes %s ms',
    pg_catalog.sum(c.slices), pg_catalog.round(slices_ms::numeric), pg_catalog.round(full_ms::numeric)
)
FROM pg_catalog.unnest(counts) AS c (slices)
$$;
