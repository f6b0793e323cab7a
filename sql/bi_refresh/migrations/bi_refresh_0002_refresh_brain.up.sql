-- Views are created anew after every migration; this one gets other columns.
DROP VIEW IF EXISTS bi_refresh.view_status;
-- Functions, too, but with other parameters they would stand beside the former ones.
DROP FUNCTION IF EXISTS bi_refresh.choose_strategy(text);
DROP FUNCTION IF EXISTS bi_refresh.upstream_views();

ALTER TABLE bi_refresh.view_policy
ALTER COLUMN target_lag DROP NOT NULL,
ADD COLUMN schedules jsonb NOT NULL DEFAULT '[]',
ADD COLUMN change_detection text NOT NULL DEFAULT 'fingerprint',
ADD COLUMN audit_interval interval NOT NULL DEFAULT interval '24 hours',
ADD COLUMN group_name text,
ADD COLUMN depends_on text[] NOT NULL DEFAULT '{}',
ADD COLUMN priority text NOT NULL DEFAULT 'normal',
ADD COLUMN exclusive_window jsonb,
ADD COLUMN must_not_be_empty boolean NOT NULL DEFAULT false,
ADD COLUMN max_row_drop_percent numeric,
ADD COLUMN custom_checks text[] NOT NULL DEFAULT '{}',
ADD COLUMN suspend_after integer NOT NULL DEFAULT 5,
ADD COLUMN probe_after interval NOT NULL DEFAULT interval '1 hour',
ADD COLUMN pattern text,
ADD CONSTRAINT view_policy_change_detection_is_known CHECK (change_detection IN ('fingerprint', 'touch', 'none')),
ADD CONSTRAINT view_policy_priority_is_known CHECK (priority IN ('low', 'normal', 'high', 'critical')),
ADD CONSTRAINT view_policy_audit_interval_is_positive CHECK (audit_interval > interval '0'),
ADD CONSTRAINT view_policy_max_row_drop_is_a_percentage CHECK (max_row_drop_percent BETWEEN 0 AND 100),
ADD CONSTRAINT view_policy_suspend_after_is_positive CHECK (suspend_after > 0),
ADD CONSTRAINT view_policy_probe_after_is_positive CHECK (probe_after > interval '0');
COMMENT ON COLUMN bi_refresh.view_policy.target_lag IS
'How old the view''s data may get before it is late; NULL: "downstream", only as new as the views that read it need.';
COMMENT ON COLUMN bi_refresh.view_policy.schedules IS
'Moments at which it is due besides: an array of {"cron": five fields, "time_zone": an IANA name}.';
COMMENT ON COLUMN bi_refresh.view_policy.change_detection IS
'How the task finds out that nothing changed: fingerprint (reads the tables), touch (triggers on them), none.';
COMMENT ON COLUMN bi_refresh.view_policy.audit_interval IS
'A refresh happens at least this often, even where nothing seems to have changed.';
COMMENT ON COLUMN bi_refresh.view_policy.group_name IS
'Views of one group are refreshed in one transaction, so that readers see them all as of one moment.';
COMMENT ON COLUMN bi_refresh.view_policy.depends_on IS
'Materialized views that it reads through functions whose body PostgreSQL does not look into.';
COMMENT ON COLUMN bi_refresh.view_policy.exclusive_window IS
'When it may be refreshed while readers wait: {"cron", "time_zone", "duration_s"}; NULL: never.';
COMMENT ON COLUMN bi_refresh.view_policy.custom_checks IS
'Queries that give true when the new contents may be shown; anything else rolls the refresh back.';
COMMENT ON COLUMN bi_refresh.view_policy.suspend_after IS
'Failed scheduled refreshes in a row after which it is left alone until probe_after has passed.';
COMMENT ON COLUMN bi_refresh.view_policy.pattern IS
'The pattern of views.toml that it was found by; NULL: declared by name.';

-- Views declared by pattern: each run gives new ones a policy (adopt_views), so that nobody has to remember.
CREATE TABLE bi_refresh.view_pattern (
    pattern text PRIMARY KEY,
    position integer NOT NULL,
    policy jsonb NOT NULL
);
COMMENT ON TABLE bi_refresh.view_pattern IS
'Patterns of views.toml such as sales.mv_*; a view belongs to the first, by position, that fits its name.';
COMMENT ON COLUMN bi_refresh.view_pattern.policy IS 'The columns of view_policy for the views it finds.';

ALTER TABLE bi_refresh.view_state
ADD COLUMN global_data_timestamp timestamptz,
ADD COLUMN refreshed_at timestamptz,
ADD COLUMN fingerprint jsonb,
ADD COLUMN fingerprint_ms double precision,
ADD COLUMN unchanged_ratio double precision,
ADD COLUMN checks_passed_over integer NOT NULL DEFAULT 0,
ADD COLUMN suspended_at timestamptz,
ADD COLUMN probe_at timestamptz,
ADD COLUMN churned_rows bigint NOT NULL DEFAULT 0;
UPDATE bi_refresh.view_state SET global_data_timestamp = data_timestamp, refreshed_at = last_success_at;
COMMENT ON COLUMN bi_refresh.view_state.data_timestamp IS
'The moment that the view''s contents are known to be right for: of the snapshot they come from, or of the one in '
'which nothing was found changed since.';
COMMENT ON COLUMN bi_refresh.view_state.global_data_timestamp IS
'The oldest data timestamp among the view and the managed views it was made from.';
COMMENT ON COLUMN bi_refresh.view_state.refreshed_at IS
'When its contents were last made anew; last_success_at counts skips, too.';
COMMENT ON COLUMN bi_refresh.view_state.fingerprint IS
'What its contents were made from, taken in the same snapshot (docs/change-detection.md); NULL: unknown, no skip.';
COMMENT ON COLUMN bi_refresh.view_state.fingerprint_ms IS 'What taking the fingerprint costs: a moving average.';
COMMENT ON COLUMN bi_refresh.view_state.unchanged_ratio IS
'How often a check found nothing changed, 0 to 1: a moving average.';
COMMENT ON COLUMN bi_refresh.view_state.checks_passed_over IS 'Refreshes since the fingerprint was last taken.';
COMMENT ON COLUMN bi_refresh.view_state.suspended_at IS
'Since when it is left alone after failing again and again; NULL: it is not.';
COMMENT ON COLUMN bi_refresh.view_state.probe_at IS 'When a suspended view is tried once more.';
COMMENT ON COLUMN bi_refresh.view_state.churned_rows IS 'Dead rows that refreshes left since the last VACUUM of ours.';

ALTER TABLE bi_refresh.mv_refresh_run
ADD COLUMN kind text NOT NULL DEFAULT 'scheduled',
ADD COLUMN views_upstream_failed integer,
ADD COLUMN views_not_due integer,
-- scheduled: all that is due; requested: what the event queue asks for; manual: the views that somebody named
ADD CONSTRAINT mv_refresh_run_kind_is_known CHECK (kind IN ('scheduled', 'requested', 'manual'));

ALTER TABLE bi_refresh.mv_refresh_log
ADD COLUMN plan jsonb,
ADD COLUMN attempts integer NOT NULL DEFAULT 1,
ADD COLUMN fingerprint_ms double precision,
ADD COLUMN requests_served integer,
DROP CONSTRAINT mv_refresh_log_status_is_known,
-- upstream_failed: not attempted, for a view it reads failed or is suspended
ADD CONSTRAINT mv_refresh_log_status_is_known CHECK (
    status IN ('running', 'completed', 'failed', 'skipped', 'cancelled', 'abandoned', 'upstream_failed')
);
COMMENT ON COLUMN bi_refresh.mv_refresh_log.plan IS
'What the task decided beforehand for this attempt; NULL: a caller from psql or pg_cron.';
COMMENT ON COLUMN bi_refresh.mv_refresh_log.attempts IS
'How often it was tried in this run: lock timeouts and the like are tried again.';

-- Durations and last attempts of a view among thousands of rows that only say "nothing changed".
CREATE INDEX mv_refresh_log_attempts_idx ON bi_refresh.mv_refresh_log (view_name, id DESC)
INCLUDE (status, duration_ms) WHERE status <> 'skipped';

-- The event queue. A row is written in the transaction of the change that asks for the refresh: it is seen when, and only when, the
-- change is.
CREATE TABLE bi_refresh.mv_refresh_triggers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_name text NOT NULL,
    priority text NOT NULL DEFAULT 'normal',
    reason text,
    requested_by text NOT NULL DEFAULT session_user,
    -- true: waiting; false: a refresh whose snapshot saw this row has served it
    refresh_requested boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    processed_at timestamptz,
    log_id bigint,
    CONSTRAINT mv_refresh_triggers_priority_is_known CHECK (priority IN ('low', 'normal', 'high', 'critical'))
);
CREATE INDEX mv_refresh_triggers_waiting_idx ON bi_refresh.mv_refresh_triggers (view_name) WHERE refresh_requested;
CREATE INDEX mv_refresh_triggers_processed_at_idx ON bi_refresh.mv_refresh_triggers (processed_at);
COMMENT ON TABLE bi_refresh.mv_refresh_triggers IS
'Requests to refresh a view, made by triggers or people; see request_refresh().';
COMMENT ON COLUMN bi_refresh.mv_refresh_triggers.log_id IS 'The entry of mv_refresh_log that served it.';

-- One row per statement that wrote to a watched table (change_detection touch). Never updated; counted together with the total that
-- housekeeping has added up, so that the sum under any snapshot is the number of writes visible to it.
CREATE TABLE bi_refresh.table_touch (
    relation oid NOT NULL
);
CREATE TABLE bi_refresh.table_touch_total (
    relation oid PRIMARY KEY,
    touches bigint NOT NULL
);
COMMENT ON TABLE bi_refresh.table_touch IS 'One row per statement that wrote to a table watched by touch triggers.';
COMMENT ON TABLE bi_refresh.table_touch_total IS 'Rows of table_touch that were added up and removed.';
