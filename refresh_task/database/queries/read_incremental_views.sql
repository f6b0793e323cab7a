-- The views that somebody enabled for incremental refresh, whatever has become of that.
SELECT
    view_name,
    status
FROM bi_refresh.incremental_view
ORDER BY view_name
