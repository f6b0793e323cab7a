SELECT bi_refresh.compact_touches() AS compacted
