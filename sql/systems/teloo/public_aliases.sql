-- The names by which the source document reads the views: SELECT COUNT(*) FROM mv_ranking_asesores;
SELECT bi_refresh.create_public_alias('teloo.mv_metricas_mensuales'::regclass) AS outcome
UNION ALL
SELECT bi_refresh.create_public_alias('teloo.mv_ranking_asesores'::regclass);
