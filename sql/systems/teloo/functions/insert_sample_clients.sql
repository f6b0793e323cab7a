-- Clients, in the same 20 cities.
CREATE OR REPLACE FUNCTION teloo.insert_sample_clients(clients integer)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO teloo.clientes (id, nombre, telefono, ciudad, departamento)
    SELECT n, 'Cliente ' || n, '+573' || lpad(n::text, 9, '0'), city.ciudad, city.departamento
    FROM generate_series(1, clients) AS n
    CROSS JOIN LATERAL teloo.sample_city(n) AS city
    ORDER BY n;

    SELECT setval(pg_get_serial_sequence('teloo.clientes', 'id'), clients);
$$;
