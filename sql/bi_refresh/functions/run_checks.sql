-- The policy's checks of a view's new contents, before anybody sees them: in the transaction of the refresh, which the error of a
-- failing check (VF001) rolls back. `rows_before` NULL: nothing to compare with; `rows_after` NULL: the rows could not be counted.
--
-- Only the owner of bi_refresh writes policies, so custom checks run with its rights. The view may be somebody else's, though, who
-- could put a function of his into an index or statistics of it, for whoever plans a query on it: such a view is not checked but
-- failed (may_be_counted).
CREATE OR REPLACE FUNCTION bi_refresh.run_checks(view_name text, rows_before bigint, rows_after bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy record;
    relation CONSTANT oid := bi_refresh.view_oid(view_name);
    custom_check text;
    problem text;
BEGIN
    SELECT p.must_not_be_empty, p.max_row_drop_percent, p.custom_checks INTO policy
    FROM bi_refresh.view_policy AS p
    WHERE p.view_name = run_checks.view_name;

    IF (policy.must_not_be_empty OR policy.max_row_drop_percent IS NOT NULL) AND rows_after IS NULL THEN
        problem := 'the new rows cannot be counted: let ' || pg_catalog.quote_ident(current_user) || ' read it (GRANT SELECT)';
    ELSIF policy.must_not_be_empty AND rows_after = 0 THEN
        problem := 'must_not_be_empty: it would have no rows';
    ELSIF rows_before > 0 AND 100.0 * (rows_before - rows_after) / rows_before > policy.max_row_drop_percent THEN
        problem := pg_catalog.format(
            'max_row_drop_percent: %s rows would become %s, %s %% fewer; at most %s %% is allowed',
            rows_before, rows_after, pg_catalog.round(100.0 * (rows_before - rows_after) / rows_before, 1),
            policy.max_row_drop_percent
        );
    END IF;

    FOREACH custom_check IN ARRAY coalesce(policy.custom_checks, '{}') LOOP
        EXIT WHEN problem IS NOT NULL;
        IF NOT bi_refresh.may_be_counted(relation) AND bi_refresh.owner_of(relation) <> current_user THEN
            problem := pg_catalog.format(
                'it cannot be checked safely: %I may not read it, or its owner gave it an index or statistics on an expression',
                current_user
            );
        ELSE
            problem := bi_refresh.run_custom_check(custom_check);
        END IF;
    END LOOP;

    IF problem IS NOT NULL THEN
        RAISE EXCEPTION '% failed a check and was not changed: %', view_name, problem USING ERRCODE = 'VF001';
    END IF;
END
$$;
