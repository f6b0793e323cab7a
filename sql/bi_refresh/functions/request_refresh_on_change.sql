-- For triggers on the tables of a view, FOR EACH ROW (with a WHEN that picks the changes that matter) or FOR EACH STATEMENT:
--   CREATE TRIGGER ... EXECUTE FUNCTION bi_refresh.request_refresh_on_change('sales.mv_daily', 'high', 'a large sale');
-- Arguments: the view; its priority (normal); the reason. Whoever writes to the table needs no right on bi_refresh. One INSERT, never
-- a refresh: a writer waits for nothing. A view that is not managed (any more) is a WARNING, for policies change without regard to
-- who is writing, and a sale must not fail over them; arguments that never make sense are an error at the trigger's first use, the
-- earliest at which PostgreSQL lets anybody look at them.
CREATE OR REPLACE FUNCTION bi_refresh.request_refresh_on_change()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    trigger_name CONSTANT text := pg_catalog.format('trigger %I on %s', tg_name, tg_relid::pg_catalog.regclass);
    found_view record;
BEGIN
    IF tg_nargs NOT BETWEEN 1 AND 3 THEN
        RAISE EXCEPTION '% has % arguments', trigger_name, tg_nargs
        USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Create it again with the view, and if need be a priority and a reason: '
            'request_refresh_on_change(''schema.view'', ''high'', ''a large sale'').';
    END IF;

    SELECT f.view_name, f.problem, f.remedy INTO found_view FROM bi_refresh.find_view(tg_argv[0]) AS f;
    IF found_view.problem IS NULL THEN
        PERFORM bi_refresh.insert_request(
            found_view.view_name, coalesce(tg_argv[1], 'normal'),
            coalesce(tg_argv[2], pg_catalog.format('%s of %s', pg_catalog.lower(tg_op), tg_relid::pg_catalog.regclass))
        );
    ELSE
        RAISE WARNING '% asks for no refresh: %', trigger_name, found_view.problem USING HINT = found_view.remedy;
    END IF;
    -- What a BEFORE trigger returns is what happens to the row.
    IF tg_op = 'DELETE' THEN
        RETURN old;
    END IF;
    RETURN new;
END
$$;
