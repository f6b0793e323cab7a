-- Sales of the 90 days before as_of, in the order of time: a growing chain, busy on Fridays and Saturdays, open from 8
-- to 20. What is picked by weight is picked from an urn: an array that holds each thing as often as it weighs.
CREATE OR REPLACE FUNCTION fluxion.insert_sample_sales(sales bigint, as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    openings CONSTANT timestamptz[] := (
        SELECT array_agg((d.dia + time '08:00') AT TIME ZONE 'America/Caracas' ORDER BY d.dia)
        FROM (SELECT as_of - n AS dia, 150 - n AS growth FROM generate_series(1, 90) AS n) AS d
        CROSS JOIN LATERAL generate_series(
            1, d.growth * (ARRAY[9, 9, 10, 11, 14, 16, 8])[extract(isodow FROM d.dia)::integer] / 10
        )
    );
    warehouse_urn CONSTANT integer[] := (
        SELECT array_agg(a.n ORDER BY a.n)
        FROM (
            SELECT
                (row_number() OVER (ORDER BY ubicacion_id, codigo COLLATE "C"))::integer AS n,
                fluxion.sample_warehouse_weight(ubicacion_id, codigo) AS weight
            FROM fluxion.almacenes
        ) AS a
        CROSS JOIN LATERAL generate_series(1, a.weight)
    );
    product_urn CONSTANT integer[] := (
        SELECT array_agg(p.id ORDER BY p.id)
        FROM (
            SELECT id, fluxion.sample_product_weight(id, (count(*) OVER ())::integer) AS weight
            FROM fluxion.productos
        ) AS p
        -- in thousands, rounded up, so that every product that has any weight is in the urn
        CROSS JOIN LATERAL generate_series(1, (p.weight + 999) / 1000)
    );
    moments CONSTANT bigint := cardinality(openings);
    warehouses CONSTANT bigint := cardinality(warehouse_urn);
    products CONSTANT bigint := cardinality(product_urn);
BEGIN
    INSERT INTO fluxion.ventas (id, fecha, ubicacion_id, almacen_codigo, producto_id, cantidad, precio_unitario)
    SELECT
        sale.n,
        openings[1 + (sale.n - 1) * moments / sales] + ((sale.h & 65535) * 43200 >> 16) * interval '1 second',
        w.ubicacion_id,
        w.codigo,
        p.id,
        CASE p.unidad
            WHEN 'KG' THEN (100 + ((sale.h >> 16) & 1023)) / 1000.000
            ELSE 1 + (((sale.h >> 16) & 255) * ((sale.h >> 16) & 255) * 4 >> 16)
        END * w.pack,
        CASE WHEN (sale.h >> 26) & 7 = 0 THEN round(p.precio * 0.90, 2) ELSE p.precio END
    FROM (
        SELECT n, hashint8extended(n, 1) AS h
        FROM generate_series(1, sales) AS n
        OFFSET 0 -- keeps the hash from being worked out anew for every use of its bits
    ) AS sale
    INNER JOIN (
        SELECT
            a.ubicacion_id,
            a.codigo,
            row_number() OVER (ORDER BY a.ubicacion_id, a.codigo COLLATE "C") AS n,
            CASE u.tipo WHEN 'tienda' THEN 1 ELSE 12 END AS pack
        FROM fluxion.almacenes AS a
        INNER JOIN fluxion.ubicaciones AS u ON a.ubicacion_id = u.id
    ) AS w ON w.n = warehouse_urn[1 + (((sale.h >> 29) & 65535) * warehouses >> 16)]
    INNER JOIN fluxion.productos AS p ON p.id = product_urn[1 + (((sale.h >> 45) & 262143) * products >> 18)];

    PERFORM setval(pg_get_serial_sequence('fluxion.ventas', 'id'), sales);
END
$$;
