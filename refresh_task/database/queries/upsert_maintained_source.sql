INSERT INTO bi_refresh.maintained_source
(table_id, capture_id, slice, expressions, lookup, columns, null_slice, slides, layout, reason)
VALUES (
    %(table)s, %(capture)s, %(slice)s, %(expressions)s::text[], %(lookup)s::jsonb, %(columns)s::name[], %(null_slice)s,
    %(slides)s::jsonb, %(layout)s, %(reason)s
)
ON CONFLICT (table_id, capture_id) DO UPDATE
SET
    slice = excluded.slice,
    expressions = excluded.expressions,
    lookup = excluded.lookup,
    columns = excluded.columns,
    null_slice = excluded.null_slice,
    slides = excluded.slides,
    layout = excluded.layout,
    reason = excluded.reason
