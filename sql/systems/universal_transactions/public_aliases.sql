-- What `vistafresca migrate --public-aliases` makes reachable without its schema: the names that the source document uses.
SELECT bi_refresh.create_public_alias(
    'universal_transactions.refresh_universal_transactions_logged(text, text)'::regprocedure
) AS outcome
UNION ALL
SELECT bi_refresh.create_public_alias('universal_transactions.universal_transactions_mv'::regclass)
UNION ALL
SELECT bi_refresh.create_public_alias('universal_transactions.cpg_consignment'::regclass)
UNION ALL
SELECT bi_refresh.create_public_alias('universal_transactions.cpg_pos'::regclass);
