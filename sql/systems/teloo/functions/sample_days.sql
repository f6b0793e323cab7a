-- The days of the 15 months before as_of, each as often as requests fall on it: a pilot on a few days of the first
-- month, a month without any, then a marketplace that grows. By their start in Bogota.
CREATE OR REPLACE FUNCTION teloo.sample_days(as_of date)
RETURNS timestamptz[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(d.dia AT TIME ZONE 'America/Bogota' ORDER BY d.dia)
    FROM (
        SELECT
            dia.dia,
            ((extract(YEAR FROM dia.dia) - extract(YEAR FROM f.dia)) * 12
                + extract(MONTH FROM dia.dia) - extract(MONTH FROM f.dia))::integer AS month_number
        FROM (SELECT date_trunc('month', as_of::timestamp) - interval '14 months' AS dia) AS f
        CROSS JOIN LATERAL generate_series(f.dia, as_of::timestamp - interval '1 day', interval '1 day') AS dia (dia)
    ) AS d
    CROSS JOIN LATERAL generate_series(
        1,
        CASE d.month_number
            WHEN 0 THEN (extract(DAY FROM d.dia)::integer % 7 = 1)::integer
            WHEN 1 THEN 0
            ELSE (d.month_number + 4) * (ARRAY[12, 11, 10, 10, 12, 9, 4])[extract(ISODOW FROM d.dia)::integer] / 10
        END
    )
$$;
