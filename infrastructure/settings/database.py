"""One database of an environment: how it is reached, and what it says otherwise than its environment."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from infrastructure.settings.api import Api
from infrastructure.settings.run import Alarms, Guards, Schedule, Sentry, Task
from infrastructure.settings.section import KeyArn, ResourceId, SecretArn, Section, SecurityGroupId, ShortName

_SYSTEMS = Path(__file__).parents[2] / "sql" / "systems"

Port = Annotated[int, Field(ge=1, le=65535)]


class Secret(Section):
    """A secret in the form RDS writes: JSON with username, password and perhaps host, port, dbname."""

    arn: SecretArn
    """Complete ARN; the task reads the secret when it runs, so a rotated password needs no deployment."""

    kms_key_arn: KeyArn | None = None
    """The customer-managed key of that secret, if it has one."""

    host: str | None = None
    """Overrides the secret's host (for a proxy or a replica). A secret that RDS manages has none, so it must
    be given."""

    port: Port = 5432
    """The database's port: opened in the security groups and passed to the task."""

    dbname: str | None = None
    """Overrides the secret's dbname. A secret that RDS manages has none, so it must be given."""


class IamAuthentication(Section):
    """A token of RDS's IAM authentication instead of a password."""

    host: str
    """Endpoint of the instance, cluster or proxy."""

    port: Port = 5432
    """Its port."""

    user: str
    """The database role, which has been granted rds_iam."""

    dbname: str
    """The database to connect to."""

    resource_id: ResourceId
    """What rds-db:connect is granted on: db-…, cluster-… or prx-…, never the name."""


class ProvisionedInstance(Section):
    """A small RDS instance made by this stack, for trying things out. Its generated secret is used."""

    instance_class: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9]+$")] = "t4g.micro"
    """RDS instance class without its db. prefix."""

    engine_version: Literal["14", "15", "16", "17", "18"] = "17"
    """PostgreSQL's major version."""

    storage_gib: Annotated[int, Field(ge=20, le=1000)] = 20
    """Disk in GiB."""

    dbname: str = "vistafresca"
    """The database made in it."""


class Database(Section):
    """Gets a task definition, a rule and a set of alarms of its own."""

    name: ShortName
    """Short name, unique in the file; part of the names of everything made for it."""

    security_group_id: SecurityGroupId | None = None
    """The database's security group; the task is let in on its port. Needed unless the instance is provisioned."""

    secret: Secret | None = None
    """How to connect: with a secret,"""

    iam: IamAuthentication | None = None
    """or with a token,"""

    provisioned: ProvisionedInstance | None = None
    """or to an instance made here. Exactly one of the three."""

    instance_id: Annotated[str, Field(pattern=r"^[a-z](-?[a-z0-9]){0,62}$")] | None = None
    """The RDS instance's identifier, for guards.min_free_storage_gib."""

    systems: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ...] = ()
    """Source systems of sql/systems that the outputs Migrate and Apply install too, with an output for sample
    rows."""

    migrate_on_deploy: bool | None = None
    """Overrides migrate_on_deploy. Absent: as the environment says."""

    schedule: Schedule = Schedule()
    """Overrides keys of [schedule]."""

    task: Task = Task()
    """Overrides keys of [task]."""

    guards: Guards = Guards()
    """Overrides keys of [guards]."""

    alarms: Alarms = Alarms()
    """Overrides keys of [alarms]."""

    sentry: Sentry = Sentry()
    """Overrides keys of [sentry]."""

    api: Api = Api()
    """Overrides keys of [api]."""

    @property
    def interval_s(self) -> int:
        return self.schedule.interval_minutes * 60

    @property
    def run_deadline_s(self) -> int:
        return self.task.run_deadline_s or self.interval_s - 60

    @property
    def statement_timeout_s(self) -> int:
        return self.task.statement_timeout_s or min(300, self.run_deadline_s)

    @property
    def slow_run_s(self) -> int:
        return self.alarms.slow_run_s or min(self.interval_s * 8 // 10, self.run_deadline_s * 9 // 10)

    @property
    def oldest_request_s(self) -> int:
        return self.alarms.oldest_request_s or max(600, 2 * 60 * self.schedule.poll_minutes)

    @property
    def sentry_max_runtime_min(self) -> int:
        return self.sentry.max_runtime_min or self.run_deadline_s // 60 + 1

    @field_validator("systems")
    @classmethod
    def _systems_exist(cls, systems: tuple[str, ...]) -> tuple[str, ...]:
        known = sorted(folder.parent.name for folder in _SYSTEMS.glob("*/migrations"))
        for system in systems:
            if system not in known:
                msg = f"there is no source system '{system}': the known ones are {', '.join(known)}"
                raise ValueError(msg)
        return systems

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        ways = [way for way in ("secret", "iam", "provisioned") if getattr(self, way) is not None]
        if len(ways) != 1:
            found = ", ".join(ways) or "none"
            msg = f"give exactly one of [database.secret], [database.iam], [database.provisioned]; found {found}"
            raise ValueError(msg)
        if self.provisioned is None and self.security_group_id is None:
            msg = "security_group_id is missing: without it the task could not be let in to the database"
            raise ValueError(msg)
        if self.provisioned is not None and self.security_group_id is not None:
            msg = "security_group_id goes with an existing database; a provisioned one gets its own: remove the key"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _storage_is_somebodys(self) -> Self:
        if self.guards.min_free_storage_gib and self.instance_id is None and self.provisioned is None:
            msg = (
                f"guards.min_free_storage_gib ({self.guards.min_free_storage_gib}) needs instance_id, for CloudWatch "
                "is asked for the free storage of an RDS instance: add the key"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _times_nest(self) -> Self:
        """statement timeout ≤ deadline < interval, slow < deadline < Sentry's patience: otherwise one of them
        never acts."""
        deadline = f"task.run_deadline_s ({self.run_deadline_s})"
        if self.run_deadline_s >= self.interval_s:
            msg = f"{deadline} must be shorter than the interval ({self.interval_s} s), or runs would overlap: lower it"
            raise ValueError(msg)
        if self.statement_timeout_s > self.run_deadline_s:
            msg = f"task.statement_timeout_s ({self.statement_timeout_s}) must not be longer than {deadline}: lower it"
            raise ValueError(msg)
        if self.slow_run_s >= self.run_deadline_s:
            msg = (
                f"alarms.slow_run_s ({self.slow_run_s}) must be shorter than {deadline}, or it could never "
                "be reached: lower it"
            )
            raise ValueError(msg)
        if self.sentry_max_runtime_min * 60 <= self.run_deadline_s:
            msg = f"sentry.max_runtime_min ({self.sentry_max_runtime_min}) must be longer than {deadline}: raise it"
            raise ValueError(msg)
        return self
