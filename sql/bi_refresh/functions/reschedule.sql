-- Sets a schedule that stands in place of these views' declared ones, all of them or none, until another schedule is declared for
-- them in views.toml. Their target lags stay as they are.
--   views      with or without their schema
--   cron       five fields; the caller has made sure that they mean something
--   time_zone  an IANA name
CREATE OR REPLACE FUNCTION bi_refresh.reschedule(views text[], cron text, time_zone text)
RETURNS void
LANGUAGE plpgsql
-- Only the owner writes policies; an operator may do this much.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    written text;
    named record;
    found_views text[] := '{}';
BEGIN
    -- One that cannot be read would stop every run.
    IF cron IS NULL OR cron !~ '^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$' THEN
        RAISE EXCEPTION '"%" does not have the five fields of a crontab line', coalesce(cron, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Write minute, hour, day of month, month and day of week.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_timezone_names AS z WHERE z.name = time_zone) THEN
        RAISE EXCEPTION '"%" is not a time zone', coalesce(time_zone, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Write one of the IANA database, such as America/Bogota.';
    END IF;

    FOREACH written IN ARRAY views LOOP
        SELECT f.view_name, f.problem, f.remedy INTO named FROM bi_refresh.find_view(written) AS f;
        IF named.problem IS NOT NULL THEN
            RAISE EXCEPTION '%', named.problem USING ERRCODE = 'undefined_object', HINT = named.remedy;
        END IF;
        found_views := found_views || named.view_name;
    END LOOP;

    UPDATE bi_refresh.view_policy AS p
    SET schedule_override = pg_catalog.jsonb_build_array(
            pg_catalog.jsonb_build_object('cron', reschedule.cron, 'time_zone', reschedule.time_zone)
        ),
        updated_at = pg_catalog.now()
    WHERE p.view_name = ANY (found_views);
END
$$;
