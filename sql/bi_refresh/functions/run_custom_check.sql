-- What is wrong with one custom check of a policy, in words; NULL: it gave true. An error in it is its failure, but for what would
-- have come to any statement at this moment: a cancelled or timed-out one (which OTHERS does not include), a lock, a conflict.
CREATE OR REPLACE FUNCTION bi_refresh.run_custom_check(query text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_shown CONSTANT integer := 200;
    shown CONSTANT text := CASE
        WHEN pg_catalog.length(query) > most_shown THEN pg_catalog.left(query, most_shown) || '...'
        ELSE query
    END;
    result boolean;
BEGIN
    -- As a scalar subquery: a second row or column is an error, no row is NULL. The line break ends a comment at its end.
    EXECUTE pg_catalog.format(E'SELECT (%s\n)::pg_catalog.bool', pg_catalog.rtrim(query, E'; \n\t')) INTO result;
    RETURN CASE WHEN result IS NOT TRUE THEN pg_catalog.format('%s gave %s', shown, coalesce(result::text, 'NULL')) END;
EXCEPTION
    WHEN assert_failure OR OTHERS THEN
        IF bi_refresh.is_transient(sqlstate) OR sqlstate IN ('53100', '53200') THEN
            RAISE;
        END IF;
        RETURN pg_catalog.format('%s raised: %s', shown, sqlerrm);
END
$$;
