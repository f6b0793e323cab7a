SELECT bi_refresh.distribute_changes(ARRAY[%(capture)s::integer]) AS moved
