"""The names that people and other tools look for. Everything made for one database begins with its service name."""

from dataclasses import dataclass

from infrastructure.settings import Database, Environment

METRICS_NAMESPACE = "Vistafresca"
CONTAINER = "refresh"
FLEET = "fleet"
"""What stands for all databases in names, where one thing is made for all."""

REQUESTED_GROUP = "vistafresca-requested"
"""The ECS task group of runs for the event queue: so that the rules on task states can tell them apart."""

DEPLOYMENT_GROUP = "vistafresca-deployment"
"""That of the tasks that a deployment runs: whoever deploys is told how they end, and nobody is paged."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names for one database of one environment; the longest settings allow fit AWS's shortest limit, 64 characters."""

    environment: str
    database: str
    interval_minutes: int
    poll_minutes: int

    @classmethod
    def of(cls, environment: Environment, database: Database) -> "Names":
        return cls(
            environment=environment.name,
            database=database.name,
            interval_minutes=database.schedule.interval_minutes,
            poll_minutes=database.schedule.poll_minutes,
        )

    @property
    def service(self) -> str:
        """The `service` dimension of every metric, and field of every log line."""
        return f"{self.environment}-{self.database}"

    @property
    def deployment_role(self) -> str:
        """What migrates the database at a deployment."""
        return f"{self.family}-deployment"

    @property
    def cluster(self) -> str:
        """Shared by the databases of the environment."""
        return f"vistafresca-{self.environment}"

    @property
    def family(self) -> str:
        """The task definition's family."""
        return f"vistafresca-{self.service}"

    @property
    def rule(self) -> str:
        return f"{self.service}-bi-views-refresh-{self.interval_minutes}min"

    @property
    def requested_rule(self) -> str:
        return f"{self.service}-bi-views-requested-{self.poll_minutes}min"

    @property
    def daily_rule(self) -> str:
        """The one rule that the API may change."""
        return f"{self.family}-daily"

    @property
    def api(self) -> str:
        """The HTTP API and its function."""
        return f"{self.service}-bi-api"

    @property
    def api_log_group(self) -> str:
        return f"/aws/lambda/{self.api}"

    @property
    def api_access_log_group(self) -> str:
        """Under this prefix API Gateway's right to write is not counted against the account's ten log policies."""
        return f"/aws/vendedlogs/{self.api}-access"

    @property
    def output_prefix(self) -> str:
        """What the names of this database's outputs begin with: driver-matrix → DriverMatrix."""
        return "".join(part.capitalize() for part in self.database.split("-"))

    @property
    def log_group(self) -> str:
        return f"/aws/ecs/{self.service}-bi-refresh"

    @property
    def place(self) -> str:
        """As alarms name it."""
        return f"Database: {self.database} in {self.environment}"

    @property
    def sentry_monitor(self) -> str:
        """At most 50 characters, which Sentry demands."""
        return f"vistafresca-{self.service}"

    def alarm(self, name: str) -> str:
        return f"vistafresca-{self.service}-{name}"
