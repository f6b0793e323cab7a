-- The base queries, in ordinary views: the materialized views, the API's fallback and whoever compares the two share
-- one definition, and it can be mended by CREATE OR REPLACE VIEW without dropping what readers read.
-- docs/systems/teloo.md defines every measure. Three rules: days and months are those of America/Bogota, never of the
-- session's TimeZone; everything is exact, no floating point; each table is added up by itself before it is joined, so
-- that a request of three offers and a client are not counted three times.

-- A month is its requests: those created in it, with all that came of them, whenever it came.
CREATE VIEW teloo.v_metricas_mensuales AS
WITH solicitudes_mes AS (
    SELECT
        date_trunc('month', creada_en AT TIME ZONE 'America/Bogota')::date AS mes,
        count(*) AS creadas,
        count(*) FILTER (WHERE estado = 'ACEPTADA') AS aceptadas,
        count(*) FILTER (WHERE estado = 'RECHAZADA') AS rechazadas,
        count(*) FILTER (WHERE estado = 'EXPIRADA') AS expiradas,
        count(*) FILTER (WHERE estado = 'CERRADA_SIN_OFERTAS') AS sin_ofertas,
        avg(extract(EPOCH FROM cerrada_en - creada_en)) AS cierre_seg,
        count(DISTINCT cliente_id) AS clientes,
        -- byte by byte: faster than by a language's rules, and the same everywhere
        count(DISTINCT marca_vehiculo COLLATE "C") AS marcas
    FROM teloo.solicitudes
    GROUP BY date_trunc('month', creada_en AT TIME ZONE 'America/Bogota')::date
),

ofertas_mes AS (
    SELECT
        date_trunc('month', s.creada_en AT TIME ZONE 'America/Bogota')::date AS mes,
        count(*) AS totales,
        count(*) FILTER (WHERE o.ganadora) AS ganadoras,
        count(o.aceptada_en) AS aceptadas,
        avg(o.precio) AS precio_promedio,
        min(o.precio) AS precio_minimo,
        max(o.precio) AS precio_maximo,
        avg(o.tiempo_entrega_dias) AS entrega_dias,
        avg(o.garantia_meses) AS garantia_meses,
        count(DISTINCT o.asesor_id) AS asesores,
        sum(o.precio) FILTER (WHERE o.aceptada_en IS NOT NULL) AS volumen
    FROM teloo.ofertas AS o
    INNER JOIN teloo.solicitudes AS s ON o.solicitud_id = s.id
    GROUP BY date_trunc('month', s.creada_en AT TIME ZONE 'America/Bogota')::date
),

-- From the first month with a request to the last, those without one included.
meses AS (
    SELECT serie.mes::date AS mes
    FROM generate_series(
        (SELECT min(s.mes)::timestamp FROM solicitudes_mes AS s),
        (SELECT max(s.mes)::timestamp FROM solicitudes_mes AS s),
        interval '1 month'
    ) AS serie (mes)
)

SELECT
    m.mes,
    coalesce(s.creadas, 0) AS solicitudes_creadas,
    coalesce(s.aceptadas, 0) AS solicitudes_aceptadas,
    coalesce(s.rechazadas, 0) AS solicitudes_rechazadas,
    coalesce(s.expiradas, 0) AS solicitudes_expiradas,
    coalesce(s.sin_ofertas, 0) AS solicitudes_sin_ofertas,
    s.cierre_seg::numeric(14, 2) AS tiempo_promedio_cierre_seg,
    coalesce(o.totales, 0) AS ofertas_totales,
    coalesce(o.ganadoras, 0) AS ofertas_ganadoras,
    coalesce(o.aceptadas, 0) AS ofertas_aceptadas,
    o.precio_promedio::numeric(12, 2) AS precio_promedio_ofertas,
    o.precio_minimo::numeric(12, 2) AS precio_minimo_ofertas,
    o.precio_maximo::numeric(12, 2) AS precio_maximo_ofertas,
    o.entrega_dias::numeric(5, 2) AS tiempo_entrega_promedio,
    o.garantia_meses::numeric(5, 2) AS garantia_promedio_meses,
    coalesce(s.clientes, 0) AS clientes_activos,
    coalesce(o.asesores, 0) AS asesores_activos,
    coalesce(s.marcas, 0) AS marcas_vehiculos_solicitadas,
    coalesce(o.volumen, 0)::numeric(20, 2) AS volumen_transaccional_total,
    (100.0 * s.aceptadas / s.creadas)::numeric(5, 2) AS tasa_aceptacion_pct,
    (100.0 * o.ganadoras / o.totales)::numeric(5, 2) AS tasa_conversion_ofertas_pct,
    (1.0 * coalesce(o.totales, 0) / s.creadas)::numeric(12, 2) AS ofertas_promedio_por_solicitud
FROM meses AS m
LEFT JOIN solicitudes_mes AS s ON m.mes = s.mes
LEFT JOIN ofertas_mes AS o ON m.mes = o.mes;
COMMENT ON VIEW teloo.v_metricas_mensuales IS
'The base query of teloo.mv_metricas_mensuales: always current, and slow.';

CREATE VIEW teloo.v_ranking_asesores AS
-- The 30 complete days before today. A day, not a moment: what it says changes once a day, at midnight in Bogota, and
-- in between only with the rows.
WITH ventana AS (
    SELECT
        ((now() AT TIME ZONE 'America/Bogota')::date - 30)::timestamp AT TIME ZONE 'America/Bogota' AS desde,
        (now() AT TIME ZONE 'America/Bogota')::date::timestamp AT TIME ZONE 'America/Bogota' AS hasta
),

ofertas_30d AS (
    SELECT
        o.asesor_id,
        count(*) AS totales,
        count(*) FILTER (WHERE o.ganadora) AS ganadoras,
        count(o.aceptada_en) AS aceptadas,
        count(o.entregada_en) AS entregadas,
        -- not below 0, for two servers' clocks may differ
        avg(greatest(extract(EPOCH FROM o.enviada_en - s.creada_en), 0))::numeric(14, 2) AS respuesta_seg,
        avg(o.precio)::numeric(12, 2) AS monto_promedio,
        sum(o.precio) AS volumen
    FROM teloo.ofertas AS o
    INNER JOIN teloo.solicitudes AS s ON o.solicitud_id = s.id
    WHERE
        o.enviada_en >= (SELECT v.desde FROM ventana AS v)
        AND o.enviada_en < (SELECT v.hasta FROM ventana AS v)
    GROUP BY o.asesor_id
),

notificaciones_30d AS (
    SELECT
        n.asesor_id,
        count(*) AS recibidas,
        count(n.respondida_en) AS respondidas,
        avg(extract(EPOCH FROM n.respondida_en - n.enviada_en))::numeric(14, 2) AS respuesta_seg
    FROM teloo.notificaciones AS n
    WHERE
        n.enviada_en >= (SELECT v.desde FROM ventana AS v)
        AND n.enviada_en < (SELECT v.hasta FROM ventana AS v)
    GROUP BY n.asesor_id
),

auditorias_asesor AS (
    SELECT
        asesor_id,
        (array_agg(confianza ORDER BY realizada_en DESC))[1]::numeric(3, 2) AS confianza,
        count(*) AS realizadas,
        max(realizada_en) AS ultima
    FROM teloo.auditorias
    GROUP BY asesor_id
),

-- Outer joins: every advisor has a row.
asesor_30d AS (
    SELECT
        a.id,
        a.nombre,
        a.email,
        a.ciudad,
        a.departamento,
        a.punto_venta,
        a.confianza,
        a.nivel_actual,
        a.estado,
        a.actividad_reciente_pct,
        a.desempeno_historico_pct,
        coalesce(o.totales, 0) AS ofertas,
        coalesce(o.ganadoras, 0) AS ganadoras,
        coalesce(o.aceptadas, 0) AS aceptadas,
        coalesce(o.entregadas, 0) AS entregadas,
        o.respuesta_seg,
        o.monto_promedio,
        coalesce(o.volumen, 0) AS volumen,
        au.confianza AS confianza_auditada,
        coalesce(au.realizadas, 0) AS auditorias,
        au.ultima AS ultima_auditoria,
        coalesce(n.recibidas, 0) AS recibidas,
        coalesce(n.respondidas, 0) AS respondidas,
        n.respuesta_seg AS respuesta_notif_seg
    FROM teloo.asesores AS a
    LEFT JOIN ofertas_30d AS o ON a.id = o.asesor_id
    LEFT JOIN notificaciones_30d AS n ON a.id = n.asesor_id
    LEFT JOIN auditorias_asesor AS au ON a.id = au.asesor_id
)

SELECT
    a.id AS asesor_id,
    a.nombre AS asesor_nombre,
    a.email AS asesor_email,
    a.ciudad,
    a.departamento,
    a.punto_venta,
    a.confianza,
    a.nivel_actual,
    a.estado AS estado_asesor,
    a.actividad_reciente_pct,
    a.desempeno_historico_pct,
    a.ofertas AS ofertas_historicas_total,
    a.ganadoras AS ofertas_ganadoras,
    a.aceptadas AS ofertas_aceptadas_cliente,
    a.entregadas AS entregas_exitosas,
    a.respuesta_seg AS tiempo_promedio_respuesta_seg,
    a.monto_promedio AS monto_promedio_ofertas,
    a.volumen::numeric(20, 2) AS volumen_total_ofertas,
    a.confianza_auditada,
    a.auditorias AS auditorias_realizadas,
    a.ultima_auditoria,
    a.recibidas AS notificaciones_recibidas,
    a.respondidas AS notificaciones_respondidas,
    a.respuesta_notif_seg AS tiempo_promedio_respuesta_notif_seg,
    (100.0 * a.respondidas / nullif(a.recibidas, 0))::numeric(5, 2) AS tasa_respuesta_pct,
    (100.0 * a.ganadoras / nullif(a.ofertas, 0))::numeric(5, 2) AS tasa_conversion_ofertas_pct,
    (100.0 * a.entregadas / nullif(a.ofertas, 0))::numeric(5, 2) AS tasa_exito_completo_pct,
    rank() OVER (
        PARTITION BY a.departamento, a.ciudad
        ORDER BY a.ganadoras DESC, a.respuesta_seg ASC NULLS LAST, a.confianza DESC
    ) AS ranking_ciudad,
    rank() OVER (
        ORDER BY a.ganadoras DESC, a.respuesta_seg ASC NULLS LAST, a.confianza DESC
    ) AS ranking_nacional,
    -- percent_rank(), which is floating point, in exact numbers: the share of the others who won fewer
    (
        100.0 * (rank() OVER (PARTITION BY a.departamento, a.ciudad ORDER BY a.ganadoras ASC) - 1)
        / nullif(count(*) OVER (PARTITION BY a.departamento, a.ciudad) - 1, 0)
    )::numeric(5, 2) AS percentil_ofertas_ganadoras_ciudad,
    (
        100.0 * (rank() OVER (ORDER BY a.ganadoras ASC) - 1) / nullif(count(*) OVER () - 1, 0)
    )::numeric(5, 2) AS percentil_ofertas_ganadoras_nacional,
    v.hasta AS calculado_at
FROM asesor_30d AS a
CROSS JOIN ventana AS v;
COMMENT ON VIEW teloo.v_ranking_asesores IS 'The base query of teloo.mv_ranking_asesores: always current, and slow.';

-- Without data: the first refresh fills them, so that migrating a large database does not wait for the queries.
CREATE MATERIALIZED VIEW teloo.mv_metricas_mensuales AS
SELECT
    mes,
    solicitudes_creadas,
    solicitudes_aceptadas,
    solicitudes_rechazadas,
    solicitudes_expiradas,
    solicitudes_sin_ofertas,
    tiempo_promedio_cierre_seg,
    ofertas_totales,
    ofertas_ganadoras,
    ofertas_aceptadas,
    precio_promedio_ofertas,
    precio_minimo_ofertas,
    precio_maximo_ofertas,
    tiempo_entrega_promedio,
    garantia_promedio_meses,
    clientes_activos,
    asesores_activos,
    marcas_vehiculos_solicitadas,
    volumen_transaccional_total,
    tasa_aceptacion_pct,
    tasa_conversion_ofertas_pct,
    ofertas_promedio_por_solicitud
FROM teloo.v_metricas_mensuales
ORDER BY mes
WITH NO DATA;

CREATE UNIQUE INDEX idx_mv_metricas_mensuales_mes ON teloo.mv_metricas_mensuales (mes);

CREATE MATERIALIZED VIEW teloo.mv_ranking_asesores AS
SELECT
    asesor_id,
    asesor_nombre,
    asesor_email,
    ciudad,
    departamento,
    punto_venta,
    confianza,
    nivel_actual,
    estado_asesor,
    actividad_reciente_pct,
    desempeno_historico_pct,
    ofertas_historicas_total,
    ofertas_ganadoras,
    ofertas_aceptadas_cliente,
    entregas_exitosas,
    tiempo_promedio_respuesta_seg,
    monto_promedio_ofertas,
    volumen_total_ofertas,
    confianza_auditada,
    auditorias_realizadas,
    ultima_auditoria,
    notificaciones_recibidas,
    notificaciones_respondidas,
    tiempo_promedio_respuesta_notif_seg,
    tasa_respuesta_pct,
    tasa_conversion_ofertas_pct,
    tasa_exito_completo_pct,
    ranking_ciudad,
    ranking_nacional,
    percentil_ofertas_ganadoras_ciudad,
    percentil_ofertas_ganadoras_nacional,
    calculado_at
FROM teloo.v_ranking_asesores
ORDER BY ranking_nacional, asesor_id
WITH NO DATA;

CREATE UNIQUE INDEX idx_mv_ranking_asesores_asesor ON teloo.mv_ranking_asesores (asesor_id);
CREATE INDEX idx_mv_ranking_asesores_calculado_at ON teloo.mv_ranking_asesores (calculado_at);
-- also for a city alone
CREATE INDEX idx_mv_ranking_asesores_ciudad ON teloo.mv_ranking_asesores (ciudad, ranking_ciudad);
CREATE INDEX idx_mv_ranking_asesores_departamento ON teloo.mv_ranking_asesores (departamento);
CREATE INDEX idx_mv_ranking_asesores_ranking_ciudad ON teloo.mv_ranking_asesores (ranking_ciudad);
CREATE INDEX idx_mv_ranking_asesores_ranking_nacional ON teloo.mv_ranking_asesores (ranking_nacional);
CREATE INDEX idx_mv_ranking_asesores_ganadoras ON teloo.mv_ranking_asesores (ofertas_ganadoras);
CREATE INDEX idx_mv_ranking_asesores_tasa_respuesta ON teloo.mv_ranking_asesores (tasa_respuesta_pct);

COMMENT ON MATERIALIZED VIEW teloo.mv_metricas_mensuales IS
'What came of each month''s requests: one row per month in Bogota, from the first with a request to the last.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.mes IS 'The month''s first day; never NULL.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.solicitudes_creadas IS 'Requests created in the month.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.solicitudes_aceptadas IS
'Of those: the client accepted the winning offer.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.solicitudes_rechazadas IS 'Of those: the client declined it.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.solicitudes_expiradas IS 'Of those: the client did not answer in time.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.solicitudes_sin_ofertas IS 'Of those: closed because nobody offered.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.tiempo_promedio_cierre_seg IS
'Mean seconds from a request''s creation to its close, over the closed ones.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.ofertas_totales IS 'Offers to the month''s requests, whenever sent.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.ofertas_ganadoras IS 'Of those: best of its request by the evaluation.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.ofertas_aceptadas IS 'Of those: accepted by the client.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.precio_promedio_ofertas IS 'Mean price of those offers, in pesos.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.precio_minimo_ofertas IS 'Their lowest price.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.precio_maximo_ofertas IS 'Their highest price.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.tiempo_entrega_promedio IS 'Mean delivery time offered, in days.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.garantia_promedio_meses IS 'Mean warranty offered, in months.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.clientes_activos IS 'Clients who created a request in the month.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.asesores_activos IS 'Advisors who offered on the month''s requests.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.marcas_vehiculos_solicitadas IS 'Number of different vehicle brands.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.volumen_transaccional_total IS 'Sum of the accepted offers'' prices.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.tasa_aceptacion_pct IS 'Accepted of the created requests, 0 to 100.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.tasa_conversion_ofertas_pct IS 'Winning of all offers, 0 to 100.';
COMMENT ON COLUMN teloo.mv_metricas_mensuales.ofertas_promedio_por_solicitud IS 'Offers per created request.';

COMMENT ON MATERIALIZED VIEW teloo.mv_ranking_asesores IS
'What every advisor did in the 30 days before calculado_at, ranked by city and nationally: one row per advisor.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.asesor_id IS 'The advisor; never NULL.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.asesor_nombre IS 'The advisor''s name.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.asesor_email IS 'The advisor''s address.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ciudad IS 'City; cities of one name in two departments are two cities.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.departamento IS 'Department.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.punto_venta IS 'Sales point.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.confianza IS 'Trust score, 1 to 5.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.nivel_actual IS 'Level, 1 to 4.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.estado_asesor IS 'ACTIVO, INACTIVO or SUSPENDIDO; all are ranked.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.actividad_reciente_pct IS 'Recent activity, 0 to 100, as stored.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.desempeno_historico_pct IS 'Historical performance, 0 to 100, as stored.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ofertas_historicas_total IS 'Offers sent in the 30 days.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ofertas_ganadoras IS 'Of those: best of its request by the evaluation.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ofertas_aceptadas_cliente IS 'Of those: accepted by the client.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.entregas_exitosas IS 'Of those: delivered, as the client confirmed.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.tiempo_promedio_respuesta_seg IS
'Mean seconds from a request''s creation to the advisor''s offer.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.monto_promedio_ofertas IS 'Mean price of those offers, in pesos.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.volumen_total_ofertas IS 'Sum of those offers'' prices.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.confianza_auditada IS 'Trust score of the last audit, 1 to 5.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.auditorias_realizadas IS 'Number of all audits.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ultima_auditoria IS 'When the last audit was.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.notificaciones_recibidas IS
'Notifications sent to the advisor in the 30 days.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.notificaciones_respondidas IS 'Of those: answered.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.tiempo_promedio_respuesta_notif_seg IS
'Mean seconds from a notification to its answer, over the answered ones.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.tasa_respuesta_pct IS 'Answered of the notifications, 0 to 100.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.tasa_conversion_ofertas_pct IS 'Winning of all offers, 0 to 100.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.tasa_exito_completo_pct IS 'Delivered of all offers, 0 to 100.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ranking_ciudad IS
'Place in the city: most offers won, then the shortest response, then the higher trust score; equals share it.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.ranking_nacional IS 'Place in the country, in the same order.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.percentil_ofertas_ganadoras_ciudad IS
'Percentage of the city''s other advisors who won fewer offers; NULL where there is no other.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.percentil_ofertas_ganadoras_nacional IS 'The same for the country.';
COMMENT ON COLUMN teloo.mv_ranking_asesores.calculado_at IS
'The moment at which the 30 days end: the start of the day in Bogota on which it was calculated.';
