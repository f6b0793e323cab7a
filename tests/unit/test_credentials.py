"""Where to connect and as whom, before anything is connected. Secrets are those of moto's Secrets Manager; RDS tokens
are signed for real, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto import mock_aws

from refresh_task.database import credentials
from refresh_task.database.credentials import RDS_CERTIFICATES, connection_parameters, read_secret
from refresh_task.errors import ConfigurationError
from refresh_task.settings import Settings
from tests.fix_aws import create_secret

RDS_HOST = "main.c0ffee.eu-west-1.rds.amazonaws.com"
RDS_SECRET = {"username": "app", "password": "pa:ss@wo/rd", "host": RDS_HOST, "port": 5433, "dbname": "shop"}
IAM = {"PGHOST": RDS_HOST, "PGUSER": "app", "PGDATABASE": "shop", "AWS_REGION": "eu-west-1"}
PASSWORD = "hunter2"


@pytest.fixture
def _aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "fake")


@pytest.fixture
def _secrets_manager() -> Iterator[None]:
    with mock_aws():
        yield


# ---- DATABASE_URL and libpq's variables ----------------------------------------------------------


def test_without_any_setting_libpq_s_variables_decide() -> None:
    """Nothing about where and as whom: only how long to wait and how to notice a dead line."""
    assert connection_parameters(Settings(), {"PGHOST": "db.example.com"}) == {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        "client_encoding": "utf8",
        "fallback_application_name": "vistafresca",
    }


@pytest.mark.parametrize(
    "url", ["postgresql://app:p%40ss@db.example.com:5433/shop", "host=db.example.com port=5433 user=app dbname=shop"]
)
def test_a_url_and_a_key_value_string_are_understood(url: str) -> None:
    parameters = connection_parameters(Settings(database_url=url), {})
    assert (parameters["host"], parameters["port"], parameters["user"]) == ("db.example.com", "5433", "app")
    assert parameters.get("password", "p@ss") == "p@ss"


def test_a_url_s_own_parameters_win_over_ours() -> None:
    url = "postgresql://db/shop?connect_timeout=3&keepalives_idle=5&application_name=mine"
    parameters = connection_parameters(Settings(database_url=url), {})
    assert (parameters["connect_timeout"], parameters["keepalives_idle"]) == ("3", "5")
    assert parameters["application_name"] == "mine"


def test_pgconnect_timeout_wins_over_ours() -> None:
    assert "connect_timeout" not in connection_parameters(Settings(), {"PGCONNECT_TIMEOUT": "3"})


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://app:{PASSWORD}@db/shop",
        f"postgresql+psycopg://app:{PASSWORD}@db/shop",
        f"postgresql://app:x@{PASSWORD}@db/shop",
        f"postgresql://app:x/{PASSWORD}@db/shop",
        f"postgresql://app:12/{PASSWORD}@db/shop",
        f"postgresql://app:12/%40/{PASSWORD}@db/shop",
        f"postgresql://app:12/x?{PASSWORD}@db/shop",
        f"postgresql://app:{PASSWORD}/x@db/shop",
        f"postgresql://app:{PASSWORD}%zz@db/shop",
        f"postgresql://app:{PASSWORD}@db:port/shop",
        f"postgresql://app:{PASSWORD}@db/shop?conect_timeout=3",
        f"host=db password=a {PASSWORD}",
        f"host=db password='{PASSWORD}",
        PASSWORD,
    ],
)
def test_a_malformed_url_is_explained_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        connection_parameters(Settings(database_url=url), {})
    error = refused.value
    assert error.subject == "DATABASE_URL"
    assert "percent-encode" in error.remedy
    assert PASSWORD not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@db,standby:5432,5433/shop",
        "postgresql:///shop?host=/var/run/postgresql",
        "postgresql://db/shop?application_name=me@here",
        "postgresql://db/a%40b",
    ],
)
def test_unusual_urls_are_not_taken_for_malformed(url: str) -> None:
    assert connection_parameters(Settings(database_url=url), {})["dbname"] in ("shop", "a@b")


# ---- TLS -----------------------------------------------------------------------------------------

TLS_CASES: dict[str, tuple[str, Mapping[str, str], tuple[str | None, str | None]]] = {
    "an RDS host": (f"host={RDS_HOST}", {}, ("verify-full", "bundle")),
    "its letters in upper case": (f"host={RDS_HOST.upper()}", {}, ("verify-full", "bundle")),
    "an RDS host in PGHOST": ("dbname=shop", {"PGHOST": RDS_HOST}, ("verify-full", "bundle")),
    "another host": ("host=db.example.com", {}, (None, None)),
    "a host that only looks like it": ("host=db.rds.amazonaws.com.example.com", {}, (None, None)),
    "PGSSLMODE": (f"host={RDS_HOST}", {"PGSSLMODE": "require"}, (None, None)),
    "the URL's sslmode": (f"host={RDS_HOST} sslmode=disable", {}, ("disable", None)),
    "PGSSLROOTCERT": (f"host={RDS_HOST}", {"PGSSLROOTCERT": "/mine.pem"}, ("verify-full", None)),
    "the URL's sslrootcert": (f"host={RDS_HOST} sslrootcert=/mine.pem", {}, ("verify-full", "/mine.pem")),
    # Without our bundle, libpq would look for ~/.postgresql/root.crt and fail.
    "verify-full asked for": (f"host={RDS_HOST} sslmode=verify-full", {}, ("verify-full", "bundle")),
    "verify-ca asked for": (f"host={RDS_HOST}", {"PGSSLMODE": "verify-ca"}, (None, "bundle")),
    # With a root certificate, libpq makes verify-ca of it, which is not what was asked for.
    "require asked for": (f"host={RDS_HOST} sslmode=require", {}, ("require", None)),
    # libpq takes an empty sslmode for a wrong one.
    "empty variables": (f"host={RDS_HOST}", {"PGSSLMODE": "", "PGSSLROOTCERT": ""}, ("verify-full", "bundle")),
}


@pytest.mark.parametrize("case", TLS_CASES)
def test_aws_databases_have_to_prove_themselves_unless_told_otherwise(case: str) -> None:
    url, environment, (sslmode, sslrootcert) = TLS_CASES[case]
    parameters = connection_parameters(Settings(database_url=url), environment)
    assert parameters.get("sslmode") == sslmode
    assert parameters.get("sslrootcert") == (str(RDS_CERTIFICATES) if sslrootcert == "bundle" else sslrootcert)


# ---- An RDS secret -------------------------------------------------------------------------------


@pytest.mark.usefixtures("_secrets_manager")
def test_an_rds_secret_says_everything_and_asks_for_proof_of_identity() -> None:
    arn = create_secret(json.dumps(RDS_SECRET))
    parameters = connection_parameters(Settings(database_secret_arn=arn), {})
    assert {name: parameters[name] for name in ("user", "password", "host", "port", "dbname")} == {
        "user": "app", "password": "pa:ss@wo/rd", "host": RDS_HOST, "port": 5433, "dbname": "shop",
    }  # fmt: skip
    assert (parameters["sslmode"], parameters["sslrootcert"]) == ("verify-full", str(RDS_CERTIFICATES))


@pytest.mark.usefixtures("_secrets_manager")
def test_a_secret_that_rds_manages_is_completed_by_libpq_s_variables() -> None:
    arn = create_secret(json.dumps({"username": "app", "password": "x"}))
    environment = {"PGHOST": "proxy.example.com", "PGDATABASE": "shop"}
    parameters = connection_parameters(Settings(database_secret_arn=arn), environment)
    assert (parameters["user"], parameters["password"]) == ("app", "x")
    assert not {"host", "port", "dbname"} & parameters.keys()
    assert parameters["sslmode"] == "verify-full"  # whatever the host is called


@pytest.mark.usefixtures("_secrets_manager")
def test_libpq_s_variables_win_over_the_secret_unless_they_are_empty() -> None:
    arn = create_secret(json.dumps(RDS_SECRET))
    environment = {"PGHOST": "proxy.example.com", "PGPORT": "", "PGDATABASE": ""}
    parameters = connection_parameters(Settings(database_secret_arn=arn), environment)
    assert "host" not in parameters
    assert (parameters["port"], parameters["dbname"]) == (5433, "shop")


@pytest.mark.usefixtures("_secrets_manager")
def test_a_secret_without_a_host_needs_pghost() -> None:
    """Otherwise libpq would look for a server on the container's own socket."""
    arn = create_secret(json.dumps({"username": "app", "password": PASSWORD}))
    with pytest.raises(ConfigurationError, match="PGHOST and PGDATABASE are not set") as refused:
        connection_parameters(Settings(database_secret_arn=arn), {})
    assert refused.value.subject == "VISTAFRESCA_DATABASE_SECRET_ARN"


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        f'{{"username": "app", "password": "{PASSWORD}"',
        f'["app", "{PASSWORD}"]',
        f'"{PASSWORD}"',
        "null",
        "5",
        f'{{"user": "app", "password": "{PASSWORD}"}}',
        '{"username": "app", "password": null}',
        f'{{"username": ["app"], "password": "{PASSWORD}"}}',
    ],
)
def test_a_secret_of_another_form_is_explained_without_its_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "read_secret", lambda _arn, *, setting: text)  # noqa: ARG005  # called by keyword
    with pytest.raises(ConfigurationError, match="not the JSON of an RDS secret") as refused:
        connection_parameters(Settings(database_secret_arn="arn:any"), {})
    assert PASSWORD not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.usefixtures("_secrets_manager")
def test_a_binary_secret_is_refused() -> None:
    arn = create_secret(b"\x00\x01")
    with pytest.raises(ConfigurationError, match="is binary"):
        read_secret(arn, setting="VISTAFRESCA_SENTRY_DSN_SECRET_ARN")


@pytest.mark.usefixtures("_secrets_manager")
def test_a_missing_secret_names_the_setting_and_the_remedy() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf"
    with pytest.raises(ConfigurationError, match="ResourceNotFoundException") as refused:
        connection_parameters(Settings(database_secret_arn=arn), {})
    assert refused.value.subject == "VISTAFRESCA_DATABASE_SECRET_ARN"
    assert "secretsmanager:GetSecretValue" in refused.value.remedy


@pytest.mark.usefixtures("_aws_credentials")
@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("denied", "AccessDeniedException"),
        ("unreachable", "Could not connect"),
    ],
)
def test_a_secret_that_may_not_or_cannot_be_read_is_explained(
    failure: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client  # noqa: PLC0415  # the product imports it no earlier either
    import botocore.exceptions  # noqa: PLC0415

    error = (
        botocore.exceptions.ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "no identity-based policy allows it"}},
            "GetSecretValue",
        )
        if failure == "denied"
        else botocore.exceptions.EndpointConnectionError(endpoint_url="https://secretsmanager.invalid")
    )

    def fail(*_arguments: Any) -> None:
        raise error

    # What AWS answers; moto has no policies, and a test no network to lose.
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", fail)
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:main-AbCdEf"
    with pytest.raises(ConfigurationError, match=reason) as refused:
        connection_parameters(Settings(database_secret_arn=arn), {})
    assert "task role" in refused.value.remedy


def test_a_secret_without_aws_credentials_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:main-AbCdEf"
    with pytest.raises(ConfigurationError, match="Unable to locate credentials"):
        connection_parameters(Settings(database_secret_arn=arn), {})


# ---- An RDS IAM token ----------------------------------------------------------------------------


@pytest.mark.usefixtures("_aws_credentials")
@pytest.mark.parametrize(("pgport", "port"), [("6543", 6543), ("", 5432)])
def test_an_iam_token_is_signed_for_this_host_port_and_user(pgport: str, port: int) -> None:
    parameters = connection_parameters(Settings(database_iam_auth=True), {**IAM, "PGPORT": pgport})

    signed = urlsplit(f"https://{parameters['password']}")
    query = parse_qs(signed.query)
    assert (signed.hostname, signed.port, parameters["port"]) == (RDS_HOST, port, port)
    assert (query["Action"], query["DBUser"], query["X-Amz-Expires"]) == (["connect"], ["app"], ["900"])
    assert "/eu-west-1/rds-db/aws4_request" in query["X-Amz-Credential"][0]
    assert (parameters["sslmode"], parameters["sslrootcert"]) == ("verify-full", str(RDS_CERTIFICATES))


@pytest.mark.parametrize("missing", ["PGHOST", "PGUSER", "PGDATABASE"])
def test_an_iam_token_needs_to_know_what_it_is_for(missing: str) -> None:
    for environment in ({**IAM, missing: ""}, {name: value for name, value in IAM.items() if name != missing}):
        with pytest.raises(ConfigurationError, match=f"needs {missing} too") as refused:
            connection_parameters(Settings(database_iam_auth=True), environment)
        assert refused.value.subject == "VISTAFRESCA_DATABASE_IAM_AUTH"


@pytest.mark.usefixtures("_aws_credentials")
def test_an_iam_token_is_not_signed_for_a_port_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="'postgres' is not a port"):
        connection_parameters(Settings(database_iam_auth=True), {**IAM, "PGPORT": "postgres"})


@pytest.mark.usefixtures("_aws_credentials")
def test_an_iam_token_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="specify a region") as refused:
        connection_parameters(Settings(database_iam_auth=True), {**IAM, "AWS_REGION": ""})
    assert "AWS_REGION" in refused.value.remedy


def test_an_iam_token_needs_aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="Unable to locate credentials") as refused:
        connection_parameters(Settings(database_iam_auth=True), IAM)
    assert "task role" in refused.value.remedy
