-- Gives a relation's successor copies of its extended statistics objects, called statistics_<OID of the first> until
-- the successor takes the relation's name; and has PostgreSQL gather the successor's statistics.
CREATE OR REPLACE FUNCTION bi_refresh.copy_statistics(source oid, target oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT
            pg_catalog.format('bi_refresh_incremental.statistics_%s', s.oid) AS copy_name,
            pg_catalog.format('CREATE STATISTICS %I.%I', n.nspname, s.stxname) AS beginning,
            pg_catalog.format(' FROM %s', source::pg_catalog.regclass) AS ending,
            pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition,
            coalesce(s.stxstattarget, -1) AS target,
            -- ALTER MATERIALIZED VIEW ... OWNER TO leaves it to the former owner
            CASE WHEN pg_catalog.pg_has_role(s.stxowner, 'USAGE') THEN s.stxowner ELSE bi_refresh.owner_oid(source) END AS owner
        FROM pg_catalog.pg_statistic_ext AS s
        INNER JOIN pg_catalog.pg_namespace AS n ON s.stxnamespace = n.oid
        WHERE s.stxrelid = source
    LOOP
        EXECUTE pg_catalog.format('DROP STATISTICS IF EXISTS %s', object.copy_name);
        EXECUTE pg_catalog.format(
            'CREATE STATISTICS %s%s FROM %s',
            object.copy_name,
            pg_catalog.left(
                pg_catalog.substr(object.definition, pg_catalog.length(object.beginning) + 1), -pg_catalog.length(object.ending)
            ),
            target::pg_catalog.regclass
        );
        IF object.target >= 0 THEN
            EXECUTE pg_catalog.format('ALTER STATISTICS %s SET STATISTICS %s', object.copy_name, object.target);
        END IF;
        PERFORM bi_refresh.give_to_owner('STATISTICS', object.copy_name, object.owner);
    END LOOP;
    EXECUTE pg_catalog.format('ANALYZE %s', target::pg_catalog.regclass);
END
$$;
