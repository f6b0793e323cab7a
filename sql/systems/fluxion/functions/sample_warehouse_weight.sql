-- How much a sample warehouse sells, relative to the others: by its kind and by the size of its location. Goods in
-- transit and a warehouse not opened yet sell nothing.
CREATE OR REPLACE FUNCTION fluxion.sample_warehouse_weight(ubicacion_id integer, codigo text)
RETURNS bigint
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (5 + ubicacion_id * 7 % 11) * CASE codigo
        WHEN 'PISO' THEN 10
        WHEN 'MAYOR' THEN 8
        WHEN 'SECO' THEN 6
        WHEN 'DETAL' THEN 4
        WHEN 'FRIO' THEN 3
        WHEN 'DEPOSITO' THEN 2
        ELSE 0
    END
$$;
