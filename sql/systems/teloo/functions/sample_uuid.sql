-- The nth UUID: version 8 (of one's own making), which no random one is equal to.
CREATE OR REPLACE FUNCTION teloo.sample_uuid(n bigint)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT overlay(
        overlay(
            lpad(to_hex(hashint8extended(n, 12)), 16, '0') || lpad(to_hex(hashint8extended(n, 13)), 16, '0')
            PLACING '8' FROM 13
        )
        PLACING '8' FROM 17
    )::uuid
$$;
