SELECT bi_refresh.drop_incremental_view(%(view)s)
