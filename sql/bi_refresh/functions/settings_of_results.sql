-- Settings of the session that results of statements, or who may read what, depend on.
CREATE OR REPLACE FUNCTION bi_refresh.settings_of_results()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.concat_ws(
    ', ',
    'TimeZone ' || pg_catalog.current_setting('TimeZone'),
    'DateStyle ' || pg_catalog.current_setting('DateStyle'),
    'IntervalStyle ' || pg_catalog.current_setting('IntervalStyle'),
    'extra_float_digits ' || pg_catalog.current_setting('extra_float_digits'),
    'bytea_output ' || pg_catalog.current_setting('bytea_output'),
    'row_security ' || pg_catalog.current_setting('row_security'),
    'default_text_search_config ' || pg_catalog.current_setting('default_text_search_config'),
    'standard_conforming_strings ' || pg_catalog.current_setting('standard_conforming_strings'),
    'escape_string_warning ' || pg_catalog.current_setting('escape_string_warning'),
    'default_transaction_isolation ' || pg_catalog.current_setting('default_transaction_isolation'),
    'default_transaction_read_only ' || pg_catalog.current_setting('default_transaction_read_only'),
    'default_transaction_deferrable ' || pg_catalog.current_setting('default_transaction_deferrable'),
    'transform_null_equals ' || pg_catalog.current_setting('transform_null_equals'),
    'lc_monetary ' || pg_catalog.current_setting('lc_monetary'),
    'lc_numeric ' || pg_catalog.current_setting('lc_numeric'),
    'lc_time ' || pg_catalog.current_setting('lc_time'),
    'xmlbinary ' || pg_catalog.current_setting('xmlbinary'),
    'xmloption ' || pg_catalog.current_setting('xmloption'),
    'array_nulls ' || pg_catalog.current_setting('array_nulls'),
    'quote_all_identifiers ' || pg_catalog.current_setting('quote_all_identifiers'),
    'statement_timeout ' || pg_catalog.current_setting('statement_timeout'),
    'session_replication_role ' || pg_catalog.current_setting('session_replication_role')
)
$$;
