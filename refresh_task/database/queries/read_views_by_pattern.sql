SELECT
    v.view_name,
    v.pattern
FROM bi_refresh.views_by_pattern(%(patterns)s::text[]) AS v
