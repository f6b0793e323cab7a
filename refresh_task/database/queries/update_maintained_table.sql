-- What was proved of its definition.
UPDATE bi_refresh.maintained_table
SET
    slices = %(slices)s::jsonb,
    key_columns = %(key)s::name[],
    moving = %(moving)s::text[]
WHERE id = %(table)s
