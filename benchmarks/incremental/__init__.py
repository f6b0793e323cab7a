"""Incremental refresh against REFRESH MATERIALIZED VIEW CONCURRENTLY, what capture costs writers, how cost grows."""
