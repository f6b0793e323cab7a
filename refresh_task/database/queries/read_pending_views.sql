SELECT view_name FROM bi_refresh.pending_views()
