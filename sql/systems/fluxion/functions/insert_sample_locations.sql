-- 18 locations with 37 warehouses, 36 of them open: among them two with goods in transit, and one that was not stocked
-- yet.
CREATE OR REPLACE FUNCTION fluxion.insert_sample_locations()
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO fluxion.ubicaciones (id, nombre, region, tipo, activo) VALUES
    (1, 'CEDI Guarenas', 'CARACAS', 'cedi', true),
    (2, 'CEDI Los Guayos', 'VALENCIA', 'cedi', true),
    (3, 'Mayorista Coche', 'CARACAS', 'mayorista', true),
    (4, 'Mayorista Catia', 'CARACAS', 'mayorista', true),
    (5, 'Mayorista Tocuyito', 'VALENCIA', 'mayorista', true),
    (6, 'Mayorista Flor Amarillo', 'VALENCIA', 'mayorista', true),
    (7, 'Tienda Chacao', 'CARACAS', 'tienda', true),
    (8, 'Tienda El Hatillo', 'CARACAS', 'tienda', true),
    (9, 'Tienda La Candelaria', 'CARACAS', 'tienda', true),
    (10, 'Tienda Los Palos Grandes', 'CARACAS', 'tienda', true),
    (11, 'Tienda Montalbán', 'CARACAS', 'tienda', true),
    (12, 'Tienda Petare', 'CARACAS', 'tienda', true),
    (13, 'Tienda El Viñedo', 'VALENCIA', 'tienda', true),
    (14, 'Tienda La Isabelica', 'VALENCIA', 'tienda', true),
    (15, 'Tienda Mañongo', 'VALENCIA', 'tienda', true),
    (16, 'Tienda Prebo', 'VALENCIA', 'tienda', true),
    (17, 'Tienda San Diego', 'VALENCIA', 'tienda', true),
    (18, 'Tienda Naguanagua', 'VALENCIA', 'tienda', false);

    INSERT INTO fluxion.almacenes (ubicacion_id, codigo, nombre)
    SELECT u.id, a.codigo, a.nombre
    FROM fluxion.ubicaciones AS u
    INNER JOIN (
        VALUES
        ('cedi', 'SECO', 'Almacén seco'),
        ('cedi', 'FRIO', 'Cámara fría'),
        ('cedi', 'TRANSITO', 'Mercancía en tránsito'),
        ('mayorista', 'MAYOR', 'Venta al mayor'),
        ('mayorista', 'DETAL', 'Venta al detal'),
        ('tienda', 'PISO', 'Piso de venta'),
        ('tienda', 'DEPOSITO', 'Depósito'),
        ('tienda', 'APERTURA', 'Depósito por abrir')
    ) AS a (tipo, codigo, nombre) ON u.tipo = a.tipo
    WHERE CASE a.codigo
        WHEN 'APERTURA' THEN u.id = 17
        WHEN 'DEPOSITO' THEN u.id < 17
        ELSE true
    END;
$$;
