-- The same rows as before, from queries that can be kept as tables (docs/systems/fluxion.md, "Stages"). Three rules made the cuts.
-- What one sale or one movement of stock touches is worked out by itself: demanda_p75, stock_con_demanda. What a movement of stock
-- leaves as it was does not read the stock: clase_abc reads surtido, which has no quantity. And what is added up in the end is
-- counts, sums and a maximum, of numbers with a fixed scale. No query is read twice, so that a condition on the key reaches every
-- table; and whatever has a key groups by it, where one can see it.
CREATE OR REPLACE VIEW fluxion.v_ubicaciones_summary_regional AS
WITH ubicacion_data AS (
    SELECT
        u.region,
        u.id AS ubicacion_id,
        u.nombre AS ubicacion_nombre,
        u.tipo,
        a.codigo AS almacen_codigo
    FROM fluxion.ubicaciones AS u
    INNER JOIN fluxion.almacenes AS a ON u.id = a.ubicacion_id
    WHERE u.activo AND a.activo
),

-- The 30 complete days before today: a day not over yet would look like a day of poor demand until it closes.
ventas_30d AS (
    SELECT
        v.ubicacion_id,
        v.almacen_codigo,
        v.producto_id,
        (v.fecha AT TIME ZONE 'America/Caracas')::date AS dia,
        sum(v.cantidad) AS unidades,
        sum(v.cantidad * v.precio_unitario) AS valor
    FROM fluxion.ventas AS v
    WHERE
        v.fecha >= ((now() AT TIME ZONE 'America/Caracas')::date - 30)::timestamp AT TIME ZONE 'America/Caracas'
        AND v.fecha < (now() AT TIME ZONE 'America/Caracas')::date::timestamp AT TIME ZONE 'America/Caracas'
    GROUP BY v.ubicacion_id, v.almacen_codigo, v.producto_id, (v.fecha AT TIME ZONE 'America/Caracas')::date
),

-- The 75th percentile of 30 days is the 23rd smallest of them, which is the 8th largest. The days without a sale are
-- zeros and have no row: fewer than 8 rows mean that the 8th largest day is one of those.
demanda_p75 AS (
    SELECT
        ubicacion_id,
        almacen_codigo,
        producto_id,
        coalesce((array_agg(unidades ORDER BY unidades DESC))[8], 0) AS p75,
        sum(valor) AS valor_30d
    FROM ventas_30d
    GROUP BY ubicacion_id, almacen_codigo, producto_id
),

-- The SKUs of each warehouse, without their quantity.
surtido AS (
    SELECT
        i.ubicacion_id,
        i.almacen_codigo,
        i.producto_id
    FROM fluxion.inventario AS i
    INNER JOIN fluxion.productos AS p ON i.producto_id = p.id AND p.activo
    GROUP BY i.ubicacion_id, i.almacen_codigo, i.producto_id
),

clase_abc AS (
    SELECT
        s.ubicacion_id,
        s.almacen_codigo,
        s.producto_id,
        coalesce(max(d.p75), 0) AS p75,
        -- By what the products ranked before this one sold for: the one that crosses a limit belongs to the class it
        -- began in, so that every warehouse with sales has a class A.
        CASE
            WHEN coalesce(sum(sum(d.valor_30d)) OVER mas_vendidos, 0) < 0.80 * sum(sum(d.valor_30d)) OVER almacen
                THEN 'A'
            WHEN coalesce(sum(sum(d.valor_30d)) OVER mas_vendidos, 0) < 0.95 * sum(sum(d.valor_30d)) OVER almacen
                THEN 'B'
            ELSE 'C'
        END AS clase
    FROM surtido AS s
    LEFT JOIN demanda_p75 AS d
        ON s.ubicacion_id = d.ubicacion_id AND s.almacen_codigo = d.almacen_codigo AND s.producto_id = d.producto_id
    -- of one row each, which says that there is one row each
    GROUP BY s.ubicacion_id, s.almacen_codigo, s.producto_id
    WINDOW
        almacen AS (PARTITION BY s.ubicacion_id, s.almacen_codigo),
        mas_vendidos AS (
            PARTITION BY s.ubicacion_id, s.almacen_codigo
            ORDER BY coalesce(sum(d.valor_30d), 0) DESC, s.producto_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
),

stock_con_demanda AS (
    SELECT
        c.ubicacion_id,
        c.almacen_codigo,
        c.producto_id,
        c.clase,
        i.cantidad,
        i.actualizado_en,
        c.p75::numeric(21, 3) AS p75,
        greatest(i.cantidad, 0)::numeric(12, 3) AS disponible,
        round(greatest(i.cantidad, 0) / nullif(c.p75, 0), 2)::numeric(18, 2) AS dias_cobertura
    FROM clase_abc AS c
    INNER JOIN fluxion.inventario AS i
        ON c.ubicacion_id = i.ubicacion_id AND c.almacen_codigo = i.almacen_codigo AND c.producto_id = i.producto_id
),

abc_metrics AS (
    SELECT
        ubicacion_id,
        almacen_codigo,
        count(*) AS total_skus,
        count(*) FILTER (WHERE cantidad > 0) AS skus_con_stock,
        count(*) FILTER (WHERE cantidad = 0) AS stock_cero,
        count(*) FILTER (WHERE cantidad < 0) AS stock_negativo,
        max(actualizado_en) AS ultima_actualizacion,
        sum(least(disponible, p75)::numeric(21, 3)) AS servible,
        sum(p75) AS demanda,
        sum(dias_cobertura) FILTER (WHERE clase = 'A') AS dias_a,
        count(dias_cobertura) FILTER (WHERE clase = 'A') AS skus_a,
        sum(dias_cobertura) FILTER (WHERE clase = 'B') AS dias_b,
        count(dias_cobertura) FILTER (WHERE clase = 'B') AS skus_b,
        sum(dias_cobertura) FILTER (WHERE clase = 'C') AS dias_c,
        count(dias_cobertura) FILTER (WHERE clase = 'C') AS skus_c,
        count(*) FILTER (WHERE disponible < 3 * p75) AS riesgo_quiebre
    FROM stock_con_demanda
    GROUP BY ubicacion_id, almacen_codigo
)

SELECT
    ud.region,
    ud.ubicacion_id,
    ud.ubicacion_nombre,
    ud.tipo,
    ud.almacen_codigo,
    coalesce(am.total_skus, 0) AS total_skus,
    coalesce(am.skus_con_stock, 0) AS skus_con_stock,
    coalesce(am.stock_cero, 0) AS stock_cero,
    coalesce(am.stock_negativo, 0) AS stock_negativo,
    am.ultima_actualizacion,
    round(100 * am.servible / nullif(am.demanda, 0), 2) AS fill_rate,
    round(am.dias_a / nullif(am.skus_a, 0), 2) AS dias_cobertura_a,
    round(am.dias_b / nullif(am.skus_b, 0), 2) AS dias_cobertura_b,
    round(am.dias_c / nullif(am.skus_c, 0), 2) AS dias_cobertura_c,
    coalesce(am.riesgo_quiebre, 0) AS riesgo_quiebre
FROM ubicacion_data AS ud
-- An outer join: a warehouse without inventory has its row, of zeros.
LEFT JOIN abc_metrics AS am ON ud.ubicacion_id = am.ubicacion_id AND ud.almacen_codigo = am.almacen_codigo;
