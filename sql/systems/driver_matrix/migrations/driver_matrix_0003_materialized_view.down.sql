-- It may be gone already: the documents' way to make it anew begins with DROP MATERIALIZED VIEW … CASCADE.
DROP MATERIALIZED VIEW IF EXISTS ops.mv_payments_driver_matrix_cabinet;
