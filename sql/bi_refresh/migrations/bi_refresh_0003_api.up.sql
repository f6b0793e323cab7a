-- With other parameters it would stand beside the former one.
DROP FUNCTION IF EXISTS bi_refresh.create_public_alias(regclass);

ALTER TABLE bi_refresh.view_policy
ADD COLUMN endpoint jsonb,
ADD COLUMN schedule_override jsonb;
COMMENT ON COLUMN bi_refresh.view_policy.endpoint IS
'How the API publishes the view (docs/configuration.md): {"roles": [names; empty: every authenticated caller], '
'"filters": [columns] or null for all, "order": [columns, "-" before one for descending], "max_limit", '
'"max_staleness_s": number or null for the target lag, "on_stale", "base": schema.relation or null, '
'"tenant_column": name or null, "refresh_within_s"}; NULL: it does not.';
COMMENT ON COLUMN bi_refresh.view_policy.schedule_override IS
'Stands in place of schedules, in the same form, until another one is declared (see reschedule()); NULL: none does.';

-- Refreshes that people asked for through the API, so that nobody asks too often.
CREATE TABLE bi_refresh.manual_refresh_claim (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_name text NOT NULL,
    claimed_by text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX manual_refresh_claim_claimed_by_idx ON bi_refresh.manual_refresh_claim (claimed_by, claimed_at);
CREATE INDEX manual_refresh_claim_claimed_at_idx ON bi_refresh.manual_refresh_claim (claimed_at);
COMMENT ON TABLE bi_refresh.manual_refresh_claim IS
'Manual refreshes that callers were granted; see claim_manual_refresh().';
COMMENT ON COLUMN bi_refresh.manual_refresh_claim.claimed_by IS 'The caller''s subject, as the API knows it.';
