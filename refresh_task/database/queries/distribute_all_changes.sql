SELECT bi_refresh.distribute_changes() AS moved
