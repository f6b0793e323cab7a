-- Every stocked warehouse carries nine tenths of the products, with up to 24 days of what it sells of each; some are
-- sold out, and of some more was sold than was booked in.
CREATE OR REPLACE FUNCTION fluxion.insert_sample_inventory(sales bigint, as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH warehouses AS MATERIALIZED (
        SELECT
            w.*,
            row_number() OVER (ORDER BY w.ubicacion_id, w.codigo COLLATE "C") AS n,
            sum(w.weight) OVER () AS total_weight
        FROM (
            SELECT
                a.ubicacion_id,
                a.codigo,
                fluxion.sample_warehouse_weight(a.ubicacion_id, a.codigo) AS weight,
                CASE u.tipo WHEN 'tienda' THEN 1 ELSE 12 END AS pack
            FROM fluxion.almacenes AS a
            INNER JOIN fluxion.ubicaciones AS u ON a.ubicacion_id = u.id
        ) AS w
    ),

    products AS MATERIALIZED (
        SELECT p.*, sum(p.weight) OVER () AS total_weight
        FROM (
            SELECT id, unidad, fluxion.sample_product_weight(id, (count(*) OVER ())::integer) AS weight
            FROM fluxion.productos
        ) AS p
    ),

    -- Materialized, so that each hash is worked out once; every use below takes other bits of it.
    stocked AS MATERIALIZED (
        SELECT
            w.ubicacion_id,
            w.codigo,
            p.id AS producto_id,
            p.unidad,
            div(sales * w.weight * p.weight * 2, w.total_weight * p.total_weight)::bigint * w.pack AS sold_in_90_days,
            hashint8extended(w.n * 1000000 + p.id, 2) AS h
        FROM warehouses AS w
        CROSS JOIN products AS p
        WHERE w.codigo <> 'APERTURA'
    )

    INSERT INTO fluxion.inventario (ubicacion_id, almacen_codigo, producto_id, cantidad, actualizado_en)
    SELECT
        ubicacion_id,
        codigo,
        producto_id,
        CASE
            WHEN (h >> 8) & 127 < 2 THEN -1 - ((h >> 16) & 7)
            WHEN (h >> 8) & 127 < 8 THEN 0
            ELSE
                1 + ((h >> 16) & 3) + sold_in_90_days * (((h >> 20) & 255) * 25 >> 8) / 90
                + CASE unidad WHEN 'KG' THEN ((h >> 28) & 511) / 1000.000 ELSE 0 END
        END,
        as_of::timestamp AT TIME ZONE 'America/Caracas' - (((h >> 40) & 65535) * 2) * interval '1 second'
    FROM stocked
    WHERE h & 255 < 230
    ORDER BY ubicacion_id, codigo COLLATE "C", producto_id;
END
$$;
