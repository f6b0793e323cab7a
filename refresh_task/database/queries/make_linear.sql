-- The table is kept by what changes add and take away.
UPDATE bi_refresh.maintained_table
SET
    kind = 'linear',
    measures = %(measures)s::jsonb
WHERE id = %(table)s
