"""verify-full on a server that speaks TLS: the right authority and name are let through, everything else is refused
before a password is sent. Not covered: AWS's own servers, and PostgreSQL's own TLS code (tests/fix_tls.py says why)."""

from __future__ import annotations

import os

import pytest

from refresh_task.database import connect
from refresh_task.errors import DatabaseUnavailableError
from refresh_task.settings import Settings
from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.fix_task import RunTask
from tests.fix_tls import CertificateAuthority, StartTlsFront, TlsFront

HOST = "db.vistafresca.test"
RDS_HOST = "main.c0ffee.eu-west-1.rds.amazonaws.com"
PASSWORD = "an-open-secret"


def _settings(front: TlsFront, database: Database, role: str, host: str, **parameters: object) -> Settings:
    # hostaddr: where to connect; host: whose certificate it must be.
    given = {"host": host, "hostaddr": "127.0.0.1", "port": front.port, "dbname": database.name, "user": role}
    given |= {"password": PASSWORD, **parameters}
    return Settings(database_url=" ".join(f"{name}={value}" for name, value in given.items()))


@pytest.fixture
def role(make_role: MakeRole) -> str:
    return make_role("bi_refresh_reader", password=PASSWORD)


def test_the_right_authority_and_name_are_accepted(
    database: Database, role: str, certificate_authority: CertificateAuthority, start_tls_front: StartTlsFront
) -> None:
    front = start_tls_front(certificate_authority.server_context(HOST))
    settings = _settings(front, database, role, HOST, sslmode="verify-full", sslrootcert=certificate_authority.root)

    with connect(settings, environment={}) as session:
        assert session.fetch_all("read_policies") == []
        assert session._connection.pgconn.ssl_in_use
    assert front.sessions == 1


def test_a_statement_is_cancelled_through_tls_too(
    database: Database, role: str, certificate_authority: CertificateAuthority, start_tls_front: StartTlsFront
) -> None:
    """Cancelling opens a second connection, which is checked like the first: libpq's older call went unencrypted."""
    front = start_tls_front(certificate_authority.server_context(HOST))
    settings = _settings(front, database, role, HOST, sslmode="verify-full", sslrootcert=certificate_authority.root)

    with connect(settings, environment={}) as session:
        session.cancel()
    assert front.sessions == 2


def test_a_certificate_of_another_authority_is_refused(
    database: Database,
    role: str,
    certificate_authority: CertificateAuthority,
    other_authority: CertificateAuthority,
    start_tls_front: StartTlsFront,
) -> None:
    front = start_tls_front(other_authority.server_context(HOST))
    settings = _settings(front, database, role, HOST, sslmode="verify-full", sslrootcert=certificate_authority.root)

    _assert_refused(front, settings, "certificate verify failed")


def test_a_certificate_for_another_name_is_refused(
    database: Database, role: str, certificate_authority: CertificateAuthority, start_tls_front: StartTlsFront
) -> None:
    front = start_tls_front(certificate_authority.server_context("another.vistafresca.test"))
    settings = _settings(front, database, role, HOST, sslmode="verify-full", sslrootcert=certificate_authority.root)

    _assert_refused(front, settings, 'server certificate for "another.vistafresca.test"')


def test_a_server_without_tls_is_refused(
    database: Database, role: str, certificate_authority: CertificateAuthority, start_tls_front: StartTlsFront
) -> None:
    front = start_tls_front(None)
    settings = _settings(front, database, role, HOST, sslmode="verify-full", sslrootcert=certificate_authority.root)

    _assert_refused(front, settings, "server does not support SSL")


def test_an_rds_host_must_prove_itself_by_amazon_s_authorities(
    database: Database, role: str, certificate_authority: CertificateAuthority, start_tls_front: StartTlsFront
) -> None:
    """Nothing is set: the host's name alone makes it verify-full with our bundle, which lacks this authority."""
    front = start_tls_front(certificate_authority.server_context(RDS_HOST))

    _assert_refused(front, _settings(front, database, role, RDS_HOST), "certificate verify failed")


def test_an_rds_host_without_tls_is_refused(database: Database, role: str, start_tls_front: StartTlsFront) -> None:
    """libpq's own default, prefer, would have gone on in clear text."""
    front = start_tls_front(None)

    _assert_refused(front, _settings(front, database, role, RDS_HOST), "server does not support SSL")


def test_pgsslrootcert_takes_the_place_of_the_bundle(
    database: Database,
    role: str,
    certificate_authority: CertificateAuthority,
    start_tls_front: StartTlsFront,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = start_tls_front(certificate_authority.server_context(RDS_HOST))
    monkeypatch.setenv("PGSSLROOTCERT", str(certificate_authority.root))

    with connect(_settings(front, database, role, RDS_HOST), environment=os.environ) as session:
        assert session._connection.pgconn.ssl_in_use


def test_pgsslmode_wins_over_the_default(
    database: Database, role: str, start_tls_front: StartTlsFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = start_tls_front(None)
    monkeypatch.setenv("PGSSLMODE", "prefer")

    with connect(_settings(front, database, role, RDS_HOST), environment=os.environ) as session:
        assert not session._connection.pgconn.ssl_in_use


def test_the_task_runs_over_tls(
    database: Database,
    make_role: MakeRole,
    run_task: RunTask,
    certificate_authority: CertificateAuthority,
    start_tls_front: StartTlsFront,
) -> None:
    role = make_role("bi_refresh_refresher", password=PASSWORD)
    front = start_tls_front(certificate_authority.server_context(RDS_HOST))

    result = run_task(
        None,
        PGHOST=RDS_HOST,
        PGHOSTADDR="127.0.0.1",
        PGPORT=str(front.port),
        PGDATABASE=database.name,
        PGUSER=role,
        PGPASSWORD=PASSWORD,
        PGSSLROOTCERT=str(certificate_authority.root),
    )

    assert (result.exit_code, result.event("run_finished")["status"]) == (0, "succeeded")


def _assert_refused(front: TlsFront, settings: Settings, reason: str) -> None:
    with pytest.raises(DatabaseUnavailableError) as refused:
        connect(settings, environment={})
    assert reason in refused.value.message
    assert "no password was sent" in refused.value.remedy
    assert "PGSSLROOTCERT" in refused.value.remedy
    assert PASSWORD not in str(refused.value)
    assert front.sessions == 0  # not a byte of the start-up packet went past the handshake
