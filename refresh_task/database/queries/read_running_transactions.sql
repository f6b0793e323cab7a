SELECT
    t.transaction,
    t.description
FROM bi_refresh.running_transactions() AS t
