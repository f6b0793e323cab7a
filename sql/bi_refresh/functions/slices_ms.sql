-- How long computing slices will take, by the microseconds learned for each cut; NULL: not known of all of them.
CREATE OR REPLACE FUNCTION bi_refresh.slices_ms(cuts integer[], counts bigint[], key_us double precision[])
RETURNS double precision
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT
            CASE
                WHEN pg_catalog.count(*) FILTER (WHERE c.slices > 0 AND key_us[c.cut] IS NULL) = 0
                    THEN coalesce(pg_catalog.sum(c.slices * key_us[c.cut] / 1000), 0)
            END
        FROM ROWS FROM (pg_catalog.unnest(cuts), pg_catalog.unnest(counts)) AS c (cut, slices)
    );
END
$$;
