-- What is declared for a view. Written by `vistafresca apply` from views.toml.
CREATE TABLE bi_refresh.view_policy (
    view_name text PRIMARY KEY,
    enabled boolean NOT NULL DEFAULT true,
    target_lag interval NOT NULL DEFAULT interval '15 minutes',
    statement_timeout interval,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- One spelling per view, so that equal names are equal texts: schema.name, quoted only where PostgreSQL needs it.
    CONSTRAINT view_policy_name_is_schema_qualified CHECK (
        cardinality(parse_ident(view_name)) = 2
        AND view_name
        = quote_ident((parse_ident(view_name))[1]) || '.' || quote_ident((parse_ident(view_name))[2])
    ),
    CONSTRAINT view_policy_target_lag_is_positive CHECK (target_lag > interval '0'),
    CONSTRAINT view_policy_statement_timeout_is_in_bounds CHECK (
        statement_timeout BETWEEN interval '1 millisecond' AND interval '1 day'
    )
);
COMMENT ON TABLE bi_refresh.view_policy IS 'What is declared for each managed materialized view (see views.toml).';
COMMENT ON COLUMN bi_refresh.view_policy.target_lag IS 'How old the view''s data may get before it is late.';
COMMENT ON COLUMN bi_refresh.view_policy.statement_timeout IS
'Longest time one refresh may take; NULL: the task''s own setting (VISTAFRESCA_STATEMENT_TIMEOUT_S).';

-- What is known of a view since its last refresh. Written only in the transaction that refreshed it, or that failed.
CREATE TABLE bi_refresh.view_state (
    view_name text PRIMARY KEY REFERENCES bi_refresh.view_policy ON DELETE CASCADE,
    view_oid oid,
    definition_hash text,
    data_timestamp timestamptz,
    last_success_at timestamptz,
    rows_total bigint,
    consecutive_failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz
);
COMMENT ON COLUMN bi_refresh.view_state.view_oid IS
'The relation that data_timestamp speaks of: a view dropped and created again has another, with data of unknown age.';
COMMENT ON COLUMN bi_refresh.view_state.data_timestamp IS
'The moment of the snapshot that the view''s contents come from: not when the refresh ended.';
COMMENT ON COLUMN bi_refresh.view_state.consecutive_failures IS
'Failed scheduled refreshes in a row; manual ones do not count, a success resets it.';

CREATE TABLE bi_refresh.mv_refresh_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_type text NOT NULL,
    triggered_by text NOT NULL,
    scheduled_time timestamptz,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    -- running: written when the run took its lock
    -- succeeded, failed: it reached its end (failed: a view failed, or is late)
    -- cancelled: SIGTERM or the run deadline ended it
    -- abandoned: it never wrote its end; the next run found it
    status text NOT NULL DEFAULT 'running',
    views_succeeded integer,
    views_failed integer,
    views_skipped integer,
    task_version text,
    CONSTRAINT mv_refresh_run_status_is_known CHECK (
        status IN ('running', 'succeeded', 'failed', 'cancelled', 'abandoned')
    ),
    CONSTRAINT mv_refresh_run_trigger_type_is_known CHECK (trigger_type IN ('cron', 'event', 'manual'))
);

CREATE TABLE bi_refresh.mv_refresh_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint REFERENCES bi_refresh.mv_refresh_run ON DELETE SET NULL,
    view_name text NOT NULL,
    view_oid oid,
    trigger_type text NOT NULL,
    triggered_by text NOT NULL,
    strategy text,
    reason text,
    -- running: written and committed before the work starts
    -- completed: written in the transaction that changed the data
    -- failed: the refresh raised an error or ran into its timeout; the view keeps its last good data
    -- skipped: nothing was attempted; the reason says why
    -- cancelled: somebody, the run deadline or SIGTERM cancelled the statement
    -- abandoned: left running by a killed task; the next run found it
    status text NOT NULL DEFAULT 'running',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    duration_ms bigint,
    data_timestamp timestamptz,
    rows_inserted bigint,
    rows_deleted bigint,
    rows_total bigint,
    sqlstate text,
    error text,
    remedy text,
    backend_pid integer,
    CONSTRAINT mv_refresh_log_status_is_known CHECK (
        status IN ('running', 'completed', 'failed', 'skipped', 'cancelled', 'abandoned')
    ),
    CONSTRAINT mv_refresh_log_strategy_is_known CHECK (strategy IN ('skip', 'concurrent', 'exclusive')),
    CONSTRAINT mv_refresh_log_trigger_type_is_known CHECK (trigger_type IN ('cron', 'event', 'manual'))
);
COMMENT ON TABLE bi_refresh.mv_refresh_log IS 'One row per attempt to refresh a view.';
COMMENT ON COLUMN bi_refresh.mv_refresh_log.backend_pid IS
'The server process that does the work: tells a refresh under way from one left behind by a killed task.';

CREATE INDEX mv_refresh_log_view_name_id_idx ON bi_refresh.mv_refresh_log (view_name, id DESC);
CREATE INDEX mv_refresh_log_created_at_idx ON bi_refresh.mv_refresh_log (created_at);
CREATE INDEX mv_refresh_log_running_idx ON bi_refresh.mv_refresh_log (backend_pid) WHERE status = 'running';
CREATE INDEX mv_refresh_log_run_id_idx ON bi_refresh.mv_refresh_log (run_id);
