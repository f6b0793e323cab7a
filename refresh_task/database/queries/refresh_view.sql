SELECT status FROM bi_refresh.refresh_bi_views(ARRAY[%(view)s], %(trigger_type)s, %(triggered_by)s)
