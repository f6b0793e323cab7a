-- Products of eight categories; the delicatessen sells by the kilogram, and one in forty is discontinued.
CREATE OR REPLACE FUNCTION fluxion.insert_sample_products(products integer)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO fluxion.productos (id, sku, nombre, categoria, unidad, costo, precio, activo)
    SELECT
        p.id,
        'SKU-' || lpad(p.id::text, 5, '0'),
        p.categoria || ' ' || p.id,
        p.categoria,
        CASE p.categoria WHEN 'Charcutería' THEN 'KG' ELSE 'UND' END,
        round(p.precio * 0.72, 2),
        p.precio,
        p.id % 40 <> 0
    FROM (
        SELECT
            n AS id,
            (ARRAY['Víveres', 'Lácteos', 'Charcutería', 'Bebidas', 'Limpieza', 'Higiene', 'Mascotas', 'Hogar'])[1 + n % 8]
                AS categoria,
            (80 + (pg_catalog.hashint8extended(n, 3) & 4095)) / 100.00 AS precio
        FROM generate_series(1, products) AS n
    ) AS p
$$;
