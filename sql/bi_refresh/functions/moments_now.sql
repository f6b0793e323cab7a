-- What date and time are now for a maintained table: the keys of `moments` with today's values. 'the time' is another in each
-- transaction; the others are those of current_moments().
CREATE OR REPLACE FUNCTION bi_refresh.moments_now(moments jsonb)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT
            CASE
                WHEN moments = '{}' THEN moments
                ELSE bi_refresh.current_moments(ARRAY(
                    SELECT k.detail FROM pg_catalog.jsonb_object_keys(moments) AS k (detail) WHERE k.detail <> 'the time'
                ))
                || CASE WHEN moments ? 'the time' THEN pg_catalog.jsonb_build_object('the time', pg_catalog.now()) ELSE '{}' END
            END
    );
END
$$;
