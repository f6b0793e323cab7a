"""One value of one metric."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Datum:
    """What PutMetricData would take. Namespace, name and dimensions together are the metric's identity: other
    dimensions, and be it one more, are another metric.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension
    """

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    timestamp: datetime
    value: float
    unit: str = "None"
