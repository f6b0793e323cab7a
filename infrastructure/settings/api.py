"""The HTTP API of a database: whether there is one, who may call it, how much it may take, and a daily run."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from infrastructure.settings.section import HttpsUrl, Origin, PrincipalArn, Section


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        msg = "is no time zone of the IANA database, such as America/Bogota"
        raise ValueError(msg) from None
    return name


class DailyRefresh(Section):
    """A moment of every day at which a run starts, whatever the interval; the API's reschedule moves it."""

    hour: Annotated[int, Field(ge=0, le=23)] = 1
    """The hour in that time zone."""

    minute: Annotated[int, Field(ge=0, le=59)] = 0
    """The minute."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """An IANA time zone. Where its clocks change, the rule fires at both hours of UTC, and the run at the wrong one
    finds nothing due."""

    def utc(self, *, year: int) -> tuple[int, tuple[int, ...]]:
        """The minute, and every hour of UTC that this time falls on in that year: EventBridge's rules know no other
        clock. Raises ValueError where it falls on two minutes (a clock that changes by half an hour)."""
        zone = ZoneInfo(self.time_zone)
        moments = [
            datetime(year, month, 1, self.hour, self.minute, tzinfo=zone).astimezone(UTC) for month in range(1, 13)
        ]
        minutes = {moment.minute for moment in moments}
        if len(minutes) > 1:
            msg = (
                f"clocks in {self.time_zone} change by less than an hour, and a rule starts at one minute of the hour: "
                "use another zone here, and leave the exact time to the views' schedules in views.toml"
            )
            raise ValueError(msg)
        return minutes.pop(), tuple(sorted({moment.hour for moment in moments}))

    @model_validator(mode="after")
    def _has_one_minute(self) -> Self:
        self.utc(year=datetime.now(UTC).year)
        return self


class Api(Section):
    """An HTTP API before a Lambda function that runs the same image. One per database that turns it on."""

    enabled: bool = False
    """true makes it. In a new network it needs private endpoints, for 22 dollars a month (see below)."""

    authorizer: Literal["jwt", "iam"] = "jwt"
    """Who is let in: bearers of a token of your issuer, or those whom IAM lets call execute-api:Invoke."""

    issuer: HttpsUrl | None = None
    """jwt: the issuer of the tokens, whose keys are found below it. Its claims say what a caller may do."""

    audience: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """jwt: tokens must be meant for one of these."""

    roles: dict[PrincipalArn, tuple[str, ...]] = {}  # noqa: RUF012  pydantic copies it
    """iam: what IAM roles and users may do, by ARN: ["admin"], ["cfo"] or roles that a view's endpoint names. Others
    read what every caller may read."""

    cors_origins: tuple[Origin, ...] = ()
    """Origins of web pages that may call it. None: no page may."""

    memory_mib: Annotated[int, Field(ge=128, le=10_240)] = 512
    """The function's memory in MiB, and with it its share of a CPU (1,769 MiB are one)."""

    timeout_s: Annotated[int, Field(ge=5, le=29)] = 29
    """Seconds an answer may take. API Gateway waits 30."""

    concurrency: Annotated[int, Field(ge=0, le=1000)] = 10
    """Requests worked on at the same time, each on a connection to the database of its own; reserved from the account's
    quota. 0: none reserved, and no limit but the account's."""

    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 50
    """More are answered 429, for all callers together."""

    burst: Annotated[int, Field(ge=1, le=5000)] = 100
    """Requests that may come at once."""

    daily: DailyRefresh = DailyRefresh()
    """A run at one time of the day, which callers with the role admin or cfo may move."""

    @property
    def caller_patterns(self) -> dict[str, tuple[str, ...]]:
        """`roles` by the ARN that a request shows: an IAM role's is that of a session, without the role's path."""
        return {_as_caller(arn): roles for arn, roles in self.roles.items()}

    @model_validator(mode="after")
    def _caller_is_known(self) -> Self:
        if self.authorizer == "iam" and (self.issuer is not None or self.audience):
            msg = 'issuer and audience go with authorizer = "jwt"; with "iam" IAM says who may call: remove them'
            raise ValueError(msg)
        if self.authorizer == "jwt" and self.roles:
            msg = 'roles goes with authorizer = "iam"; with "jwt" the token\'s claims say them: remove it'
            raise ValueError(msg)
        if self.enabled and self.authorizer == "jwt" and (self.issuer is None or not self.audience):
            msg = (
                'authorizer = "jwt" needs issuer (whose tokens?) and audience (meant for whom?): give both, or use '
                'authorizer = "iam"'
            )
            raise ValueError(msg)
        return self


def _as_caller(arn: str) -> str:
    """arn:aws:iam::1:role/path/name → arn:aws:sts::1:assumed-role/name/*; a user's ARN is its own."""
    account, _, resource = arn.partition(":role/")
    if not resource:
        return arn
    return f"{account.replace(':iam:', ':sts:')}:assumed-role/{resource.rsplit('/', 1)[-1]}/*"
