-- What was proved of its definition.
UPDATE bi_refresh.maintained_table
SET
    slices = %(slices)s,
    key_columns = %(key)s::name[],
    moving = %(moving)s
WHERE id = %(table)s
