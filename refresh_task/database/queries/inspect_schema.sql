-- Not to_regclass(), which raises for a schema that the role may not use.
SELECT to_regnamespace('bi_refresh') IS NOT NULL AS is_there
