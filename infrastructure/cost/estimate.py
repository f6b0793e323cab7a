"""Dollars per month, line by line: each with the numbers it comes from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infrastructure.cost.inventory import Inventory
from infrastructure.cost.prices import Prices
from infrastructure.cost.workload import (
    EMPTY_QUEUE_LOG_BYTES,
    HOURS,
    RUN_LOG_BYTES,
    RUN_METRICS,
    TRANSITIONS_OF_DATABASE,
    TRANSITIONS_OF_ROUND,
    VIEW_LOG_BYTES,
    VIEW_METRICS,
    Assumptions,
    Way,
    starts,
)
from infrastructure.settings import Database, Environment

GIB = 1024
"""MiB; AWS's GB are these."""


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """`database` is None for what all share; `formula` is what `dollars` comes from."""

    what: str
    database: str | None = None
    formula: str
    dollars: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Of one environment."""

    environment: str
    lines: Sequence[CostLine]
    notes: Sequence[str]

    @property
    def dollars(self) -> float:
        return sum(line.dollars for line in self.lines)


def estimate(environment: Environment, inventory: Inventory, assumed: Assumptions, prices: Prices) -> Estimate:
    """All lines that cost anything."""
    lines = [
        *(line for database in environment.database for line in _database(environment, database, assumed, prices)),
        *_metrics(environment, assumed, prices),
        *_orchestration(environment, prices),
        *_standing(inventory, prices),
    ]
    return Estimate(
        environment=environment.name,
        lines=[line for line in lines if line.dollars > 0],
        notes=list(_notes(environment, inventory, assumed, prices)),
    )


def fargate_dollars(*, tasks: float, seconds: float, cpu: int, memory_mib: int, arm: bool, prices: Prices) -> float:
    """Fargate's price of so many tasks of so many seconds each."""
    fargate = prices.fargate
    vcpu = fargate.arm64_vcpu_hour if arm else fargate.x86_64_vcpu_hour
    gb = fargate.arm64_gb_hour if arm else fargate.x86_64_gb_hour
    hours = tasks * max(fargate.least_s, seconds) / 3600
    return hours * (cpu / 1024 * vcpu + memory_mib / GIB * gb)


def nat_dollars(*, mib: float, prices: Prices) -> float:
    """What a NAT gateway asks for passing so much on."""
    return mib / GIB * prices.network.nat_gb


def _database(environment: Environment, database: Database, assumed: Assumptions, prices: Prices) -> Iterator[CostLine]:
    yield from _tasks(environment, database, assumed, prices)
    yield from _pulls(environment, database, assumed, prices)
    yield from _telling(environment, database, assumed, prices)
    yield from _calls(database, prices)
    if database.api.enabled:
        yield _api(environment, database, assumed, prices)


def _tasks(environment: Environment, database: Database, assumed: Assumptions, prices: Prices) -> Iterator[CostLine]:
    counted, task, least = starts(database), database.task, prices.fargate.least_s
    for what, tasks, seconds in (
        ("Fargate, scheduled runs", counted.scheduled + counted.daily, assumed.run_s),
        ("Fargate, runs for the event queue", counted.requested, assumed.requested_s),
    ):
        billed = max(least, seconds)
        yield CostLine(
            what=what,
            database=database.name,
            formula=f"{tasks:,.0f} × {billed:g} s × {task.cpu / 1024:g} vCPU, {task.memory_mib / GIB:g} GB, "
            f"{environment.cpu_architecture}",
            dollars=fargate_dollars(
                tasks=tasks,
                seconds=seconds,
                cpu=task.cpu,
                memory_mib=task.memory_mib,
                arm=environment.cpu_architecture == "ARM64",
                prices=prices,
            ),
        )
    if environment.network.cidr is not None:
        hours = (
            (counted.scheduled + counted.daily) * max(least, assumed.run_s)
            + counted.requested * max(least, assumed.requested_s)
        ) / 3600
        yield CostLine(
            what="Public addresses of tasks",
            database=database.name,
            formula=f"{hours:,.0f} h × {prices.network.public_ipv4_hour:g}",
            dollars=hours * prices.network.public_ipv4_hour,
        )


def _pulls(environment: Environment, database: Database, assumed: Assumptions, prices: Prices) -> Iterator[CostLine]:
    """A new network has the S3 endpoint, through which layers come for nothing."""
    if environment.network.cidr is None and assumed.way is Way.NAT:
        pulls = starts(database).all
        yield CostLine(
            what="Image pulls through NAT",
            database=database.name,
            formula=f"{pulls:,.0f} × {assumed.image_mib:g} MiB × {prices.network.nat_gb:g} per GB",
            dollars=nat_dollars(mib=pulls * assumed.image_mib, prices=prices),
        )


def _telling(environment: Environment, database: Database, assumed: Assumptions, prices: Prices) -> Iterator[CostLine]:
    counted, cloudwatch = starts(database), prices.cloudwatch
    written = (counted.scheduled + counted.daily) * (RUN_LOG_BYTES + assumed.views * VIEW_LOG_BYTES)
    written += counted.requested * EMPTY_QUEUE_LOG_BYTES
    gigabytes = written / GIB**3
    yield CostLine(
        what="Log lines taken in",
        database=database.name,
        formula=f"{gigabytes:.3f} GB × {cloudwatch.log_ingested_gb:g}",
        dollars=gigabytes * cloudwatch.log_ingested_gb,
    )
    kept = gigabytes * environment.log_retention_days / (HOURS / 24)
    yield CostLine(
        what="Log lines kept",
        database=database.name,
        formula=f"{kept:.3f} GB ({environment.log_retention_days} days) × {cloudwatch.log_stored_gb_month:g}",
        dollars=kept * cloudwatch.log_stored_gb_month,
    )


def _calls(database: Database, prices: Prices) -> Iterator[CostLine]:
    """Each start reads the password and the DSN, where they are secrets, and has KMS decrypt them."""
    read = sum((database.iam is None, database.sentry.dsn_secret_arn is not None))
    calls = read * starts(database).all
    rate = prices.secrets_manager.ten_thousand_calls + prices.kms.ten_thousand_calls
    yield CostLine(
        what="Reading secrets",
        database=database.name,
        formula=f"{calls:,.0f} × {rate:g} per 10,000 (Secrets Manager and KMS)",
        dollars=calls / 10_000 * rate,
    )


def _metrics(environment: Environment, assumed: Assumptions, prices: Prices) -> Iterator[CostLine]:
    """A metric is its name and its dimensions, service and view. In a map all databases are one service, and have the
    same views: they write the same metrics."""
    price = prices.cloudwatch.custom_metric_month
    running = [database.name for database in environment.database if starts(database).all]
    services = running[:1] if environment.layout == "map" else running
    for service in services:
        yield CostLine(
            what="Custom metrics of runs and views",
            database=None if environment.layout == "map" else service,
            formula=f"({RUN_METRICS} + {VIEW_METRICS} × {assumed.views} views) × {price:g}",
            dollars=(RUN_METRICS + VIEW_METRICS * assumed.views) * price,
        )


def _orchestration(environment: Environment, prices: Prices) -> Iterator[CostLine]:
    """In a map a state machine starts the tasks, all databases' in each round."""
    if environment.layout != "map":
        return
    databases, rounds = len(environment.database), starts(environment.database[0]).all
    transitions = rounds * (TRANSITIONS_OF_ROUND + TRANSITIONS_OF_DATABASE * databases)
    price = prices.step_functions.thousand_transitions
    yield CostLine(
        what="Step Functions",
        formula=f"{rounds:,.0f} × ({TRANSITIONS_OF_ROUND} + {TRANSITIONS_OF_DATABASE} × {databases} databases) "
        f"transitions × {price:g} per 1,000",
        dollars=transitions / 1000 * price,
    )


def _api(environment: Environment, database: Database, assumed: Assumptions, prices: Prices) -> CostLine:
    api, requests = prices.api, assumed.api_requests
    second = api.arm64_gb_second if environment.cpu_architecture == "ARM64" else api.x86_64_gb_second
    work = requests * assumed.api_ms / 1000 * database.api.memory_mib / GIB * second
    return CostLine(
        what="HTTP API and its function",
        database=database.name,
        formula=f"{requests:,} requests × {assumed.api_ms:g} ms × {database.api.memory_mib} MiB",
        dollars=requests / 1e6 * (api.million_http_requests + api.million_invocations) + work,
    )


def _standing(inventory: Inventory, prices: Prices) -> Iterator[CostLine]:
    """What is there whether anything runs or not."""
    cloudwatch, network = prices.cloudwatch, prices.network
    for what, number, price in (
        ("Alarms on a metric", inventory.standard_alarms, cloudwatch.alarm_metric_month),
        ("Dashboard", inventory.dashboards, cloudwatch.dashboard_month),
        ("Metrics counted from log lines", inventory.log_metrics, cloudwatch.custom_metric_month),
        ("KMS keys", inventory.keys, prices.kms.key_month),
        ("Secrets", inventory.secrets, prices.secrets_manager.secret_month),
    ):
        yield CostLine(what=what, formula=f"{number} × {price:.2f}", dollars=number * price)
    yield CostLine(
        what="Alarms on metric math",
        formula=f"{inventory.math_alarm_metrics} metrics in {inventory.math_alarms} alarms × "
        f"{cloudwatch.alarm_metric_month:.2f}",
        dollars=inventory.math_alarm_metrics * cloudwatch.alarm_metric_month,
    )
    for what, number, price in (
        ("Private endpoints", inventory.endpoint_zones, network.interface_endpoint_hour),
        ("NAT gateways", inventory.nat_gateways, network.nat_gateway_hour),
    ):
        yield CostLine(what=what, formula=f"{number} × {HOURS} h × {price:g}", dollars=number * HOURS * price)
    for class_, gib in inventory.instances:
        hour = prices.rds.instance_hour.get(class_, 0)
        yield CostLine(
            what="Provisioned database",
            formula=f"{class_}: {HOURS} h × {hour:g}, {gib} GB × {prices.rds.gp3_gb_month:g}",
            dollars=HOURS * hour + gib * prices.rds.gp3_gb_month,
        )


def _notes(environment: Environment, inventory: Inventory, assumed: Assumptions, prices: Prices) -> Iterator[str]:
    if environment.region != prices.region:
        yield f"The prices are those of {prices.region}; {environment.region}'s differ, by up to a factor of two."
    if environment.network.cidr is None:
        gateway = HOURS * prices.network.nat_gateway_hour
        yield f"NAT gateways ({gateway:.2f} a month each) and databases that were there before are not counted."
    if any(database.api.enabled for database in environment.database) and not assumed.api_requests:
        yield "Nobody calls the API in this estimate: --api-requests."
    if environment.container_insights:
        yield "Container Insights is on, and its metrics are not counted."
    for class_, _ in inventory.instances:
        if class_ not in prices.rds.instance_hour:
            yield f"There is no price of {class_} in infrastructure/cost/prices.toml: its hours are not counted."
    if inventory.unknown:
        yield f"Not priced: {', '.join(inventory.unknown)}."
