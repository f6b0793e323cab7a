-- Gives a policy to each materialized view that fits a pattern of views.toml and has none, and removes those given so earlier whose
-- view is gone or fits no more. Says which were adopted (true) and which left (false). Called at the start of each run, so that
-- nobody has to remember a new view; what a changed pattern says of views that are here already, `vistafresca apply` writes.
CREATE OR REPLACE FUNCTION bi_refresh.adopt_views()
RETURNS TABLE (view_name text, adopted boolean)
LANGUAGE plpgsql
-- The task may add what the patterns ask for, and change nothing else about the policies.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    change record;
    is_watched boolean := false;
BEGIN
    FOR change IN
        WITH fitting AS MATERIALIZED (
            SELECT v.view_name, v.pattern
            FROM bi_refresh.views_by_pattern(
                ARRAY(SELECT p.pattern FROM bi_refresh.view_pattern AS p ORDER BY p.position)
            ) AS v
        ),

        removed AS (
            DELETE FROM bi_refresh.view_policy AS p
            WHERE p.pattern IS NOT NULL
                AND NOT EXISTS (SELECT FROM fitting WHERE fitting.view_name = p.view_name)
                -- what was made for it is taken away first: vistafresca incremental disable
                AND NOT EXISTS (SELECT FROM bi_refresh.incremental_view AS i WHERE i.view_name = p.view_name)
            RETURNING p.view_name, p.change_detection
        ),

        added AS (
            INSERT INTO bi_refresh.view_policy AS p (
                view_name,
                enabled,
                target_lag,
                statement_timeout,
                schedules,
                change_detection,
                audit_interval,
                group_name,
                depends_on,
                priority,
                exclusive_window,
                must_not_be_empty,
                max_row_drop_percent,
                custom_checks,
                suspend_after,
                probe_after,
                pattern,
                endpoint,
                refresh_mode,
                updated_at
            )
            SELECT
                declared.view_name,
                declared.enabled,
                declared.target_lag,
                declared.statement_timeout,
                declared.schedules,
                declared.change_detection,
                declared.audit_interval,
                declared.group_name,
                declared.depends_on,
                declared.priority,
                declared.exclusive_window,
                declared.must_not_be_empty,
                declared.max_row_drop_percent,
                declared.custom_checks,
                declared.suspend_after,
                declared.probe_after,
                declared.pattern,
                declared.endpoint,
                declared.refresh_mode,
                declared.updated_at
            FROM fitting
            INNER JOIN bi_refresh.view_pattern AS pattern ON pattern.pattern = fitting.pattern
            CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(
                NULL::bi_refresh.view_policy,
                pattern.policy || pg_catalog.jsonb_build_object(
                    'view_name', fitting.view_name, 'pattern', fitting.pattern, 'updated_at', pg_catalog.now()
                )
            ) AS declared
            WHERE NOT EXISTS (SELECT FROM bi_refresh.view_policy AS own WHERE own.view_name = fitting.view_name)
            ON CONFLICT DO NOTHING -- another session adopts it at this moment
            RETURNING p.view_name, p.change_detection
        )

        SELECT added.view_name, true AS adopted, added.change_detection FROM added
        UNION ALL
        SELECT removed.view_name, false, removed.change_detection FROM removed
        ORDER BY 1
    LOOP
        is_watched := is_watched OR change.change_detection = 'touch';
        view_name := change.view_name;
        adopted := change.adopted;
        RETURN NEXT;
    END LOOP;
    IF is_watched THEN
        PERFORM bi_refresh.sync_touch_triggers();
    END IF;
END
$$;
