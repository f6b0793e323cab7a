SELECT
    view_name,
    adopted
FROM bi_refresh.adopt_views()
