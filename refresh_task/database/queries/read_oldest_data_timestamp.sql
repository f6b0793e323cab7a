SELECT bi_refresh.oldest_data_timestamp(%(relation)s::oid, %(moment)s, NULL) AS oldest_at
