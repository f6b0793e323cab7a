-- The query of fluxion_0001.
CREATE OR REPLACE VIEW fluxion.v_ubicaciones_summary_regional AS
WITH ubicacion_data AS (
    SELECT
        u.region,
        u.id AS ubicacion_id,
        u.nombre AS ubicacion_nombre,
        u.tipo,
        a.codigo AS almacen_codigo,
        count(p.id) AS total_skus,
        count(p.id) FILTER (WHERE i.cantidad > 0) AS skus_con_stock,
        count(p.id) FILTER (WHERE i.cantidad = 0) AS stock_cero,
        count(p.id) FILTER (WHERE i.cantidad < 0) AS stock_negativo,
        max(i.actualizado_en) FILTER (WHERE p.activo) AS ultima_actualizacion
    FROM fluxion.ubicaciones AS u
    INNER JOIN fluxion.almacenes AS a ON u.id = a.ubicacion_id
    -- Outer joins: a warehouse without inventory has its row, of zeros.
    LEFT JOIN fluxion.inventario AS i ON a.ubicacion_id = i.ubicacion_id AND a.codigo = i.almacen_codigo
    LEFT JOIN fluxion.productos AS p ON i.producto_id = p.id AND p.activo
    WHERE u.activo AND a.activo
    GROUP BY u.region, u.id, u.nombre, u.tipo, a.codigo
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

stock_con_demanda AS (
    SELECT
        i.ubicacion_id,
        i.almacen_codigo,
        greatest(i.cantidad, 0) AS disponible,
        coalesce(d.p75, 0) AS p75,
        round(greatest(i.cantidad, 0) / nullif(d.p75, 0), 2) AS dias_cobertura,
        -- By what the products ranked before this one sold for: the one that crosses a limit belongs to the class it
        -- began in, so that every warehouse with sales has a class A.
        CASE
            WHEN coalesce(sum(d.valor_30d) OVER mas_vendidos, 0) < 0.80 * sum(d.valor_30d) OVER almacen THEN 'A'
            WHEN coalesce(sum(d.valor_30d) OVER mas_vendidos, 0) < 0.95 * sum(d.valor_30d) OVER almacen THEN 'B'
            ELSE 'C'
        END AS clase
    FROM fluxion.inventario AS i
    INNER JOIN fluxion.productos AS p ON i.producto_id = p.id AND p.activo
    LEFT JOIN demanda_p75 AS d
        ON i.ubicacion_id = d.ubicacion_id AND i.almacen_codigo = d.almacen_codigo AND i.producto_id = d.producto_id
    WINDOW
        almacen AS (PARTITION BY i.ubicacion_id, i.almacen_codigo),
        mas_vendidos AS (
            PARTITION BY i.ubicacion_id, i.almacen_codigo
            ORDER BY coalesce(d.valor_30d, 0) DESC, i.producto_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
),

abc_metrics AS (
    SELECT
        ubicacion_id,
        almacen_codigo,
        round(100 * sum(least(disponible, p75)) / nullif(sum(p75), 0), 2) AS fill_rate,
        round(avg(dias_cobertura) FILTER (WHERE clase = 'A'), 2) AS dias_cobertura_a,
        round(avg(dias_cobertura) FILTER (WHERE clase = 'B'), 2) AS dias_cobertura_b,
        round(avg(dias_cobertura) FILTER (WHERE clase = 'C'), 2) AS dias_cobertura_c,
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
    ud.total_skus,
    ud.skus_con_stock,
    ud.stock_cero,
    ud.stock_negativo,
    ud.ultima_actualizacion,
    am.fill_rate,
    am.dias_cobertura_a,
    am.dias_cobertura_b,
    am.dias_cobertura_c,
    coalesce(am.riesgo_quiebre, 0) AS riesgo_quiebre
FROM ubicacion_data AS ud
LEFT JOIN abc_metrics AS am ON ud.ubicacion_id = am.ubicacion_id AND ud.almacen_codigo = am.almacen_codigo;
