SELECT
    granted,
    remaining,
    retry_after_s
FROM bi_refresh.claim_manual_refresh(%(view)s, %(claimed_by)s, %(most)s, %(per)s)
