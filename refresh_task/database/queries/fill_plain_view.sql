SELECT bi_refresh.fill_plain_view(%(relation)s::oid) AS snapshot_at
