-- Customers of ten cities; one in four is a company, and one in thirty a former customer.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_customers(customers integer)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO universal_transactions.clientes (id, nombre, tipo, ciudad, activo)
    SELECT
        n,
        CASE n % 4 WHEN 0 THEN 'Comercializadora ' ELSE 'Cliente ' END || lpad(n::text, 5, '0'),
        CASE n % 4 WHEN 0 THEN 'empresa' ELSE 'persona' END,
        (
            ARRAY[
                'Ciudad de México', 'Guadalajara', 'Monterrey', 'Puebla', 'Querétaro', 'Mérida', 'Tijuana', 'León', 'Toluca', 'Cancún'
            ]
        )[1 + (pg_catalog.hashint8extended(n, 10) & 1023) % 10],
        n % 30 <> 0
    FROM generate_series(1, customers) AS n
$$;
