"""One environment: an account and region, a network, an image, who is paged, and its databases."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infrastructure.settings.api import Api
from infrastructure.settings.database import Database
from infrastructure.settings.run import Alarms, Guards, Schedule, Sentry, Task
from infrastructure.settings.section import (
    AccountId,
    Cidr,
    Email,
    KeyArn,
    PinnedImage,
    Region,
    Section,
    ShortName,
    SubnetId,
    TopicArn,
    VpcId,
    Zone,
)

OVERRIDABLE = ("schedule", "task", "guards", "alarms", "sentry", "api")
"""The tables that a database may have too; its keys win over the environment's."""


OVERRIDABLE_KEYS = ("migrate_on_deploy",)
"""The keys of the environment that a database may have too."""

_NOT_IN_A_MAP = {
    "provisioned": "its secret is known only once it is deployed; use databases that are there already",
    "api.enabled": 'an API is one database\'s; use layout = "nested" for databases that need one',
    "migrate_on_deploy": "a deployment migrates one database at a time; run the outputs Migrate and Apply",
    "guards.min_free_storage_gib": 'one task cannot be told of every instance; use layout = "nested", or 0',
}
"""What needs something made for one database, and what to do instead."""


class Network(Section):
    """An existing VPC, described here so that synth asks AWS nothing; or a range of addresses for a new one."""

    availability_zones: Annotated[tuple[Zone, ...], Field(min_length=1)]
    """Zones of the subnets, in the subnets' order."""

    vpc_id: VpcId | None = None
    """The existing VPC."""

    private_subnet_ids: tuple[SubnetId, ...] = ()
    """Its private subnets with a way out (NAT or endpoints), one per zone; tasks run there."""

    resolver_cidrs: tuple[Cidr, ...] = ()
    """Addresses of your own DNS servers. Not needed for Amazon's, which security groups do not filter."""

    cidr: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+\.\d+/(1[6-9]|2[0-4])$")] | None = None
    """Makes a new VPC with this range: public subnets without a NAT gateway for the tasks, isolated ones for
    the database."""

    @model_validator(mode="after")
    def _existing_or_new(self) -> Self:
        if (self.vpc_id is None) == (self.cidr is None):
            msg = "give either vpc_id (an existing VPC) or cidr (a new one)"
            raise ValueError(msg)
        if self.cidr is not None and self.private_subnet_ids:
            msg = "private_subnet_ids goes with vpc_id; a new VPC makes its own: remove the key"
            raise ValueError(msg)
        if self.vpc_id is not None and len(self.private_subnet_ids) != len(self.availability_zones):
            msg = (
                f"private_subnet_ids has {len(self.private_subnet_ids)} entries and availability_zones "
                f"{len(self.availability_zones)}: give one subnet per zone, in the same order"
            )
            raise ValueError(msg)
        return self


class Image(Section):
    """What the task runs."""

    uri: PinnedImage | None = None
    """An image pinned by digest. Absent: built from refresh_task/Dockerfile when deploying, which needs a
    container engine."""


class Pager(Section):
    """Who is told."""

    emails: tuple[Email, ...] = ()
    """Addresses to subscribe to this stack's own topic; each must confirm once."""

    topic_arn: TopicArn | None = None
    """An existing topic instead. Its policy and key must let CloudWatch and this stack publish: see the
    output PagerPolicy."""

    topic_kms_key_arn: KeyArn | None = None
    """The customer-managed key of that topic, if it is encrypted."""

    runbook_url: str = "docs/runbook.md"
    """Where the runbook can be read; alarms link to its sections."""

    @model_validator(mode="after")
    def _one_topic(self) -> Self:
        if self.emails and self.topic_arn is not None:
            msg = (
                "emails are subscribed to this stack's own topic, and topic_arn replaces it: subscribe "
                "them to that topic and remove emails"
            )
            raise ValueError(msg)
        if self.topic_kms_key_arn is not None and self.topic_arn is None:
            msg = "topic_kms_key_arn is the key of topic_arn; this stack's own topic has its own key: remove it"
            raise ValueError(msg)
        return self


class Map(Section):
    """How layout = "map" goes through its databases."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 40
    """Tasks at the same time. The databases' number, times a run's duration, divided by this must be less than the
    interval."""


class Environment(Section):
    """Everything about one deployment. Its name is the file's."""

    name: ShortName
    """Not a key: the file's name."""

    account: AccountId | None = None
    """The account to deploy to. Absent: that of the credentials in use, which suits a sandbox; production names it."""

    region: Region
    """The region to deploy to."""

    removal_policy: Literal["retain", "destroy"] = "retain"
    """What becomes of logs, the pager's key and a provisioned database when the stack is deleted; retain also
    protects the stack."""

    log_retention_days: Literal[1, 3, 7, 14, 30, 60, 90, 180, 365] = 30
    """How long log lines are kept."""

    cpu_architecture: Literal["ARM64", "X86_64"] = "ARM64"
    """ARM64 costs a fifth less. An image given by uri must be built for it."""

    container_insights: bool = False
    """ECS's own metrics of CPU and memory, which cost extra. What decides whether data is fresh does not need them."""

    layout: Literal["single", "nested", "map"] = "single"
    """How databases become stacks (docs/fleet.md): single, all in one, up to a dozen; nested, a stack of its own for
    each; map, one task definition for all, started by a state machine, for hundreds. It cannot be changed in place."""

    map: Map = Map()
    """For layout = "map" alone."""
    migrate_on_deploy: bool = False
    """true: each deployment that changes a database's schema, its policies or its task runs the outputs Migrate and
    Apply by itself, before the rules change, and fails if they do."""

    network: Network
    """Where tasks run."""

    image: Image = Image()
    """What they run."""

    pager: Pager
    """Who is told."""

    schedule: Schedule = Schedule()
    """For all databases."""

    task: Task = Task()
    """For all databases."""

    guards: Guards = Guards()
    """For all databases."""

    alarms: Alarms = Alarms()
    """For all databases."""

    sentry: Sentry = Sentry()
    """For all databases."""

    api: Api = Api()
    """For all databases."""

    database: Annotated[tuple[Database, ...], Field(min_length=1)]
    """One table [[database]] each."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [database.name for database in self.database]
        if twice := next((name for name in names if names.count(name) > 1), None):
            msg = f'two databases are named "{twice}": alarms, rules and logs are named after them, so rename one'
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_task_serves_all(self) -> Self:
        """With layout = "map" nothing that belongs to the task definition or the schedule may be a database's own."""
        if self.layout != "map":
            if self.map != Map():
                msg = f'[map] goes with layout = "map", and this is "{self.layout}": remove the table'
                raise ValueError(msg)
            return self
        first = self.database[0]
        for database in self.database:
            own = [
                *(table for table in OVERRIDABLE if getattr(database, table) != getattr(self, table)),
                *(("systems",) if database.systems != first.systems else ()),
            ]
            if own:
                msg = (
                    f'layout = "map" starts one task definition at one time for all databases, and "{database.name}" '
                    f"has its own {own[0]}: say it for all, or move the database to an environment of its own"
                )
                raise ValueError(msg)
            for unsupported, why in _NOT_IN_A_MAP.items():
                if _given(database, unsupported):
                    msg = f'layout = "map" has no {unsupported} ("{database.name}"): {why}'
                    raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        """What lies elsewhere would be found missing only when deploying, or when the first task asks for it."""
        elsewhere = [zone for zone in self.network.availability_zones if zone[:-1] != self.region]
        arns = [self.pager.topic_arn, self.pager.topic_kms_key_arn]
        for database in self.database:
            arns += [database.sentry.dsn_secret_arn, database.secret.arn if database.secret is not None else None]
        elsewhere += [arn for arn in arns if arn is not None and arn.split(":")[3] != self.region]
        if elsewhere:
            msg = f"region = {self.region}, but {elsewhere[0]} is not in it: correct one of the two"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _lambda_runs_the_image(self) -> Self:
        """Lambda takes images from ECR in its own region only, where Fargate takes any."""
        if self.image.uri is None or f".dkr.ecr.{self.region}.amazonaws.com" in self.image.uri:
            return self
        for database in self.database:
            if database.api.enabled:
                msg = (
                    f"image.uri ({self.image.uri.split('@')[0]}) is not in ECR in {self.region}, and Lambda, which "
                    f"runs the API of {database.name}, pulls from nowhere else: copy the image there"
                )
                raise ValueError(msg)
        return self


def _given(database: Database, path: str) -> bool:
    """Whether a key that is nothing, false or 0 by default has been given: "api.enabled"."""
    value: object = database
    for part in path.split("."):
        value = getattr(value, part)
    return bool(value)
