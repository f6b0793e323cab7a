SELECT status FROM bi_refresh.refresh_bi_views(%(views)s::text[], %(trigger_type)s, %(triggered_by)s)
