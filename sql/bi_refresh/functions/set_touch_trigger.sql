-- Gives a table its touch trigger, or takes it away. Waits for transactions that write to the table, and makes new ones wait, so
-- not for long. Only a table's owner may enable a trigger always, which replication's writers need to be seen.
CREATE OR REPLACE FUNCTION bi_refresh.set_touch_trigger(relation oid, has_one boolean, is_wanted boolean)
RETURNS void
LANGUAGE plpgsql
-- longer than any usual transaction, shorter than what users put up with
SET lock_timeout = '5s'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := relation::pg_catalog.regclass::text;
    owner CONSTANT name := bi_refresh.owner_of(relation);
    what CONSTANT text := CASE WHEN is_wanted THEN 'given a touch trigger' ELSE 'rid of its touch trigger' END;
BEGIN
    IF NOT pg_catalog.pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION '% cannot be %: % is not its owner', name, what, current_user
        USING ERRCODE = 'insufficient_privilege',
        HINT = pg_catalog.format(
            'As %1$I: GRANT %1$I TO %2$I; or set change_detection = "fingerprint" for the views that read it.',
            owner, current_user
        );
    END IF;
    IF has_one AND NOT is_wanted THEN
        EXECUTE pg_catalog.format('DROP TRIGGER bi_refresh_touch ON %s', name);
        RETURN;
    END IF;
    IF NOT has_one THEN
        EXECUTE pg_catalog.format(
            'CREATE TRIGGER bi_refresh_touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION bi_refresh.record_touch()',
            name
        );
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER bi_refresh_touch', name);
EXCEPTION
    WHEN lock_not_available THEN
        RAISE EXCEPTION '% cannot be %: a transaction that uses it did not end within 5 s (%)',
            name, what, coalesce(
                -- dropping it asks for a lock against readers, too
                CASE WHEN is_wanted THEN bi_refresh.lock_holders(relation) ELSE bi_refresh.lock_users(relation) END,
                'it has ended meanwhile'
            )
        USING ERRCODE = 'lock_not_available', HINT = 'Try again when it has ended, or end it: SELECT pg_terminate_backend(...);';
END
$$;
