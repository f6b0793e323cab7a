-- Requests up to and without as_of in the order of their days, and what came of them until then: notifications to up to
-- seven advisors, their answers and offers, the evaluation after twelve hours, the client's decision, the delivery.
-- What would have come later has not happened, so that the latest requests are still open.
CREATE OR REPLACE FUNCTION teloo.insert_sample_requests(
    solicitudes bigint, advisors integer, clients integer, as_of date
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    until CONSTANT timestamptz := as_of::timestamp AT TIME ZONE 'America/Bogota';
    days CONSTANT timestamptz[] := teloo.sample_days(as_of);
    moments CONSTANT bigint := cardinality(days);
    advisor_ids CONSTANT uuid[] := (SELECT array_agg(teloo.sample_uuid(n) ORDER BY n) FROM generate_series(1, advisors) AS n);
    brands CONSTANT text[] := ARRAY[
        'CHEVROLET', 'RENAULT', 'MAZDA', 'KIA', 'NISSAN', 'TOYOTA', 'HYUNDAI', 'FORD', 'VOLKSWAGEN', 'SUZUKI', 'CITROËN', 'FIAT'
    ];
    parts CONSTANT text[] := ARRAY[
        'Pastillas de freno', 'Amortiguador', 'Alternador', 'Bomba de agua', 'Farola', 'Kit de embrague', 'Radiador', 'Bujías'
    ];
BEGIN
    WITH pedido AS MATERIALIZED (
        SELECT
            request.n,
            request.h,
            request.g,
            request.creada_en,
            request.creada_en + interval '12 hours' AS evaluada_en,
            request.creada_en + CASE request.decision
                WHEN 'EXPIRADA' THEN interval '60 hours'
                ELSE interval '12 hours' + (request.h >> 25 & 1023) * interval '2 minutes'
            END AS decidida_en,
            request.decision
        FROM (
            SELECT
                hashed.n,
                hashed.h,
                hashed.g,
                -- one in eight at any hour, the others from 7:00 to 21:00
                days[1 + (hashed.n - 1) * moments / solicitudes] + interval '1 second' * CASE hashed.h & 7
                    WHEN 0 THEN (hashed.h >> 3 & 65535) * 86400 >> 16
                    ELSE 25200 + ((hashed.h >> 3 & 65535) * 50400 >> 16)
                END AS creada_en,
                CASE
                    WHEN hashed.h >> 19 & 63 < 37 THEN 'ACEPTADA'
                    WHEN hashed.h >> 19 & 63 < 52 THEN 'RECHAZADA'
                    ELSE 'EXPIRADA'
                END AS decision
            FROM (
                SELECT n, hashint8extended(n, 20) AS h, hashint8extended(n, 21) AS g
                FROM generate_series(1, solicitudes) AS n
                OFFSET 0 -- keeps the hashes from being worked out anew for every use of their bits
            ) AS hashed
        ) AS request
    ),

    -- Seven advisors at equal distances: no two are the same, for six of the distances stay below their number.
    avisado AS (
        SELECT
            p.*,
            slot.slot,
            1 + ((p.g & 1073741823) + slot.slot * (1 + (p.g >> 30 & 65535) % ((advisors - 1) / 6))) % advisors AS advisor,
            hashint8extended(p.n * 8 + slot.slot, 22) AS r
        FROM pedido AS p
        CROSS JOIN LATERAL generate_series(1, (p.h >> 35 & 7)::integer) AS slot (slot)
        OFFSET 0
    ),

    -- One in forty is suspended and not notified; one in thirty never answers.
    aviso AS MATERIALIZED (
        SELECT
            a.*,
            row_number() OVER (ORDER BY a.n, a.slot) AS id,
            a.creada_en + (30 + (a.r & 127)) * interval '1 second' AS enviada_en,
            CASE
                WHEN a.advisor % 30 <> 7 AND a.r >> 7 & 127 < 64 + a.advisor % 5 * 12 AND a.responde_en < until
                    THEN a.responde_en
            END AS respondida_en
        FROM (
            SELECT
                v.*,
                v.creada_en + (
                    30 + (v.r & 127) + 60 + ((v.r >> 14 & 1023) * (v.r >> 14 & 1023) >> 4)
                ) * interval '1 second' AS responde_en
            FROM avisado AS v
        ) AS a
        WHERE a.advisor % 40 <> 0 AND a.creada_en + (30 + (a.r & 127)) * interval '1 second' < until
    ),

    -- One in twelve answers and never offers, and each now and then has not got the part.
    oferta AS MATERIALIZED (
        SELECT
            v.*,
            row_number() OVER (
                PARTITION BY v.n
                ORDER BY round(0.50 * v.puntaje_precio + 0.35 * v.puntaje_tiempo + 0.15 * v.puntaje_garantia, 2) DESC, v.slot
            ) = 1 AND v.evaluada_en < until AS ganadora
        FROM (
            SELECT
                o.*,
                row_number() OVER (ORDER BY o.n, o.slot) AS oferta_id,
                round(100 * min(o.precio) OVER otras / o.precio, 2) AS puntaje_precio,
                round(100.0 * min(o.dias) OVER otras / o.dias, 2) AS puntaje_tiempo,
                round(100.0 * o.garantia / max(o.garantia) OVER otras, 2) AS puntaje_garantia
            FROM (
                SELECT
                    a.*,
                    round((40000 + (a.g >> 46 & 1023) * 900) * (80 + (a.r >> 24 & 63)) / 100.00, -2) AS precio,
                    1 + (a.r >> 30 & 7) AS dias,
                    (ARRAY[1, 3, 6, 12])[1 + (a.r >> 33 & 3)] AS garantia
                FROM aviso AS a
                WHERE a.respondida_en < a.evaluada_en AND a.advisor % 12 <> 5 AND a.r >> 35 & 7 <> 0
            ) AS o
            WINDOW otras AS (PARTITION BY o.n)
        ) AS v
    ),

    nuevas_notificaciones AS (
        INSERT INTO teloo.notificaciones (id, asesor_id, solicitud_id, enviada_en, respondida_en)
        SELECT id, advisor_ids[advisor], n, enviada_en, respondida_en
        FROM aviso
        ORDER BY id
    ),

    nuevas_ofertas AS (
        INSERT INTO teloo.ofertas (
            id, solicitud_id, asesor_id, precio, tiempo_entrega_dias, garantia_meses, enviada_en, ganadora, aceptada_en,
            entregada_en
        )
        SELECT
            o.oferta_id,
            o.n,
            advisor_ids[o.advisor],
            o.precio,
            o.dias,
            o.garantia,
            o.respondida_en,
            o.ganadora,
            o.aceptada_en,
            -- one in eight was never confirmed
            CASE WHEN o.r >> 38 & 7 <> 0 AND o.llega_en < until THEN o.llega_en END
        FROM (
            SELECT
                a.*,
                a.aceptada_en + (a.dias * 86400 + (a.r >> 41 & 16383)) * interval '1 second' AS llega_en
            FROM (
                SELECT
                    oferta.*,
                    CASE
                        WHEN oferta.ganadora AND oferta.decision = 'ACEPTADA' AND oferta.decidida_en < until
                            THEN oferta.decidida_en
                    END AS aceptada_en
                FROM oferta
            ) AS a
        ) AS o
        ORDER BY o.oferta_id
    ),

    nuevas_evaluaciones AS (
        INSERT INTO teloo.evaluaciones (oferta_id, puntaje_precio, puntaje_tiempo, puntaje_garantia, evaluada_en)
        SELECT oferta_id, puntaje_precio, puntaje_tiempo, puntaje_garantia, evaluada_en
        FROM oferta
        WHERE evaluada_en < until
        ORDER BY oferta_id
    )

    INSERT INTO teloo.solicitudes (id, cliente_id, marca_vehiculo, modelo_anio, repuesto, estado, creada_en, cerrada_en)
    SELECT
        p.n,
        1 + ((p.h >> 38 & 1048575) * clients >> 20),
        brands[1 + ((p.g >> 56 & 15) * (p.h >> 58 & 15) * 13 >> 8)],
        1998 + (p.g >> 46 & 1023) % 27,
        parts[1 + (p.g >> 60 & 7)],
        p.estado,
        p.creada_en,
        CASE
            WHEN p.estado = 'CERRADA_SIN_OFERTAS' THEN p.evaluada_en
            WHEN p.estado NOT IN ('ABIERTA', 'EVALUADA') THEN p.decidida_en
        END
    FROM (
        SELECT
            pedido.*,
            CASE
                WHEN pedido.evaluada_en >= until THEN 'ABIERTA'
                WHEN ganadora.n IS NULL THEN 'CERRADA_SIN_OFERTAS'
                WHEN pedido.decidida_en >= until THEN 'EVALUADA'
                ELSE pedido.decision
            END AS estado
        FROM pedido
        LEFT JOIN (SELECT n FROM oferta WHERE ganadora) AS ganadora ON pedido.n = ganadora.n
    ) AS p
    ORDER BY p.n;

    PERFORM
        setval(pg_get_serial_sequence('teloo.solicitudes', 'id'), solicitudes),
        setval(pg_get_serial_sequence('teloo.notificaciones', 'id'), (SELECT max(id) FROM teloo.notificaciones)),
        setval(pg_get_serial_sequence('teloo.ofertas', 'id'), (SELECT max(id) FROM teloo.ofertas));
END
$$;
