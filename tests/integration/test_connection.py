"""Connecting to a real server: rotated passwords, and what each refusal says. tests/integration/test_tls.py has TLS."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

import pytest
from moto import mock_aws

import refresh_task.database.connection
from refresh_task.database import connect
from refresh_task.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    SchemaMissingError,
    StatementFailedError,
)
from refresh_task.settings import Settings
from tests.fix_aws import change_secret, create_secret
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as

OLD, NEW, WRONG = "old-s3cret", "new-s3cret", "wrong-s3cret"


class SecretReads:
    """How often the secret was read, and what happens after the first time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.after_first: dict[str, str] = {}
        read = refresh_task.database.credentials.read_secret

        def counted(arn: str, *, setting: str) -> str:
            text = read(arn, setting=setting)
            self.count += 1
            if self.count == 1 and arn in self.after_first:
                change_secret(arn, self.after_first[arn])
            return text

        monkeypatch.setattr(refresh_task.database.credentials, "read_secret", counted)


@pytest.fixture
def secret_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretReads]:
    """A Secrets Manager, and what is read from it."""
    with mock_aws():
        yield SecretReads(monkeypatch)


def _secret(database: Database, role: str, password: str) -> str:
    server = {"host": str(database.server.folder), "port": 5432, "dbname": database.name}
    return json.dumps({"username": role, "password": password, **server})


# ---- Passwords in secrets ------------------------------------------------------------------------


def test_a_good_secret_is_read_once(database: Database, make_role: MakeRole, secret_reads: SecretReads) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    arn = create_secret(_secret(database, role, NEW))

    with connect(Settings(database_secret_arn=arn), environment={}) as session:
        assert session.fetch_all("read_policies") == []
    assert secret_reads.count == 1


def test_a_password_rotated_since_the_secret_was_read_is_read_again(
    database: Database, make_role: MakeRole, secret_reads: SecretReads
) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    arn = create_secret(_secret(database, role, OLD))
    secret_reads.after_first[arn] = _secret(database, role, NEW)

    with connect(Settings(database_secret_arn=arn), environment={}) as session:
        assert session.fetch_all("read_policies") == []
    assert secret_reads.count == 2


def test_a_password_that_stays_wrong_ends_after_the_second_read(
    database: Database, make_role: MakeRole, secret_reads: SecretReads
) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    arn = create_secret(_secret(database, role, WRONG))

    with pytest.raises(DatabaseUnavailableError) as refused:
        connect(Settings(database_secret_arn=arn), environment={})

    assert secret_reads.count == 2
    error = refused.value
    assert error.subject == f"PostgreSQL {database.name} at {database.server.folder}:5432"
    assert f'password authentication failed for user "{role}"' in error.message
    assert "or the secret that holds it" in error.remedy
    assert WRONG not in str(error)
    assert error.__suppress_context__  # a traceback shows no second error with other texts


def test_an_unreachable_server_is_no_reason_to_read_the_secret_again(
    secret_reads: SecretReads, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = create_secret(_secret(database, "nobody", NEW))
    monkeypatch.setenv("PGHOST", "/nowhere")
    with pytest.raises(DatabaseUnavailableError, match="No such file") as refused:
        connect(Settings(database_secret_arn=arn), environment=os.environ)
    assert refused.value.subject == f"PostgreSQL {database.name} at /nowhere:5432"
    assert secret_reads.count == 1


def test_a_wrong_password_of_a_url_is_not_retried_and_not_repeated(database: Database, make_role: MakeRole) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    settings = Settings(database_url=f"{dsn_as(database, role)} password={WRONG}")
    with pytest.raises(DatabaseUnavailableError, match="password authentication failed") as refused:
        connect(settings, environment={})
    assert "Check the user's password" in refused.value.remedy
    assert WRONG not in str(refused.value)


def test_a_password_that_is_missing_is_explained(database: Database, make_role: MakeRole) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    with pytest.raises(DatabaseUnavailableError, match="no password supplied") as refused:
        connect(Settings(database_url=dsn_as(database, role)), environment={})
    assert "Check the user's password" in refused.value.remedy


# ---- Refusals ------------------------------------------------------------------------------------


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine that is taken, and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_closed_port_names_the_server_and_where_to_look(closed_port: int) -> None:
    url = f"postgresql://app:{WRONG}@127.0.0.1:{closed_port}/shop"
    with pytest.raises(DatabaseUnavailableError, match="Connection refused") as refused:
        connect(Settings(database_url=url), environment={})
    assert refused.value.subject == f"PostgreSQL shop at 127.0.0.1:{closed_port}"
    assert "security groups" in refused.value.remedy
    assert WRONG not in str(refused.value)


def test_several_addresses_that_all_refuse_make_one_sentence(closed_port: int) -> None:
    url = f"postgresql://app@127.0.0.1:{closed_port},127.0.0.1:{closed_port}/shop"
    with pytest.raises(DatabaseUnavailableError) as refused:
        connect(Settings(database_url=url), environment={})
    assert refused.value.message.endswith("failed: Connection refused.")


def test_a_host_that_does_not_answer_is_given_up_in_time() -> None:
    """A listener that never says a word: two seconds, the shortest time that libpq has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"host=127.0.0.1 port={listener.getsockname()[1]} dbname=shop connect_timeout=2"
        with pytest.raises(DatabaseUnavailableError, match="timeout expired") as refused:
            connect(Settings(database_url=url), environment={})
    assert "security groups" in refused.value.remedy


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"failed to resolve host 'db\.invalid'"):
        connect(Settings(database_url="postgresql://db.invalid/shop"), environment={})


def test_a_missing_database_is_not_taken_for_a_wrong_password(database: Database, make_role: MakeRole) -> None:
    role = make_role("bi_refresh_reader", password=NEW)
    url = f"{database.server.dsn('nowhere', user=role)} password={NEW}"
    with pytest.raises(DatabaseUnavailableError, match='database "nowhere" does not exist') as refused:
        connect(Settings(database_url=url), environment={})
    assert "Check the database's name" in refused.value.remedy


def test_a_missing_role_is_named(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match='role "nobody_here" does not exist') as refused:
        connect(Settings(database_url=dsn_as(database, "nobody_here")), environment={})
    assert "PGUSER" in refused.value.remedy


@pytest.mark.parametrize("parameter", ["connect_timeout=soon", "sslmode=perhaps", "target_session_attrs=best"])
def test_a_parameter_that_makes_no_sense_is_a_matter_of_configuration(database: Database, parameter: str) -> None:
    with pytest.raises(ConfigurationError, match=parameter.partition("=")[2]):
        connect(Settings(database_url=f"{database.dsn} {parameter}"), environment={})


def test_a_database_that_was_not_migrated_says_what_to_run(empty_database: Database) -> None:
    with pytest.raises(SchemaMissingError) as refused:
        connect(Settings(database_url=empty_database.dsn), environment={})
    assert refused.value.remedy == "Run: vistafresca migrate"
    assert empty_database.name in refused.value.subject
    empty_database.wait_until_alone()  # the session is not left open


def test_a_role_without_grants_gets_the_grant_to_run(database: Database, make_role: MakeRole) -> None:
    role = make_role()
    with pytest.raises(ConfigurationError, match="permission denied for schema bi_refresh") as refused:
        connect(Settings(database_url=dsn_as(database, role)), environment={})
    assert refused.value.remedy.endswith(f'GRANT bi_refresh_refresher TO "{role}";')
    database.execute(refused.value.remedy.partition(": ")[2])

    with connect(Settings(database_url=dsn_as(database, role)), environment={}) as session:
        assert session.fetch_one("try_run_lock", kind=0) == {"acquired": True}


# ---- Sessions ------------------------------------------------------------------------------------


def test_a_session_has_the_timeouts_of_the_settings(database: Database) -> None:
    settings = Settings(database_url=database.dsn, statement_timeout_s=12.5, lock_timeout_s=0.5)
    with connect(settings, environment={}) as session:
        names = ["statement_timeout", "lock_timeout", "client_connection_check_interval", "application_name"]
        shown = [session._connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    assert [value for row in shown if row for value in row.values()] == ["12500ms", "500ms", "500ms", "vistafresca"]


def test_a_commit_that_fails_is_a_failed_statement(database: Database) -> None:
    with database.session() as session:

        def lose_the_server_before_the_commit() -> None:
            with session.transaction():
                session.fetch_all("read_policies")
                database.execute("SELECT pg_terminate_backend(%s)", session.backend_pid)

        with pytest.raises(StatementFailedError) as failed:
            lose_the_server_before_the_commit()
    assert failed.value.connection_lost
