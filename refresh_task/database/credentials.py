"""Where to connect and as whom: a DATABASE_URL, libpq's own variables, an RDS secret or an RDS IAM token.

botocore is imported only where AWS has to be asked: it costs as much as everything else that the task imports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from refresh_task.errors import ConfigurationError
from refresh_task.settings import Settings

# AWS's own roots for RDS, Aurora and RDS Proxy (certificates/README.md).
RDS_CERTIFICATES = Path(__file__).parent / "certificates" / "rds-global-bundle.pem"

_AWS_TIMEOUT_S = 5


def connection_parameters(settings: Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Parameters for psycopg.connect(); what is left out libpq takes from its PG… variables.

    Reads the secret, or signs the token, anew at every call. Raises ConfigurationError naming the variable; no
    message ever repeats a connection string or a secret.
    """
    if settings.database_secret_arn:
        chosen = _from_secret(settings.database_secret_arn, environment)
    elif settings.database_iam_auth:
        chosen = _from_iam(environment)
    elif settings.database_url:
        chosen = _from_url(settings.database_url)
    else:
        chosen = {}

    host = str(chosen.get("host") or environment.get("PGHOST") or "").lower()
    is_aws = bool(settings.database_secret_arn) or settings.database_iam_auth or host.endswith(".rds.amazonaws.com")
    if is_aws and not (chosen.get("sslmode") or environment.get("PGSSLMODE")):
        # libpq's default, `prefer`, would go on in clear text with whoever answers.
        chosen["sslmode"] = "verify-full"
    verifies = (chosen.get("sslmode") or environment.get("PGSSLMODE")) in ("verify-ca", "verify-full")
    if is_aws and verifies and not (chosen.get("sslrootcert") or environment.get("PGSSLROOTCERT")):
        chosen["sslrootcert"] = str(RDS_CERTIFICATES)
    if not environment.get("PGCONNECT_TIMEOUT"):
        chosen.setdefault("connect_timeout", 10)
    return {
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # A network that swallows what we send would otherwise hold us for the kernel's quarter of an hour.
        "tcp_user_timeout": 60_000,
        "client_encoding": "utf8",
        "fallback_application_name": "vistafresca",
        **chosen,
    }


def read_secret(arn: str, *, setting: str) -> str:
    """The text of a Secrets Manager secret. Raises ConfigurationError naming the setting that holds the ARN."""
    import botocore.exceptions  # noqa: PLC0415  # see the module's docstring

    try:
        answer = aws_client("secretsmanager", arn.split(":")[3]).get_secret_value(SecretId=arn)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise ConfigurationError(
            f"the secret {arn} could not be read: {error}.",
            subject=setting,
            remedy="Check the ARN, the task role's secretsmanager:GetSecretValue on it, and the route to AWS.",
        ) from None
    if "SecretString" not in answer:
        raise ConfigurationError(
            f"the secret {arn} is binary.", subject=setting, remedy="Store its value as text, or name another secret."
        )
    return str(answer["SecretString"])


def _from_secret(arn: str, environment: Mapping[str, str]) -> dict[str, Any]:
    variable = "VISTAFRESCA_DATABASE_SECRET_ARN"
    text = read_secret(arn, setting=variable)
    try:
        secret = json.loads(text)
        # A secret that RDS manages itself has only these two; the rest then comes from libpq's variables.
        parameters = {"user": secret["username"], "password": secret["password"]}
        if not all(isinstance(value, str) and value for value in parameters.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            "the secret is not the JSON of an RDS secret (username, password, host, port, dbname).",
            subject=variable,
            remedy="Point it at the secret that RDS made for the database, or give yours these keys.",
        ) from None
    for name, variable_of_libpq in (("host", "PGHOST"), ("port", "PGPORT"), ("dbname", "PGDATABASE")):
        if secret.get(name) and not environment.get(variable_of_libpq):
            parameters[name] = secret[name]
    missing = [
        name_of_libpq
        for name, name_of_libpq in (("host", "PGHOST"), ("dbname", "PGDATABASE"))
        if not (name in parameters or environment.get(name_of_libpq))
    ]
    if missing:
        raise ConfigurationError(
            f"the secret does not say where the database is, and {' and '.join(missing)} are not set.",
            subject=variable,
            remedy="Set them: a secret that RDS manages holds only the user's name and password.",
        )
    return parameters


def _from_iam(environment: Mapping[str, str]) -> dict[str, Any]:
    import botocore.exceptions  # noqa: PLC0415  # see the module's docstring

    missing = [name for name in ("PGHOST", "PGUSER", "PGDATABASE") if not environment.get(name)]
    if missing:
        raise ConfigurationError(
            f"IAM authentication needs {', '.join(missing)} too.",
            subject="VISTAFRESCA_DATABASE_IAM_AUTH",
            remedy="Set them: the token is signed for one host, port and user.",
        )
    try:
        port = int(environment.get("PGPORT") or "5432")
    except ValueError:
        raise ConfigurationError(
            f"'{environment['PGPORT']}' is not a port.", subject="PGPORT", remedy="Write a number such as 5432."
        ) from None
    try:
        token = aws_client("rds", environment.get("AWS_REGION") or None).generate_db_auth_token(
            DBHostname=environment["PGHOST"], Port=port, DBUsername=environment["PGUSER"]
        )
    except botocore.exceptions.BotoCoreError as error:
        raise ConfigurationError(
            f"no RDS token could be signed: {error}.",
            subject="VISTAFRESCA_DATABASE_IAM_AUTH",
            remedy="Check the task role and AWS_REGION.",
        ) from None
    return {"port": port, "password": token}


def _from_url(url: str) -> dict[str, Any]:
    try:
        parameters = conninfo_to_dict(url)
        _refuse_split_password(parameters, url)
    except (psycopg.ProgrammingError, ValueError):
        # libpq's own message would repeat parts of the string, the password perhaps among them.
        raise ConfigurationError(
            "it is neither a URL (postgresql://user@host:5432/dbname) nor a key=value string that libpq understands.",
            subject="DATABASE_URL",
            remedy="Check its scheme, and percent-encode special characters in the password.",
        ) from None
    return parameters


def _refuse_split_password(parameters: Mapping[str, Any], url: str) -> None:
    """Raise ValueError where a password with a bare @ or / was taken apart: its rest would be the host, the port or the
    database, which messages name."""
    scheme, _, rest = url.partition("://")
    server, _, path = rest.partition("/")
    if scheme in ("postgresql", "postgres") and (server.count("@") > 1 or "@" in path.partition("?")[0]):
        raise ValueError
    if not all(port.isdecimal() for port in str(parameters.get("port") or "5432").split(",") if port):
        raise ValueError


def aws_client(service: str, region: str | None) -> Any:
    """A client that gives up soon; without a region, that of the task."""
    import botocore.config  # noqa: PLC0415  # see the module's docstring
    import botocore.session  # noqa: PLC0415

    configuration = botocore.config.Config(
        connect_timeout=_AWS_TIMEOUT_S,
        read_timeout=_AWS_TIMEOUT_S,
        retries={"total_max_attempts": 3, "mode": "standard"},
    )
    return botocore.session.get_session().create_client(service, region_name=region, config=configuration)
