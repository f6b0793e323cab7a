-- The managed view that a written name means, with or without its schema; otherwise what is wrong with the name, and what to do, in
-- words. Near names are those that share at least half of the name's runs of three letters.
CREATE OR REPLACE FUNCTION bi_refresh.find_view(written text, OUT view_name text, OUT problem text, OUT remedy text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidates text[];
    near_names text;
BEGIN
    SELECT p.view_name INTO view_name FROM bi_refresh.view_policy AS p WHERE p.view_name = written;
    IF found THEN
        RETURN;
    END IF;

    candidates := ARRAY(
        SELECT p.view_name
        FROM bi_refresh.view_policy AS p
        WHERE pg_catalog.quote_ident((pg_catalog.parse_ident(p.view_name))[2]) = written
        ORDER BY p.view_name
    );
    IF pg_catalog.cardinality(candidates) = 1 THEN
        view_name := candidates[1];
    ELSIF pg_catalog.cardinality(candidates) > 1 THEN
        problem := pg_catalog.format('"%s" may be any of %s', written, pg_catalog.array_to_string(candidates, ', '));
        remedy := 'Write it with its schema.';
    ELSE
        SELECT pg_catalog.string_agg(near.name, ', ' ORDER BY near.shared DESC, near.name) INTO near_names
        FROM (
            SELECT p.view_name AS name, runs.shared
            FROM bi_refresh.view_policy AS p
            CROSS JOIN LATERAL (
                SELECT pg_catalog.avg(
                    (pg_catalog.strpos(p.view_name, pg_catalog.substr(pg_catalog.lower(written), n.start, 3)) > 0)::integer
                ) AS shared
                FROM pg_catalog.generate_series(1, LEAST(pg_catalog.length(written), 130) - 2) AS n (start)
            ) AS runs
            WHERE runs.shared >= 0.5
            ORDER BY runs.shared DESC, p.view_name
            LIMIT 3
        ) AS near;
        problem := pg_catalog.format('"%s" is not a managed view', coalesce(written, 'NULL'));
        remedy := coalesce('Did you mean ' || near_names || '?', 'Add it to views.toml and run vistafresca apply.');
    END IF;
END
$$;
