SELECT bi_refresh.make_dependent(%(former)s::oid, %(definition)s, %(stand_ins)s::jsonb)::bigint AS relation
