-- What in a materialized view's definition can make its result differ although no row beneath it changed. One row per finding; no
-- row: the same tables give the same result. `detail` says it in words that follow "it" (date: "it depends on").
--   date                moves with the calendar only: "the date in America/Caracas", "the current month"; see current_moments()
--   settings            depends on parameters such as TimeZone, which are part of the fingerprint
--   unlogged            is emptied by a crash, which no trigger sees
--   immutable_function  a function of somebody's, taken at its word
-- The others may differ each time, so that the view is never skipped: time, volatile, session, opaque_function, foreign_table,
-- row_security, system_catalog.
--
-- By the rule trees, where PostgreSQL's parser has put an OID for every function, operator and type
-- (docs/decisions/0008). What is not known to be harmless counts as harmful. The body uses nothing but pg_catalog, so that it can
-- be run on a database without bi_refresh.
CREATE OR REPLACE FUNCTION bi_refresh.classify_views(views oid[])
RETURNS TABLE (view_oid oid, class text, detail text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
-- the same walk as in view_sources()
WITH RECURSIVE walk (view_oid, classid, objid) AS (
    SELECT v.view_oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, v.view_oid
    FROM pg_catalog.unnest($1) AS v (view_oid)
    UNION -- not ALL: a cycle through functions ends here
    SELECT walk.view_oid, reads.classid, reads.objid
    FROM walk
    LEFT JOIN pg_catalog.pg_class AS c ON walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND walk.objid = c.oid
    CROSS JOIN LATERAL (
        -- a view's query
        SELECT d.refclassid AS classid, d.refobjid AS objid
        FROM pg_catalog.pg_rewrite AS r
        INNER JOIN pg_catalog.pg_depend AS d
            ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
        WHERE r.ev_class = c.oid AND r.ev_type = '1'
        UNION ALL
        -- dependencies on system catalogs are not recorded: OIDs below 12000 are pinned
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, (m.match)[1]::oid
        FROM pg_catalog.pg_rewrite AS r
        CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::text, ':relid (\d{4,5})\M', 'g') AS m (match)
        WHERE r.ev_class = c.oid AND r.ev_type = '1' AND (m.match)[1]::oid < 12000
        UNION ALL
        -- a function's parsed body, an aggregate's functions, an operator's function
        SELECT d.refclassid, d.refobjid
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = walk.classid
            AND d.objid = walk.objid
            AND walk.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.inhrelid
        FROM pg_catalog.pg_inherits AS i
        WHERE i.inhparent = c.oid
    ) AS reads
    WHERE reads.classid IN (
        'pg_catalog.pg_class'::pg_catalog.regclass,
        'pg_catalog.pg_proc'::pg_catalog.regclass,
        'pg_catalog.pg_operator'::pg_catalog.regclass
    )
        AND (c.relkind IS DISTINCT FROM 'm' OR c.oid = walk.view_oid)
),

-- every query that takes part, once; a materialized view that is only read takes part with its rows
tree AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, r.ev_class AS objid, r.ev_action::text AS text
    FROM pg_catalog.pg_rewrite AS r
    INNER JOIN pg_catalog.pg_class AS c ON r.ev_class = c.oid
    WHERE r.ev_type = '1'
        AND r.ev_class IN (SELECT walk.objid FROM walk WHERE walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
        AND (c.relkind = 'v' OR c.oid = ANY ($1))
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.prosqlbody::text
    FROM pg_catalog.pg_proc AS p
    WHERE p.prosqlbody IS NOT NULL
        AND p.oid IN (SELECT walk.objid FROM walk WHERE walk.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
),

-- Calls that move with the calendar only become one word each, from the inside out: @NOW@, then @LOCAL zone@ (a timestamp in that
-- time zone; none: the session's), then @DAY zone@ and @SPAN unit;zone@. A zone and a unit are constants, as the bytes of their
-- datum.
time_said AS (
    SELECT
        tree.classid,
        tree.objid,
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                tree.text,
                -- now(), transaction_timestamp(), CURRENT_TIMESTAMP
                '\{FUNCEXPR :funcid (1299|2647) [^{}]*:args <> :location -?\d+\}'
                '|\{SQLVALUEFUNCTION :op 3 :type 1184 :typmod -1 :location -?\d+\}',
                '@NOW@', 'g'
            ),
            -- LOCALTIMESTAMP
            '\{SQLVALUEFUNCTION :op 7 :type 1114 :typmod -1 :location -?\d+\}', '@LOCAL @', 'g'
        ) AS text
    FROM tree
),

zone_said AS (
    SELECT
        time_said.classid,
        time_said.objid,
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                time_said.text,
                -- timestamp(timestamptz)
                '\{FUNCEXPR :funcid 2027 [^{}]*:args \(@NOW@\) :location -?\d+\}', '@LOCAL @', 'g'
            ),
            -- timezone(text, timestamptz)
            '\{FUNCEXPR :funcid 1159 [^{}]*:args \(\{CONST :consttype 25 [^{}]*:constvalue \d+ \[ ([-0-9 ]+) \]\} @NOW@\) '
            ':location -?\d+\}',
            '@LOCAL \1@', 'g'
        ) AS text
    FROM time_said
),

day_said AS (
    SELECT
        zone_said.classid,
        zone_said.objid,
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                zone_said.text,
                -- CURRENT_DATE, date(timestamptz)
                '\{SQLVALUEFUNCTION :op 0 :type 1082 :typmod -1 :location -?\d+\}'
                '|\{FUNCEXPR :funcid 1178 [^{}]*:args \(@NOW@\) :location -?\d+\}',
                '@DAY @', 'g'
            ),
            -- date(timestamp)
            '\{FUNCEXPR :funcid 2029 [^{}]*:args \(@LOCAL ([-0-9 ]*)@\) :location -?\d+\}', '@DAY \1@', 'g'
        ) AS text
    FROM zone_said
),

span_said AS (
    SELECT
        day_said.classid,
        day_said.objid,
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                pg_catalog.regexp_replace(
                    day_said.text,
                    -- date_trunc(text, timestamptz)
                    '\{FUNCEXPR :funcid 1217 [^{}]*:args \(\{CONST :consttype 25 [^{}]*:constvalue \d+ \[ ([-0-9 ]+) \]\} '
                    '@NOW@\) :location -?\d+\}',
                    '@SPAN \1;@', 'g'
                ),
                -- date_trunc(text, timestamp)
                '\{FUNCEXPR :funcid 2020 [^{}]*:args \(\{CONST :consttype 25 [^{}]*:constvalue \d+ \[ ([-0-9 ]+) \]\} '
                '@LOCAL ([-0-9 ]*)@\) :location -?\d+\}',
                '@SPAN \1;\2@', 'g'
            ),
            -- date_trunc(text, timestamptz, text)
            '\{FUNCEXPR :funcid 1284 [^{}]*:args \(\{CONST :consttype 25 [^{}]*:constvalue \d+ \[ ([-0-9 ]+) \]\} @NOW@ '
            '\{CONST :consttype 25 [^{}]*:constvalue \d+ \[ ([-0-9 ]+) \]\}\) :location -?\d+\}',
            '@SPAN \1;\2@', 'g'
        ) AS text
    FROM day_said
),

calendar AS (
    SELECT
        said.classid,
        said.objid,
        CASE WHEN said.unit IS NULL THEN 'the date' ELSE 'the current ' || pg_catalog.lower(said.unit) END
        || coalesce(' in ' || said.zone, '') AS detail
    FROM (
        SELECT
            span_said.classid,
            span_said.objid,
            -- a text datum: four bytes of length, then the characters (units and time zones are ASCII)
            (
                SELECT pg_catalog.string_agg(pg_catalog.chr(greatest(b.byte::integer, 63)), '' ORDER BY b.position)
                FROM pg_catalog.unnest(pg_catalog.string_to_array((m.match)[1], ' ')) WITH ORDINALITY AS b (byte, position)
                WHERE b.position > 4
            ) AS unit,
            (
                SELECT pg_catalog.string_agg(
                    pg_catalog.chr(CASE WHEN b.byte::integer > 0 THEN b.byte::integer ELSE 63 END), '' ORDER BY b.position
                )
                FROM pg_catalog.unnest(pg_catalog.string_to_array((m.match)[2], ' ')) WITH ORDINALITY AS b (byte, position)
                WHERE b.position > 4
            ) AS zone
        FROM span_said
        CROSS JOIN LATERAL pg_catalog.regexp_matches(
            span_said.text, '@(?:DAY|SPAN ([-0-9 ]+);) ?([-0-9 ]*)@', 'g'
        ) AS m (match)
    ) AS said
),

-- functions by the OIDs in the trees, and those that an aggregate or an operator of somebody's stands for
called AS (
    SELECT span_said.classid, span_said.objid, (m.match)[1]::oid AS function
    FROM span_said
    CROSS JOIN LATERAL pg_catalog.regexp_matches(
        span_said.text, ':(?:funcid|opfuncid|aggfnoid|winfnoid|startInRangeFunc|endInRangeFunc) (\d+)', 'g'
    ) AS m (match)
    UNION
    SELECT span_said.classid, span_said.objid, o.oprcode
    FROM span_said
    CROSS JOIN LATERAL pg_catalog.regexp_matches(
        span_said.text, ':(?:opno|eqop|sortop|opnos \(o) ([0-9 ]+)', 'g'
    ) AS m (match)
    CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array((m.match)[1], ' ')) AS number (text)
    INNER JOIN pg_catalog.pg_operator AS o ON o.oid::text = number.text
    UNION
    SELECT walk.classid, walk.objid, walk.objid
    FROM walk
    WHERE walk.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
),

-- Types whose input function reads text: casts, columns of JSON_TABLE, XMLTABLE and jsonb_to_recordset(). Of arrays, ranges and
-- domains, what they are made of.
read_type AS (
    SELECT
        written.classid,
        written.objid,
        coalesce(nullif(element.typelem, 0), r.rngsubtype, base.oid) AS type
    FROM (
        SELECT span_said.classid, span_said.objid, (m.match)[1] AS types
        FROM span_said
        CROSS JOIN LATERAL pg_catalog.regexp_matches(
            span_said.text,
            ':(?:funccoltypes|coltypes) \(o ([0-9 ]+)\)(?: :(?:funccoltypmods|coltypmods) \(i [-0-9 ]+\)'
            ' :(?:funccolcollations|colcollations) \(o [0-9 ]+\) :(?:funcparams|colexprs))', 'g'
        ) AS m (match)
        UNION
        -- JSONRETURNING; COERCEVIAIO, whose type stands behind its argument
        SELECT span_said.classid, span_said.objid, coalesce((m.match)[1], (m.match)[2])
        FROM span_said
        CROSS JOIN LATERAL pg_catalog.regexp_matches(
            span_said.text, ':typid (\d+)|:resulttype (\d+) :resultcollid \d+ :coerceformat', 'g'
        ) AS m (match)
    ) AS written
    CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(written.types, ' ')) AS number (text)
    INNER JOIN pg_catalog.pg_type AS t ON t.oid::text = number.text
    INNER JOIN pg_catalog.pg_type AS base ON base.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
    LEFT JOIN pg_catalog.pg_type AS element
        ON base.oid = element.oid AND element.typinput = 'pg_catalog.array_in'::pg_catalog.regproc
    LEFT JOIN pg_catalog.pg_range AS r ON base.oid = r.rngtypid
),

finding (classid, objid, class, detail) AS (
    SELECT calendar.classid, calendar.objid, 'date', calendar.detail
    FROM calendar
    UNION ALL
    SELECT
        called.classid,
        called.objid,
        CASE
            WHEN p.oid >= 16384 OR n.nspname <> 'pg_catalog' THEN
                CASE
                    -- its body is a tree, too; and so are the functions that an aggregate is made of
                    WHEN p.prosqlbody IS NOT NULL OR p.prokind = 'a' THEN NULL
                    WHEN p.provolatile = 'i' THEN 'immutable_function'
                    ELSE 'opaque_function'
                END
            WHEN p.provolatile = 'i' THEN NULL
            WHEN p.provolatile = 'v' THEN 'volatile'
            -- age(x) counts from CURRENT_DATE; a time with time zone asks what the zone's offset is today
            WHEN p.proname = 'statement_timestamp' OR (p.proname = 'age' AND p.pronargs = 1) OR p.prorettype = 1266
                OR 1266 = ANY (p.proargtypes::oid[])
                THEN 'time'
            -- reads the system's parameters and nothing else
            WHEN p.proname = ANY (
                '{anytextcat, textanycat, concat, concat_ws, format, quote_literal, quote_nullable, length, convert, convert_from,
                convert_to, to_char, to_date, to_timestamp, to_number, array_to_string, array_out, range_out, multirange_out,
                record_out, enum_in, enum_out, enum_first, enum_last, enum_range, cash_in, cash_out, money, numeric,
                interval_in, interval_out, date, date_out, date_part, date_trunc, date_add, date_subtract, extract, time,
                timestamp, timestamp_out, timestamptz, timestamptz_out, timezone, make_timestamptz, overlaps, in_range,
                generate_series, timestamptz_pl_interval, timestamptz_mi_interval, interval_pl_timestamptz, pg_column_size,
                pg_column_compression, array_to_json, row_to_json, to_json, to_jsonb, json_build_array, json_build_object,
                jsonb_build_array, jsonb_build_object, json_agg, json_agg_strict, jsonb_agg, jsonb_agg_strict, json_object_agg,
                json_object_agg_strict, json_object_agg_unique, json_object_agg_unique_strict, jsonb_object_agg,
                jsonb_object_agg_strict, jsonb_object_agg_unique, jsonb_object_agg_unique_strict, json_to_record,
                json_to_recordset, jsonb_to_record, jsonb_to_recordset, jsonb_path_exists_tz, jsonb_path_match_tz,
                jsonb_path_query_tz, jsonb_path_query_array_tz, jsonb_path_query_first_tz, get_current_ts_config, to_tsvector,
                json_to_tsvector, jsonb_to_tsvector, to_tsquery, plainto_tsquery, phraseto_tsquery, websearch_to_tsquery,
                ts_headline, ts_match_tq, ts_match_tt, xml, xml_in, xml_is_well_formed}'::name[]
            )
                -- comparisons between types of time
                OR p.proname ~ '^(date|timestamp|timestamptz)_(cmp|eq|ne|lt|le|gt|ge)_(date|timestamp|timestamptz)$'
                THEN 'settings'
            ELSE 'session'
        END,
        pg_catalog.format('uses %s', p.oid::pg_catalog.regprocedure)
        || CASE
            WHEN p.oid >= 16384 AND p.provolatile <> 'i' THEN ', whose body PostgreSQL does not look into'
            ELSE ''
        END
    FROM called
    INNER JOIN pg_catalog.pg_proc AS p ON called.function = p.oid
    INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
    UNION ALL
    SELECT
        read_type.classid,
        read_type.objid,
        CASE
            WHEN t.oid IN (1082, 1083, 1114, 1184, 1266) THEN 'time'
            WHEN p.provolatile = 'i' THEN NULL
            WHEN p.oid >= 16384 THEN 'opaque_function'
            WHEN p.proname IN ('interval_in', 'cash_in', 'enum_in', 'xml_in') THEN 'settings'
            ELSE 'session'
        END,
        pg_catalog.format('reads text as %s', pg_catalog.format_type(t.oid, NULL))
        || CASE WHEN t.oid IN (1082, 1083, 1114, 1184, 1266) THEN ', and it may say ''now'' or ''today''' ELSE '' END
    FROM read_type
    INNER JOIN pg_catalog.pg_type AS t ON read_type.type = t.oid
    INNER JOIN pg_catalog.pg_proc AS p ON t.typinput = p.oid
    UNION ALL
    SELECT span_said.classid, span_said.objid, said.class, said.detail
    FROM span_said
    CROSS JOIN LATERAL (
        VALUES
        ('@NOW@|@LOCAL [-0-9 ]*@|\{SQLVALUEFUNCTION :op [124568] ', 'time', 'uses the current time'),
        ('\{SQLVALUEFUNCTION :op (9|1[0-9]) ', 'session', 'uses the current user, database or schema'),
        ('\{TABLESAMPLECLAUSE ', 'volatile', 'uses TABLESAMPLE'),
        ('\{NEXTVALUEEXPR ', 'volatile', 'draws from a sequence'),
        ('\{QUERY :commandType [^1]', 'volatile', 'changes data'),
        -- cmin, xmax, cmax: not fixed when a row version is
        (':varattno -[345] ', 'volatile', 'uses xmax, cmin or cmax'),
        -- regproc, regclass and their kind, aclitem: shown as the name that the object has now
        ('type (24|220[23456]|4089|4096|4191|1033) ', 'system_catalog', 'uses names of database objects (regclass and its kind)')
    ) AS said (pattern, class, detail)
    WHERE span_said.text ~ said.pattern
    UNION ALL
    SELECT
        'pg_catalog.pg_class'::pg_catalog.regclass,
        c.oid,
        said.class,
        pg_catalog.format(said.detail, n.nspname, c.relname)
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    CROSS JOIN LATERAL (
        VALUES
        (c.relkind = 'f', 'foreign_table', 'reads the foreign table %I.%I'),
        (c.relkind = 'S', 'volatile', 'reads the sequence %I.%I'),
        (c.relrowsecurity, 'row_security', 'reads %I.%I, which has row-level security'),
        (
            n.nspname IN ('pg_catalog', 'pg_toast') OR (n.nspname = 'information_schema' AND c.relkind <> 'v'),
            'system_catalog', 'reads %I.%I'
        ),
        (c.relpersistence = 'u' AND c.relkind = 'r', 'unlogged', 'reads the unlogged table %I.%I')
    ) AS said (is_so, class, detail)
    WHERE said.is_so
        AND c.oid IN (SELECT walk.objid FROM walk WHERE walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
)

SELECT DISTINCT
    walk.view_oid,
    CASE WHEN zone.function IS NULL THEN finding.class ELSE 'time' END,
    CASE
        WHEN zone.function IS NULL THEN finding.detail
        ELSE pg_catalog.format('uses %s in the time zone that %s sets', finding.detail, zone.function::pg_catalog.regprocedure)
    END
FROM walk
INNER JOIN finding ON walk.classid = finding.classid AND walk.objid = finding.objid
LEFT JOIN pg_catalog.pg_class AS c ON walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND walk.objid = c.oid
-- A function's SET TimeZone holds for all that it calls: the session's calendar is not theirs.
LEFT JOIN (
    SELECT setting.view_oid, pg_catalog.min(setting.objid) AS function
    FROM walk AS setting
    INNER JOIN pg_catalog.pg_proc AS p
        ON setting.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND setting.objid = p.oid
    CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) AS parameter (assignment)
    WHERE parameter.assignment ILIKE 'timezone=%'
    GROUP BY setting.view_oid
) AS zone ON walk.view_oid = zone.view_oid AND finding.class = 'date' AND finding.detail NOT LIKE '% in %'
WHERE finding.class IS NOT NULL
    -- another materialized view takes part with its rows; that its query is among those asked about is its own affair
    AND (c.relkind IS DISTINCT FROM 'm' OR c.oid = walk.view_oid)
$$;
