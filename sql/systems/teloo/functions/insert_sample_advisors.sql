-- Advisors in 20 cities, one of them the only one in his, and up to four audits of each in the 40 weeks before as_of.
CREATE OR REPLACE FUNCTION teloo.insert_sample_advisors(advisors integer, as_of date)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO teloo.asesores (
        id, nombre, email, ciudad, departamento, punto_venta, confianza, nivel_actual, estado, actividad_reciente_pct,
        desempeno_historico_pct
    )
    SELECT
        teloo.sample_uuid(advisor.n),
        (ARRAY['Ana', 'Andrés', 'Camila', 'Carlos', 'Diana', 'Felipe', 'Jorge', 'Laura', 'Luz', 'Miguel'])[1 + advisor.n % 10]
        || (ARRAY[' Castro', ' Díaz', ' Gómez', ' López', ' Peña', ' Rojas', ' Torres'])[1 + advisor.n % 7],
        'asesor' || advisor.n || '@repuestos.example',
        city.ciudad,
        city.departamento,
        'Repuestos ' || city.ciudad || ' ' || advisor.n,
        -- those who have never offered are new, and as good as each other
        CASE WHEN advisor.n % 12 = 5 THEN 3 ELSE 1 + (advisor.h & 15) / 4.00 END,
        1 + (advisor.h >> 4 & 3),
        CASE WHEN advisor.n % 40 = 0 THEN 'SUSPENDIDO' WHEN advisor.n % 15 = 0 THEN 'INACTIVO' ELSE 'ACTIVO' END,
        (advisor.h >> 6 & 8191) * 100 / 8191.00,
        (advisor.h >> 19 & 8191) * 100 / 8191.00
    FROM (SELECT n, hashint8extended(n, 10) AS h FROM generate_series(1, advisors) AS n OFFSET 0) AS advisor
    CROSS JOIN LATERAL teloo.sample_city(advisor.n) AS city
    ORDER BY advisor.n;

    INSERT INTO teloo.auditorias (id, asesor_id, realizada_en, confianza)
    SELECT
        row_number() OVER (ORDER BY advisor.n, audit.k),
        teloo.sample_uuid(advisor.n),
        -- between 8:00 and 16:31 of a day; k counts back in steps of ten weeks
        (
            as_of::timestamp
            - (audit.k * 70 - (advisor.h >> (4 + 8 * audit.k) & 63)) * interval '1 day'
            + (480 + (advisor.h >> (8 * audit.k) & 511)) * interval '1 minute'
        ) AT TIME ZONE 'America/Bogota',
        1 + (advisor.h >> (24 + 4 * audit.k) & 15) / 4.00
    FROM (SELECT n, hashint8extended(n, 14) AS h FROM generate_series(1, advisors) AS n OFFSET 0) AS advisor
    -- one advisor in five was never audited
    CROSS JOIN LATERAL generate_series(1, (advisor.h >> 50 & 1023)::integer % 5) AS audit (k)
    ORDER BY advisor.n, audit.k;

    SELECT setval(pg_get_serial_sequence('teloo.auditorias', 'id'), max(id)) FROM teloo.auditorias;
$$;
