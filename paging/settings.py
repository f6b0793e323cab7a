"""What the stack tells the function, and what Lambda tells every function."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One environment's. `own_log_group` is the function's: there it finds when an alarm began."""

    environment: str
    topic_arn: str
    runbook_url: str
    own_log_group: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Settings":
        """Raises KeyError with the variable's name: then Lambda hands the raw alarm to the people's topic."""
        return cls(
            environment=variables["VISTAFRESCA_ENVIRONMENT"],
            topic_arn=variables["VISTAFRESCA_PEOPLE_TOPIC_ARN"],
            runbook_url=variables["VISTAFRESCA_RUNBOOK_URL"],
            own_log_group=variables["AWS_LAMBDA_LOG_GROUP_NAME"],
        )

    def service(self, database: str) -> str:
        """What everything made for one database is named after (infrastructure/naming.py)."""
        return f"{self.environment}-{database}"

    def task_log_group(self, database: str) -> str:
        return f"/aws/ecs/{self.service(database)}-bi-refresh"

    def api_log_group(self, database: str) -> str:
        return f"/aws/lambda/{self.service(database)}-bi-api"

    def runbook(self, section: str | None) -> str:
        """Where to read what to do."""
        return self.runbook_url if section is None else f"{self.runbook_url}#{section}"
