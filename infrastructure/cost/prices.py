"""What AWS asks for, from prices.toml: region, date and source stand there."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("prices.toml")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str


class _Fargate(_Table):
    least_s: int
    arm64_vcpu_hour: float
    arm64_gb_hour: float
    x86_64_vcpu_hour: float
    x86_64_gb_hour: float


class _Network(_Table):
    nat_gateway_hour: float
    nat_gb: float
    public_ipv4_hour: float
    interface_endpoint_hour: float
    s3_gateway_endpoint_hour: float


class _CloudWatch(_Table):
    alarm_metric_month: float
    custom_metric_month: float
    dashboard_month: float
    log_ingested_gb: float
    log_stored_gb_month: float


class _SecretsManager(_Table):
    secret_month: float
    ten_thousand_calls: float


class _Kms(_Table):
    key_month: float
    ten_thousand_calls: float


class _Api(_Table):
    million_http_requests: float
    million_invocations: float
    arm64_gb_second: float
    x86_64_gb_second: float


class _StepFunctions(_Table):
    thousand_transitions: float


class _Rds(_Table):
    gp3_gb_month: float
    instance_hour: Mapping[str, float]


class Prices(BaseModel):
    """Dollars; the names say per what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    as_of: date
    fargate: _Fargate
    network: _Network
    cloudwatch: _CloudWatch
    secrets_manager: _SecretsManager
    kms: _Kms
    api: _Api
    step_functions: _StepFunctions
    rds: _Rds


@cache
def prices() -> Prices:
    """Read once."""
    return Prices.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))
