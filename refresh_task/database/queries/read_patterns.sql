SELECT
    p.pattern AS own_pattern,
    p.position,
    (jsonb_populate_record(NULL::bi_refresh.view_policy, p.policy)).*
FROM bi_refresh.view_pattern AS p
