ALTER TABLE bi_refresh.view_policy
ADD COLUMN refresh_mode text,
ADD COLUMN incremental_key text[],
ADD COLUMN incremental_stages text[];
COMMENT ON COLUMN bi_refresh.view_policy.refresh_mode IS
'auto (NULL, too): incremental where it was enabled; full: never; incremental: doctor asks for enabling it.';
COMMENT ON COLUMN bi_refresh.view_policy.incremental_key IS
'Columns that tell the view''s rows apart; NULL: those of its unique index.';
COMMENT ON COLUMN bi_refresh.view_policy.incremental_stages IS
'Grouped CTEs of the definition that become maintained tables of their own, in the order of the definition.';

-- difference: computed in full, and only rows that differ are written; incremental: only what changed was computed.
ALTER TABLE bi_refresh.mv_refresh_log
DROP CONSTRAINT mv_refresh_log_strategy_is_known,
ADD CONSTRAINT mv_refresh_log_strategy_is_known CHECK (
    strategy IN ('skip', 'concurrent', 'exclusive', 'incremental', 'difference')
),
ADD COLUMN changed_keys bigint;
COMMENT ON COLUMN bi_refresh.mv_refresh_log.changed_keys IS
'Slices that an incremental refresh computed anew; NULL: it was none.';

-- Logs, queues, defining views and stages: everything that enabling makes, and disabling takes away.
CREATE SCHEMA bi_refresh_incremental;
COMMENT ON SCHEMA bi_refresh_incremental IS
'What `vistafresca incremental enable` makes and `... disable` takes away: never to be changed by hand.';
-- Functions that belong to the views' owners, so that refreshes act with their rights. No owner may use the schema: who could name
-- his function there could make it run with the rights of its caller, the owner of bi_refresh.
CREATE SCHEMA bi_refresh_as_owner;
COMMENT ON SCHEMA bi_refresh_as_owner IS
'Functions by which refreshes act with the rights of the owners of views. Let nobody use it.';

-- A base table, or a tree of partitions or inheriting tables, whose changes are captured: once for all views that read
-- it. Its log_<id>, pending_<id> and capture_<id>_insert() and so on are in bi_refresh_incremental.
CREATE TABLE bi_refresh.captured_table (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation oid NOT NULL UNIQUE,
    columns name[] NOT NULL DEFAULT '{}',
    layout integer NOT NULL DEFAULT 1,
    CONSTRAINT captured_table_layout_is_positive CHECK (layout > 0)
);
COMMENT ON COLUMN bi_refresh.captured_table.relation IS 'The topmost of its tree.';
COMMENT ON COLUMN bi_refresh.captured_table.columns IS
'Columns that the log has, in the order in which they were added.';
COMMENT ON COLUMN bi_refresh.captured_table.layout IS
'Grows with each column added: an entry of an older layout may lack a value, so it means everything.';

-- A view that was asked to be refreshed incrementally.
CREATE TABLE bi_refresh.incremental_view (
    -- no cascade: what was made for it is taken away first (vistafresca incremental disable)
    view_name text PRIMARY KEY REFERENCES bi_refresh.view_policy,
    -- enabling: being built; readers still read the materialized view
    -- enabled: refreshed incrementally
    -- distrusted: a comparison found other rows than its definition gives: refreshed in full until it is enabled again
    -- disabling: being given back
    status text NOT NULL DEFAULT 'enabling',
    step text,
    output text NOT NULL DEFAULT 'table',
    query text NOT NULL,
    proof jsonb NOT NULL DEFAULT '{}',
    proved_structure text,
    original jsonb NOT NULL DEFAULT '{}',
    distrust_reason text,
    status_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    enabled_by text NOT NULL DEFAULT session_user,
    CONSTRAINT incremental_view_status_is_known CHECK (status IN ('enabling', 'enabled', 'distrusted', 'disabling')),
    CONSTRAINT incremental_view_output_is_known CHECK (output IN ('table', 'materialized_view'))
);
COMMENT ON COLUMN bi_refresh.incremental_view.step IS 'The last step of enabling or disabling it that is complete.';
COMMENT ON COLUMN bi_refresh.incremental_view.output IS
'What stands under its name: a table, or a materialized view over its stages.';
COMMENT ON COLUMN bi_refresh.incremental_view.query IS
'Its definition as the user wrote it, in PostgreSQL''s spelling, with the names of that day: see view_query().';
COMMENT ON COLUMN bi_refresh.incremental_view.proof IS
'What was found out about it, for people (vistafresca incremental explain).';
COMMENT ON COLUMN bi_refresh.incremental_view.proved_structure IS
'What the proof was made for; another one now: refreshed in full until it is proved anew.';
COMMENT ON COLUMN bi_refresh.incremental_view.original IS
'What the materialized view had that a table has not, to be given back.';

-- A table that is kept equal to a defining query: the output of a view, or one of its stages.
CREATE TABLE bi_refresh.maintained_table (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_name text NOT NULL REFERENCES bi_refresh.incremental_view ON DELETE CASCADE,
    position integer NOT NULL,
    stage text,
    kind text NOT NULL DEFAULT 'slices',
    relation oid,
    definition oid,
    key_columns name[],
    slices jsonb NOT NULL DEFAULT '[]',
    measures jsonb,
    whole oid,
    whole_digest text,
    moving text[] NOT NULL DEFAULT '{}',
    relations oid[],
    uses_code boolean NOT NULL DEFAULT true,
    -- of its contents
    structure text,
    moments jsonb,
    data_timestamp timestamptz,
    -- learned: moving averages
    full_ms double precision,
    key_us double precision[],
    compared_at timestamptz,
    UNIQUE (view_name, position),
    CONSTRAINT maintained_table_kind_is_known CHECK (kind IN ('slices', 'linear'))
);
COMMENT ON COLUMN bi_refresh.maintained_table.position IS
'Refreshed in this order: what a stage reads comes before it, the output last.';
COMMENT ON COLUMN bi_refresh.maintained_table.stage IS 'The CTE that it stands for; NULL: the output.';
COMMENT ON COLUMN bi_refresh.maintained_table.kind IS
'slices: what a change touches is computed anew; linear: counts and sums are moved by the change alone.';
COMMENT ON COLUMN bi_refresh.maintained_table.definition IS 'The ordinary view that says what it holds.';
COMMENT ON COLUMN bi_refresh.maintained_table.key_columns IS
'Columns that are unique together and never NULL; NULL: there are none, and rows are matched as wholes.';
COMMENT ON COLUMN bi_refresh.maintained_table.slices IS
'The ways in which it is cut: [["k"], ["source", "id"]]. maintained_source.slice counts them from 1.';
COMMENT ON COLUMN bi_refresh.maintained_table.measures IS
'Of a linear table: its keys, and what a changed row adds to each count and sum (docs/incremental.md has its form).';
COMMENT ON COLUMN bi_refresh.maintained_table.whole IS
'Of an output over stages: the ordinary view of the whole query.';
COMMENT ON COLUMN bi_refresh.maintained_table.whole_digest IS
'What the ordinary views said that parts of were made into stages (NULL: none were); another one now: it is computed
from the whole query.';
COMMENT ON COLUMN bi_refresh.maintained_table.moving IS
'Uses of the date or the time that are no slide, as classify_views() words them: computed in full when they move.';
COMMENT ON COLUMN bi_refresh.maintained_table.relations IS 'All that its definition reads, as of its structure.';
COMMENT ON COLUMN bi_refresh.maintained_table.uses_code IS
'Whether it uses functions, types or operators that somebody made.';
COMMENT ON COLUMN bi_refresh.maintained_table.structure IS
'What its contents were made from; NULL or another one now: it is computed in full.';
COMMENT ON COLUMN bi_refresh.maintained_table.key_us IS 'Microseconds per slice, for each of slices; NULL: not known.';

-- What a change of a captured table does to a maintained one, as the planner proved it.
CREATE TABLE bi_refresh.maintained_source (
    table_id integer REFERENCES bi_refresh.maintained_table ON DELETE CASCADE,
    capture_id integer REFERENCES bi_refresh.captured_table,
    slice smallint,
    expressions text[] NOT NULL DEFAULT '{}',
    lookup jsonb,
    columns name[],
    null_slice text NOT NULL DEFAULT 'any',
    slides jsonb NOT NULL DEFAULT '[]',
    layout integer NOT NULL,
    reason text,
    PRIMARY KEY (table_id, capture_id),
    CONSTRAINT maintained_source_null_slice_is_known CHECK (null_slice IN ('any', 'rows'))
);
CREATE INDEX maintained_source_capture_id_idx ON bi_refresh.maintained_source (capture_id);
COMMENT ON COLUMN bi_refresh.maintained_source.slice IS
'A changed row touches the slices of this cut that its expressions name; NULL: indirect, it may touch everything.';
COMMENT ON COLUMN bi_refresh.maintained_source.expressions IS
'Over the captured table''s columns, in the order of the slice''s; a linear table''s keys.';
COMMENT ON COLUMN bi_refresh.maintained_source.lookup IS
'{"relation": 123, "pairs": [["order_id", "id"]], "positions": [1]}: expressions at these positions are over the columns
of that table, of the row in which the second of each pair equals the first, over the captured table''s.';
COMMENT ON COLUMN bi_refresh.maintained_source.columns IS
'Captured columns that the refresh is given; NULL: all. The view''s owner sees what changed in them, and in no others.';
COMMENT ON COLUMN bi_refresh.maintained_source.null_slice IS
'Which changes touch the rows with a NULL in the slice''s columns: any, or rows whose expressions are NULL there.';
COMMENT ON COLUMN bi_refresh.maintained_source.slides IS
'[{"column": "at", "bound": "($1 - ''1 day''::interval)"}]; rows between the bound then and now are touched.';
COMMENT ON COLUMN bi_refresh.maintained_source.layout IS 'The first layout of the log that has all its columns.';
COMMENT ON COLUMN bi_refresh.maintained_source.reason IS 'Why it is indirect, in words.';

-- What a comparison found that ought not to be.
CREATE TABLE bi_refresh.incremental_mismatch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_name text NOT NULL,
    stage text,
    log_id bigint,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    found_by text NOT NULL,
    difference text NOT NULL,
    row_key jsonb,
    CONSTRAINT incremental_mismatch_found_by_is_known CHECK (found_by IN ('sample', 'comparison', 'verify')),
    CONSTRAINT incremental_mismatch_difference_is_known CHECK (difference IN ('missing', 'surplus', 'other'))
);
CREATE INDEX incremental_mismatch_view_name_idx ON bi_refresh.incremental_mismatch (view_name, id);
COMMENT ON TABLE bi_refresh.incremental_mismatch IS
'Rows of an incremental view that differed from its definition, by their keys; each is a defect.';
