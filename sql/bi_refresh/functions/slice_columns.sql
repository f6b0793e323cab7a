-- The columns of one of the ways in which a maintained table is cut, counted from 1.
CREATE OR REPLACE FUNCTION bi_refresh.slice_columns(slices jsonb, number integer)
RETURNS name[]
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT ARRAY(
            SELECT c.name::name
            FROM pg_catalog.jsonb_array_elements_text(slices -> (number - 1)) WITH ORDINALITY AS c (name, position)
            ORDER BY c.position
        )
    );
END
$$;
