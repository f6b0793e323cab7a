SELECT bi_refresh.drop_maintained_tables(%(tables)s::integer[])
