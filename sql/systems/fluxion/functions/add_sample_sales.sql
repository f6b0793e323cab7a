-- New sales in the ten minutes before `at`, each taken from the stock: what a refresh finds changed. Every one repeats
-- an earlier sale picked by hash, so that popular products stay popular. Returns the number of sales added.
CREATE OR REPLACE FUNCTION fluxion.add_sample_sales(number integer, at timestamptz DEFAULT pg_catalog.now())
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_id bigint;
    added bigint;
BEGIN
    IF number IS NULL OR number < 0 OR at IS NULL OR NOT isfinite(at) THEN
        RAISE EXCEPTION 'cannot add % sales at %', coalesce(number::text, 'NULL'), coalesce(at::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number of sales, and leave `at` out for now.';
    END IF;

    -- Two sessions updating the same stock in different orders would deadlock; readers and refreshes are not kept waiting.
    LOCK TABLE fluxion.inventario IN SHARE ROW EXCLUSIVE MODE;
    SELECT max(id) INTO last_id FROM fluxion.ventas;
    IF last_id IS NULL THEN
        RAISE EXCEPTION 'fluxion.ventas is empty, and new sample sales repeat earlier ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run SELECT * FROM fluxion.generate_sample_data(100000); first.';
    END IF;

    WITH sold AS (
        INSERT INTO fluxion.ventas (fecha, ubicacion_id, almacen_codigo, producto_id, cantidad, precio_unitario)
        SELECT
            at - (hash.h & 511) * interval '1 second',
            earlier.ubicacion_id,
            earlier.almacen_codigo,
            earlier.producto_id,
            earlier.cantidad,
            earlier.precio_unitario
        FROM generate_series(1, number) AS n
        CROSS JOIN LATERAL (SELECT hashint8extended(last_id + n, 4) AS h OFFSET 0) AS hash
        CROSS JOIN LATERAL (
            -- The first at or after a number: a deleted sale leaves a gap.
            SELECT v.*
            FROM fluxion.ventas AS v
            WHERE v.id >= 1 + ((hash.h >> 9) & 1048575) * last_id / 1048576
            ORDER BY v.id
            LIMIT 1
        ) AS earlier
        ORDER BY n
        RETURNING ubicacion_id, almacen_codigo, producto_id, cantidad, fecha
    ),

    taken AS (
        UPDATE fluxion.inventario AS i
        SET
            cantidad = i.cantidad - s.cantidad,
            actualizado_en = greatest(i.actualizado_en, s.fecha)
        FROM (
            SELECT ubicacion_id, almacen_codigo, producto_id, sum(cantidad) AS cantidad, max(fecha) AS fecha
            FROM sold
            GROUP BY ubicacion_id, almacen_codigo, producto_id
        ) AS s
        WHERE i.ubicacion_id = s.ubicacion_id AND i.almacen_codigo = s.almacen_codigo AND i.producto_id = s.producto_id
    )

    SELECT count(*) INTO added FROM sold;
    RETURN added;
END
$$;
