DO $$
BEGIN
    IF to_regclass('ops.mv_payments_driver_matrix_cabinet') IS NOT NULL THEN
        RAISE EXCEPTION 'the database has a relation ops.mv_payments_driver_matrix_cabinet, which is not replaced'
        USING ERRCODE = 'duplicate_table', HINT = 'Rename it, or drop it.';
    END IF;
END
$$;

-- Without data: the first refresh fills it, so that migrating a large database does not wait for the query.
CREATE MATERIALIZED VIEW ops.mv_payments_driver_matrix_cabinet AS
-- All of it, as the documents have it: the two views' columns are one list.
SELECT * FROM ops.v_payments_driver_matrix_cabinet -- noqa: AM04
WITH NO DATA;

-- The documents' six. That by driver_id is the unique one, which a concurrent refresh needs: a second one like it would serve
-- nobody.
CREATE UNIQUE INDEX idx_mv_driver_matrix_driver_id ON ops.mv_payments_driver_matrix_cabinet (driver_id);
CREATE INDEX idx_mv_driver_matrix_origin_tag_week_start
ON ops.mv_payments_driver_matrix_cabinet (origin_tag, week_start);
CREATE INDEX idx_mv_driver_matrix_funnel_status ON ops.mv_payments_driver_matrix_cabinet (funnel_status);
CREATE INDEX idx_mv_driver_matrix_lead_date ON ops.mv_payments_driver_matrix_cabinet (lead_date);
CREATE INDEX idx_mv_driver_matrix_only_pending
ON ops.mv_payments_driver_matrix_cabinet (week_start, driver_id) WHERE only_pending;
CREATE INDEX idx_mv_driver_matrix_week_start_driver_name
ON ops.mv_payments_driver_matrix_cabinet (week_start, driver_name);

COMMENT ON MATERIALIZED VIEW ops.mv_payments_driver_matrix_cabinet IS
'What the partner owes and paid for each driver: one row per driver whom a rule pays for or a claim names.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.driver_id IS 'The driver; unique, never NULL.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.driver_name IS
'NULL: the partner''s claim names a driver who is not among ours.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.origin_tag IS
'Of the driver''s first lead; NULL without a lead.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.lead_date IS
'Day in America/Lima of the first lead; without a lead, as the claims say.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.week_start IS 'The Monday on or before lead_date.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.roster_side IS
'both, programme_only (a rule pays for the driver, and nothing was claimed) or claims_only (the reverse).';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.funnel_status IS
'How far the driver came in 14 days, registered_incomplete to reached_m25; NULL without a lead.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.connected_date IS
'When the driver first connected to the app; NULL: not yet.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.first_trip_date IS
'First completed trip on or after the lead''s day, within the 14 days or later.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.trips_14d IS
'Completed trips on the 14 days that begin with lead_date; NULL without a lead.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.is_consistent IS
'False: trips before, or without, a connection; NULL without a lead.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_achieved_flag IS
'Whether the driver made one completed trip within the 14 days, and a rule pays for it.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_achieved_date IS
'Day of the first completed trip; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_expected_amount IS
'Soles that the partner owes for it; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_due_date IS 'When the payment is due; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_claim_status IS
'not_claimed, pending, partial, paid or rejected; NULL: neither achieved nor claimed.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_paid_amount IS
'Soles paid for it, achieved or not; NULL: no payment.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_paid_date IS 'Day of the last payment; NULL: none.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m1_overdue_days IS
'Days from due_date to the newest statement, at least 0; NULL: nothing claimed is left to collect.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_achieved_flag IS
'Whether the driver made 5 completed trips within the 14 days, and a rule pays for it.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_achieved_date IS
'Day of the fifth completed trip; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_expected_amount IS
'Soles that the partner owes for it; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_due_date IS 'When the payment is due; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_claim_status IS
'not_claimed, pending, partial, paid or rejected; NULL: neither achieved nor claimed.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_paid_amount IS
'Soles paid for it, achieved or not; NULL: no payment.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_paid_date IS 'Day of the last payment; NULL: none.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m5_overdue_days IS
'Days from due_date to the newest statement, at least 0; NULL: nothing claimed is left to collect.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_achieved_flag IS
'Whether the driver made 25 completed trips within the 14 days, and a rule pays for it.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_achieved_date IS
'Day of the 25th completed trip; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_expected_amount IS
'Soles that the partner owes for it; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_due_date IS 'When the payment is due; NULL: not achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_claim_status IS
'not_claimed, pending, partial, paid or rejected; NULL: neither achieved nor claimed.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_paid_amount IS
'Soles paid for it, achieved or not; NULL: no payment.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_paid_date IS 'Day of the last payment; NULL: none.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.m25_overdue_days IS
'Days from due_date to the newest statement, at least 0; NULL: nothing claimed is left to collect.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.potential_total IS
'Soles for all three milestones under the driver''s rules, achieved or not.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.expected_total IS
'Soles that the partner owes for what was achieved.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.paid_total IS 'Soles paid, for whatever milestone.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.outstanding_total IS
'Soles owed and not paid, over the milestones; what was paid in excess for one does not make up for another.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.excess_total IS
'Soles paid above what was owed, over the milestones.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.max_overdue_days IS
'The largest of the three overdue_days; NULL: nothing claimed is left to collect.';
COMMENT ON COLUMN ops.mv_payments_driver_matrix_cabinet.only_pending IS 'Whether anything is outstanding.';
