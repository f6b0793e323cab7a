"""A settings file that cannot work stops synth with one paragraph: the file, the key, its value, and what to do."""

from pathlib import Path

import pytest

from infrastructure.settings import SettingsError, read

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = (ROOT / "environments/production.toml.example").read_text(encoding="utf-8")


def problem(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "environments"
    folder.mkdir(exist_ok=True)
    (folder / "broken.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read(folder, "broken")
    return str(caught.value)


CASES = [
    # what is replaced, by what, the key that is named, the value that is shown, the remedy
    ("interval_minutes = 10", "intervall_minutes = 10", "schedule.intervall_minutes", "10", '"interval_minutes"'),
    ("[pager]", "[pagers]", "pagers", "on-call@example.com", 'Did you mean "pager"'),
    ("statement_timeout_s = 600", "cup = 512", "database[1].task.cup", "512", 'Did you mean "cpu"'),
    ("statement_timeout_s = 600", "zzz = 1", "database[1].task.zzz", "1", "Known here: cpu, memory_mib"),
    ("interval_minutes = 10", "interval_minutes = 10\nevent_poll_minutes = 4", "schedule", "= 4", "use a divisor"),
    ("interval_minutes = 10", "interval_minutes = 10\noffset_minutes = 10", "schedule", "= 10", "lower it"),
    ("interval_minutes = 10", "offset_minutes = -1", "schedule.offset_minutes", "-1", "greater than or equal to 0"),
    ('region = "us-east-1"', 'region = "us-east-1"\nlayout = "nest"', "layout", "nest", "'single', 'nested' or 'map'"),
    ("[image]", "[map]\nconcurrency = 5\n\n[image]", "[map] goes with", '"single"', "remove the table"),
    (
        'region = "us-east-1"',
        'region = "us-east-1"\nlayout = "map"',
        'layout = "map" starts',
        "own api",
        "of its own",
    ),
    ("interval_minutes = 10", "event_poll_minutes = 7", "schedule.event_poll_minutes", "7", "2, 3, 4, 5"),
    (
        "[database.task]",
        "[database.guards]\nmin_free_storage_gib = 5\n[database.task]",
        "database[1]",
        "(5)",
        "add the key",
    ),
    ("[schedule]", "[guards]\nmax_replica_lag = 5\n\n[schedule]", "guards.max_replica_lag", "5", '"max_replica_lag_s"'),
    ("-GhIjKl", "", "database[0].secret.arn", "fluxion/bi-refresh", "describe-secret"),
    ("bi-refresh-GhIjKl", "my-secret", "database[0].secret.arn", "my-secret", "six characters"),
    ("interval_minutes = 30", "interval_minutes = 7", "database[1].schedule.interval_minutes", "7", "5, 6, 10, 12"),
    ('"123456789012"\nregion', "123456789012\nregion", "account", "123456789012", "valid string"),
    ('"123456789012"\nregion', '"1234"\nregion', "account", "1234", "twelve digits"),
    ('region = "us-east-1"', 'region = "virginia"', "region", "virginia", "us-east-1"),
    ('region = "us-east-1"', 'region = "sa-east-1"', "region = sa-east-1", "us-east-1a", "correct one of the two"),
    (
        "secretsmanager:us-east-1",
        "secretsmanager:us-west-2",
        "region = us-east-1",
        "us-west-2",
        "correct one of the two",
    ),
    ("[image]", 'resolver_cidrs = ["10.0.0.2"]\n[image]', "network.resolver_cidrs[0]", "10.0.0.2", "/32"),
    ("log_retention_days = 90", 'migrate_on_deploy = "yes"', "migrate_on_deploy", '"yes"', "valid boolean"),
    ("log_retention_days = 90", "log_retention_days = 42", "log_retention_days", "42", "1, 3, 7, 14"),
    ("log_retention_days = 90", 'log_retention_days = "90"', "log_retention_days", '"90"', "1, 3, 7, 14"),
    ("@sha256:0123", ":latest#0123", "image.uri", "latest", "describe-images"),
    ('"on-call@example.com"', '"on-call"', "pager.emails[0]", "on-call", "e-mail"),
    (
        "runbook_url",
        'topic_arn = "arn:aws:sns:us-east-1:123456789012:pager"\nrunbook_url',
        "pager",
        "",
        "remove emails",
    ),
    (
        "runbook_url",
        'topic_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111"\nrunbook_url',
        "pager",
        "",
        "own topic has its own key",
    ),
    ("subnet-0fedcba9876543210", "subnet-1", "network.private_subnet_ids[1]", "subnet-1", "subnet-0123456789abcdef0"),
    (', "subnet-0fedcba9876543210"', "", "network", "1 entries", "one subnet per zone"),
    ("vpc_id = ", 'cidr = "10.0.0.0/16"\nvpc_id = ', "network", "", "either vpc_id"),
    ('name = "fluxion"', 'name = "driver-matrix"', "", "driver-matrix", "rename one"),
    ('name = "fluxion"', 'name = "Fluxion DB"', "database[0].name", "Fluxion DB", "lower-case"),
    ('user = "bi_refresh"\n', "", "database[1].iam.user", "is missing", "Add it"),
    ("cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "my-database", "database[1].iam.resource_id", "my-database", "db-"),
    ('security_group_id = "sg-0123456789abcdef0"\n', "", "database[0]", "security_group_id", "let in"),
    ("[database.iam]", "[database.provisioned]\n[database.iam]", "database[1]", "iam, provisioned", "exactly one"),
    ("statement_timeout_s = 600", "cpu = 512", "database[1].task", "memory_mib = 512", "1024 to 4096"),
    (
        "statement_timeout_s = 600",
        "stop_timeout_s = 121",
        "database[1].task.stop_timeout_s",
        "121",
        "less than or equal",
    ),
    (
        'name = "fluxion"',
        'name = "fluxion"\nsystems = ["fluxio"]',
        "database[0].systems",
        "fluxio",
        "the known ones are driver_matrix, fluxion",
    ),
    ("statement_timeout_s = 600", "run_deadline_s = 1800", "database[1]", "(1800)", "lower it"),
    ("statement_timeout_s = 600", "statement_timeout_s = 1799", "database[1]", "(1799)", "lower it"),
    ("[database.task]", "[database.alarms]\nslow_run_s = 1740\n[database.task]", "database[1]", "(1740)", "lower it"),
    ("[database.task]", "[database.sentry]\nmax_runtime_min = 29\n[database.task]", "database[1]", "(29)", "raise it"),
    ("issuer = ", "isuer = ", "database[0].api.isuer", "cognito", 'Did you mean "issuer"'),
    ("https://cognito", "http://cognito", "database[0].api.issuer", "http://", "begins with https://"),
    ('audience = ["1example23456789"]\n', "", "database[0].api", "issuer (whose tokens?)", 'authorizer = "iam"'),
    ('authorizer = "jwt"', 'authorizer = "iam"', "database[0].api", "issuer and audience", "remove them"),
    ('authorizer = "iam"', 'authorizer = "jwt"', "database[1].api", "roles", "remove it"),
    ('"https://app.example.com"', '"*"', "database[0].api.cors_origins[0]", '"*"', "https://HOST without a path"),
    ("America/Bogota", "Bogota", "database[0].api.daily.time_zone", '"Bogota"', "such as America/Bogota"),
    ("America/Bogota", "Australia/Lord_Howe", "database[0].api.daily", "Lord_Howe", "use another zone"),
    ("hour = 1", "hour = 24", "database[0].api.daily.hour", "24", "less than or equal to 23"),
    ('authorizer = "jwt"', 'authorizer = "jwt"\ntimeout_s = 30', "database[0].api.timeout_s", "30", "equal to 29"),
    ("role/finance", "group/finance", "database[1].api.roles.arn:aws:iam", "group/finance", "role/NAME"),
    ("123456789012.dkr.ecr.us-east-1", "123456789012.dkr.ecr.us-west-2", "image.uri", "us-west-2", "copy the image"),
    ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "ghcr.io/me", "image.uri", "ghcr.io/me", "copy the image there"),
    ("interval_minutes = 10", "interval_minutes = 12x", "is not valid TOML", "line 20", "quotation marks"),
    ('account = "123456789012"', 'name = "prod"', "name", "prod", "Remove the key"),
]


@pytest.mark.parametrize(("old", "new", "key", "value", "remedy"), CASES)
def test_a_wrong_key_is_named_with_its_value_and_the_remedy(
    tmp_path: Path, *, old: str, new: str, key: str, value: str, remedy: str
) -> None:
    assert old in EXAMPLE
    said = problem(tmp_path, EXAMPLE.replace(old, new, 1))
    assert said.startswith(f"environments/broken.toml: {key}")
    assert value in said
    assert remedy in said
    assert "\n" not in said


FLEET = (ROOT / "environments/fleet.toml.example").read_text(encoding="utf-8").replace('"nested"', '"map"')


@pytest.mark.parametrize(
    ("addition", "key", "remedy"),
    [
        ("[database.task]\ncpu = 512\nmemory_mib = 1024", "task", "an environment of its own"),
        ("[database.alarms]\nviews_late = 5", "alarms", "an environment of its own"),
        ('systems = ["fluxion"]', "systems", "an environment of its own"),
    ],
)
def test_in_a_map_nothing_of_the_task_is_a_database_s_own(tmp_path: Path, addition: str, key: str, remedy: str) -> None:
    said = problem(tmp_path, f"{FLEET}\n{addition}\n")
    assert (
        f'layout = "map" starts one task definition at one time for all databases, and "tenant-002" has its own {key}'
        in said
    )
    assert remedy in said


@pytest.mark.parametrize(
    ("table", "what", "remedy"),
    [
        ('[api]\nenabled = true\nauthorizer = "iam"', "api.enabled", '"nested"'),
        ("[guards]\nmin_free_storage_gib = 5", "guards.min_free_storage_gib", "or 0"),
        ("migrate_on_deploy = true", "migrate_on_deploy", "run the outputs Migrate and Apply"),
    ],
)
def test_what_a_map_cannot_do_is_refused_for_all(tmp_path: Path, table: str, what: str, remedy: str) -> None:
    before = "[schedule]" if table.startswith("[") else "[network]"  # a key of the environment comes before its tables
    text = FLEET.replace(before, f"{table}\n\n{before}").replace("\nsecret", '\ninstance_id = "db-1"\nsecret')
    said = problem(tmp_path, text)
    assert f'layout = "map" has no {what} ("tenant-001")' in said
    assert remedy in said


def test_one_database_of_a_map_cannot_migrate_on_deploy_either(tmp_path: Path) -> None:
    said = problem(tmp_path, f"{FLEET}migrate_on_deploy = true\n")
    assert 'layout = "map" has no migrate_on_deploy ("tenant-002")' in said
    assert "run the outputs Migrate and Apply" in said


def test_a_provisioned_database_is_not_in_a_map(tmp_path: Path) -> None:
    text = FLEET.split("[[database]]", maxsplit=1)[0] + '[[database]]\nname = "main"\n[database.provisioned]\n'
    text = text.replace('vpc_id = "vpc-0123456789abcdef0"', 'cidr = "10.0.0.0/16"')
    text = "\n".join(line for line in text.splitlines() if not line.startswith("private_subnet_ids"))
    assert "use databases that are there already" in problem(tmp_path, text)


def test_in_a_map_the_event_queues_are_looked_at_only_where_asked_for(tmp_path: Path) -> None:
    text = FLEET.replace("event_poll_minutes = 0", "")
    (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
    assert {database.schedule.poll_minutes for database in read(tmp_path, "fleet").database} == {0}
    (tmp_path / "fleet.toml").write_text(FLEET.replace("event_poll_minutes = 0", "event_poll_minutes = 5"), "utf-8")
    assert {database.schedule.poll_minutes for database in read(tmp_path, "fleet").database} == {5}


def test_an_offset_that_is_given_is_kept_and_a_single_stack_starts_at_00(tmp_path: Path) -> None:
    nested = FLEET.replace('"map"', '"nested"')
    for text, offsets in (
        (nested, [0, 4]),  # by the names
        (nested.replace("interval_minutes = 10", "interval_minutes = 10\noffset_minutes = 7"), [7, 7]),
        (nested + "schedule = {offset_minutes = 9}\n", [0, 9]),
        (nested.replace('"nested"', '"single"'), [0, 0]),
    ):
        (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
        assert [database.schedule.first_minute for database in read(tmp_path, "fleet").database] == offsets


def test_one_table_where_several_may_stand(tmp_path: Path) -> None:
    text = EXAMPLE[: EXAMPLE.index("# With IAM")].replace("[[database]]", "[database]")
    assert "Write [[database]] in double brackets" in problem(tmp_path, text)


def test_no_database_at_all(tmp_path: Path) -> None:
    said = problem(tmp_path, EXAMPLE[: EXAMPLE.index("# With a password")])
    assert said == "environments/broken.toml: database: is missing. Add it; its meaning is in docs/environments.md."


def test_an_unknown_environment_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "sandbox.toml").touch()
    with pytest.raises(SettingsError, match=r'there is no environment "prod" \(known: sandbox\).*-c environment=NAME'):
        read(tmp_path, "prod")


def test_the_shipped_files_are_valid(tmp_path: Path) -> None:
    (tmp_path / "production.toml").write_text(EXAMPLE, encoding="utf-8")
    assert [database.name for database in read(tmp_path, "production").database] == ["fluxion", "driver-matrix"]
    assert [database.name for database in read(ROOT / "environments", "sandbox").database] == ["main"]


def test_a_database_overrides_its_environment_key_by_key(tmp_path: Path) -> None:
    text = EXAMPLE.replace("[schedule]", "[task]\nlock_timeout_s = 5\n\n[schedule]")
    (tmp_path / "production.toml").write_text(text, encoding="utf-8")
    fluxion, driver_matrix = read(tmp_path, "production").database
    assert (fluxion.task.lock_timeout_s, driver_matrix.task.lock_timeout_s) == (5, 5)
    assert (fluxion.statement_timeout_s, driver_matrix.statement_timeout_s) == (300, 600)
    assert (fluxion.schedule.interval_minutes, driver_matrix.schedule.interval_minutes) == (10, 30)


@pytest.mark.parametrize(
    ("minutes", "deadline", "statement", "slow", "patience"),
    [(5, 240, 240, 216, 5), (10, 540, 300, 480, 10), (20, 1140, 300, 960, 20), (60, 3540, 300, 2880, 60)],
)
def test_what_is_not_given_follows_from_the_interval(
    tmp_path: Path, *, minutes: int, deadline: int, statement: int, slow: int, patience: int
) -> None:
    text = EXAMPLE.replace("interval_minutes = 10", f"interval_minutes = {minutes}")
    (tmp_path / "production.toml").write_text(text, encoding="utf-8")
    database = read(tmp_path, "production").database[0]
    assert (database.run_deadline_s, database.statement_timeout_s) == (deadline, statement)
    assert (database.slow_run_s, database.sentry_max_runtime_min) == (slow, patience)
