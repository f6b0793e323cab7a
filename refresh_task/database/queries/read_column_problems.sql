SELECT bi_refresh.column_problems(%(former)s::oid, %(successor)s::oid) AS problems
