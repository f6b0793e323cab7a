"""What could be done about the dearest line."""

from collections import defaultdict

from infrastructure.cost.estimate import Estimate
from infrastructure.cost.prices import Prices
from infrastructure.cost.workload import HOURS, VIEW_METRICS

ADVICE = {
    "Image pulls through NAT": (
        "An S3 gateway endpoint in the route tables of the tasks' subnets costs nothing and carries the image's layers "
        "past the NAT gateway: it saves {dollars:.2f} a month. With it, estimate with --way s3-endpoint."
    ),
    "Fargate, scheduled runs": (
        "A longer schedule.interval_minutes starts fewer tasks; each is billed for a minute at least. "
        'cpu_architecture = "ARM64" costs a fifth less than X86_64.'
    ),
    "Fargate, runs for the event queue": (
        "Where nobody makes requests, schedule.event_poll_minutes = 0 saves this line and its image pulls."
    ),
    "Public addresses of tasks": (
        "It falls with the number of starts; an existing network's NAT gateway costs {nat:.2f} a month by itself."
    ),
    "Custom metrics of runs and views": (
        "It grows by {view:.2f} a month with each view: the price of its lag and duration on the dashboard and in "
        "alarms of your own."
    ),
    "Alarms on a metric": "Each tells of a failure that nothing else tells of; only freshness-slo is optional.",
    "Alarms on metric math": "It grows with the rules of a database; schedule.event_poll_minutes = 0 removes one.",
    "Dashboard": "An account's first three dashboards are free, if they show no more than 50 metrics each.",
    "Private endpoints": "They are there for the API's function in a new network; without api.enabled there are none.",
    "Provisioned database": (
        "It is for trying things out: delete the stack when you are done, or name a database that you have."
    ),
}
"""By line."""


def advice(estimate: Estimate, prices: Prices) -> str | None:
    """About the line that costs most, all databases together; None: nothing can be done about it."""
    sums: dict[str, float] = defaultdict(float)
    for line in estimate.lines:
        sums[line.what] += line.dollars
    what = max(sums, key=lambda name: sums[name], default="")
    if what not in ADVICE:
        return None
    text = ADVICE[what].format(
        dollars=sums[what],
        nat=HOURS * prices.network.nat_gateway_hour,
        view=VIEW_METRICS * prices.cloudwatch.custom_metric_month,
    )
    return f"{what} is the largest line ({sums[what]:.2f}). {text}"
