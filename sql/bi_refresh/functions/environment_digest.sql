-- What a query's result may depend on besides tables and code: the server, and the parameters that functions read.
CREATE OR REPLACE FUNCTION bi_refresh.environment_digest()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.md5(pg_catalog.concat_ws(
    '|',
    bi_refresh.system_identifier(),
    pg_catalog.current_setting('server_version_num'),
    -- what to_tsvector(text) does is the default configuration's affair, and that of dictionaries; the built-in ones can be altered,
    -- too
    (
        SELECT pg_catalog.concat_ws(':', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hash_record_extended(
            ROW(searched.catalog, searched.oid, searched.number, searched.xmin), 0
        )))
        FROM (
            SELECT 1 AS catalog, c.oid, 0 AS number, c.xmin FROM pg_catalog.pg_ts_config AS c
            UNION ALL
            SELECT 2, d.oid, 0, d.xmin FROM pg_catalog.pg_ts_dict AS d
            UNION ALL
            SELECT 3, m.mapcfg, m.maptokentype * 1000 + m.mapseqno, m.xmin FROM pg_catalog.pg_ts_config_map AS m
        ) AS searched
    ),
    (
        SELECT pg_catalog.string_agg(pg_catalog.current_setting(p.parameter), '|' ORDER BY p.parameter)
        FROM pg_catalog.unnest(
            '{TimeZone, timezone_abbreviations, DateStyle, IntervalStyle, lc_monetary, lc_numeric, lc_time, extra_float_digits,
            bytea_output, default_text_search_config, xmlbinary, xmloption, array_nulls, quote_all_identifiers,
            transform_null_equals, standard_conforming_strings}'::text[]
        ) AS p (parameter)
    )
))
$$;
