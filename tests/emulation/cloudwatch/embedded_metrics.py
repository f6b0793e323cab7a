"""Embedded metric format (EMF): metrics within log lines.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Lines without `_aws` are none of its business. Of those with it, whatever the specification forbids raises
SpecificationError: CloudWatch would drop the line, and only its metric EMFValidationErrors would tell.
High-resolution metrics are refused.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.unsupported import UnsupportedError

MOST_METRICS, MOST_VALUES, MOST_DIMENSIONS, LONGEST_DIMENSION, LONGEST_NAMESPACE = 100, 100, 30, 1024, 1024
OLDEST, LATEST = timedelta(days=14), timedelta(hours=2)
"""Before and after the moment of its arrival a metric's timestamp may lie so far.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"""

_SIZES = ("", "Kilo", "Mega", "Giga", "Tera")
_AMOUNTS = [f"{size}{unit}" for unit in ("bytes", "bits") for size in _SIZES[1:]] + ["Bytes", "Bits"]
UNITS = {
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *_AMOUNTS,
    *(f"{amount}/Second" for amount in _AMOUNTS),
}
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html"""


class SpecificationError(Exception):
    """The line says that it holds metrics, and breaks the format's rules."""


def data(message: str, timestamp: datetime) -> list[Datum]:
    """The metrics in a line that arrived at that moment. Their own time is the one in the line."""
    try:
        root = json.loads(message)
    except ValueError:
        return []
    if not isinstance(root, dict) or "_aws" not in root:
        return []
    metadata = _of_type(root["_aws"], dict, "_aws")
    moment = _moment(metadata, timestamp)
    directives = _of_type(metadata.get("CloudWatchMetrics"), list, "CloudWatchMetrics")
    return [datum for directive in directives for datum in _directive(directive, root, moment)]


def _moment(metadata: Mapping[str, Any], arrival: datetime) -> datetime:
    milliseconds = _of_type(metadata.get("Timestamp"), int, "Timestamp")
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    _require(arrival - OLDEST <= moment <= arrival + LATEST, f"Timestamp {moment} is too far from {arrival}")
    return moment


def _directive(directive: Any, root: Mapping[str, Any], moment: datetime) -> Iterator[Datum]:
    namespace = _of_type(_of_type(directive, dict, "directive").get("Namespace"), str, "Namespace")
    _require(1 <= len(namespace) <= LONGEST_NAMESPACE, f"Namespace has {len(namespace)} characters")
    sets = _of_type(directive.get("Dimensions"), list, "Dimensions")
    _require(len(sets) >= 1, "Dimensions is empty; no dimensions are [[]]")
    metrics = _of_type(directive.get("Metrics"), list, "Metrics")
    _require(len(metrics) <= MOST_METRICS, f"{len(metrics)} Metrics in one directive")
    for keys in sets:
        dimensions = _dimensions(_of_type(keys, list, "dimension set"), root)
        for definition in metrics:
            name = _of_type(_of_type(definition, dict, "metric").get("Name"), str, "Name")
            for value in _values(name, root):
                yield Datum(
                    namespace=namespace,
                    name=name,
                    dimensions=dimensions,
                    timestamp=moment,
                    value=float(value),
                    unit=_unit(definition),
                )


def _dimensions(keys: Sequence[Any], root: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    _require(len(keys) <= MOST_DIMENSIONS, f"{len(keys)} dimensions in one set")
    dimensions = [(key, _of_type(root.get(key), str, f"dimension {key}")) for key in keys]
    for key, value in dimensions:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
        _require(value.isascii() and value.strip() != "", f"dimension {key} is {value!r}: ASCII, and not blank")
        _require(len(value) <= LONGEST_DIMENSION, f"dimension {key} has {len(value)} characters")
    return frozenset(dimensions)


def _values(name: str, root: Mapping[str, Any]) -> Sequence[float]:
    """One number or an array of them, on the root node."""
    _require(name in root, f"metric {name} is not on the root node")
    values = root[name] if isinstance(root[name], list) else [root[name]]
    _require(len(values) <= MOST_VALUES, f"metric {name} has {len(values)} values")
    for value in values:
        _require(isinstance(value, int | float) and not isinstance(value, bool), f"metric {name} is {value!r}")
    return values


def _unit(definition: Mapping[str, Any]) -> str:
    if definition.get("StorageResolution", 60) != 60:
        msg = f"metric {definition['Name']}: high-resolution metrics are beyond this evaluator"
        raise UnsupportedError(msg)
    unit: str = _of_type(definition.get("Unit", "None"), str, "Unit")
    _require(unit in UNITS, f"metric {definition['Name']}: CloudWatch knows no unit {unit!r}")
    return unit


def _of_type(value: Any, type_: type, what: str) -> Any:
    _require(isinstance(value, type_) and not isinstance(value, bool), f"{what} is {value!r}, not a {type_.__name__}")
    return value


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001  an assertion that raises its own error
    if not condition:
        raise SpecificationError(otherwise)
