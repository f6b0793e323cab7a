-- Fills the empty system with that many sales over 90 days, and the locations, products and inventory that fit. The
-- same arguments give the same rows on every platform and version: they come from hashes of the row's number, in
-- integer arithmetic. One transaction; the foreign keys and indexes of the big tables are dropped and built again in
-- it.
CREATE OR REPLACE FUNCTION fluxion.generate_sample_data(
    sales bigint,
    as_of date DEFAULT (pg_catalog.now() AT TIME ZONE 'America/Caracas')::pg_catalog.date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    most_sales CONSTANT bigint := 100000000;
    restoring text[];
    statement text;
BEGIN
    IF sales IS NULL OR sales NOT BETWEEN 1 AND most_sales THEN
        RAISE EXCEPTION 'cannot generate % sales', coalesce(sales::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Ask for 1 to %s.', most_sales);
    ELSIF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'cannot generate sales up to %', coalesce(as_of::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave as_of out for today in Caracas, or give a date.';
    END IF;

    -- Two generators at once would both find the tables empty.
    LOCK TABLE fluxion.ubicaciones, fluxion.almacenes, fluxion.productos, fluxion.inventario, fluxion.ventas
    IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM fluxion.ubicaciones) OR EXISTS (SELECT FROM fluxion.productos) THEN
        RAISE EXCEPTION 'the fluxion tables hold rows already; sample data is for empty ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'To throw those rows away: TRUNCATE fluxion.ventas, fluxion.inventario, fluxion.productos, '
                'fluxion.almacenes, fluxion.ubicaciones;';
    END IF;

    restoring := fluxion.begin_bulk_load('fluxion.inventario') || fluxion.begin_bulk_load('fluxion.ventas');
    PERFORM fluxion.insert_sample_locations();
    -- Fewer products for few sales, so that even a small sample has products that sell every day.
    PERFORM fluxion.insert_sample_products(least(greatest(sales / 500, 60), 5000)::integer);
    PERFORM fluxion.insert_sample_inventory(sales, as_of);
    PERFORM fluxion.insert_sample_sales(sales, as_of);
    FOREACH statement IN ARRAY restoring LOOP
        EXECUTE statement;
    END LOOP;

    ANALYZE fluxion.ubicaciones, fluxion.almacenes, fluxion.productos, fluxion.inventario, fluxion.ventas;
    RETURN QUERY
    SELECT 'ubicaciones', count(*) FROM fluxion.ubicaciones
    UNION ALL SELECT 'almacenes', count(*) FROM fluxion.almacenes
    UNION ALL SELECT 'productos', count(*) FROM fluxion.productos
    UNION ALL SELECT 'inventario', count(*) FROM fluxion.inventario
    UNION ALL SELECT 'ventas', count(*) FROM fluxion.ventas;
END
$$;
