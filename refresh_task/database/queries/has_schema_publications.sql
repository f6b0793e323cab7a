SELECT to_regclass('pg_catalog.pg_publication_namespace') IS NOT NULL AS has_schema_publications
