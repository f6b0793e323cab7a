-- The city of the nth of something: the first 20 have one each, the others live in the bigger ones, by weight. The last
-- city, Leticia, gets no second one.
CREATE OR REPLACE FUNCTION teloo.sample_city(n integer)
RETURNS TABLE (ciudad text, departamento text)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.ciudad, c.departamento
    FROM (
        VALUES
        (1, 0, 'Bogotá', 'Bogotá D.C.'),
        (2, 22, 'Medellín', 'Antioquia'),
        (3, 36, 'Cali', 'Valle del Cauca'),
        (4, 47, 'Barranquilla', 'Atlántico'),
        (5, 55, 'Bucaramanga', 'Santander'),
        (6, 62, 'Cartagena', 'Bolívar'),
        (7, 68, 'Cúcuta', 'Norte de Santander'),
        (8, 73, 'Pereira', 'Risaralda'),
        (9, 77, 'Ibagué', 'Tolima'),
        (10, 81, 'Manizales', 'Caldas'),
        (11, 84, 'Villavicencio', 'Meta'),
        (12, 87, 'Pasto', 'Nariño'),
        (13, 90, 'Neiva', 'Huila'),
        (14, 92, 'Santa Marta', 'Magdalena'),
        (15, 94, 'Montería', 'Córdoba'),
        (16, 96, 'Armenia', 'Quindío'),
        (17, 97, 'Popayán', 'Cauca'),
        -- two cities of one name
        (18, 98, 'Barbosa', 'Antioquia'),
        (19, 99, 'Barbosa', 'Santander'),
        (20, 100, 'Leticia', 'Amazonas')
    ) AS c (number, from_percent, ciudad, departamento)
    WHERE CASE WHEN n <= 20 THEN c.number = n ELSE c.from_percent <= (hashint8extended(n, 11) & 65535) * 100 >> 16 END
    ORDER BY c.number DESC
    LIMIT 1
$$;
