"""How much storage an RDS instance has left: CloudWatch knows, the database does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from refresh_task.database.credentials import aws_client
from refresh_task.errors import VistafrescaError

_PERIOD_S = 60
_LOOK_BACK = timedelta(minutes=15)  # the metric comes every minute, some minutes late


class StorageUnknownError(VistafrescaError):
    """CloudWatch did not say."""


def read_free_storage(instance: str) -> float:
    """Bytes of storage that the RDS instance had free at its newest data point.

    Raises StorageUnknownError. Aurora has no such metric: its storage grows by itself.
    """
    import botocore.exceptions  # noqa: PLC0415  # see database.credentials

    now = datetime.now(UTC)
    try:
        answer = aws_client("cloudwatch", None).get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="FreeStorageSpace",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": instance}],
            StartTime=now - _LOOK_BACK,
            EndTime=now,
            Period=_PERIOD_S,
            Statistics=["Minimum"],
        )
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise StorageUnknownError(
            f"CloudWatch could not be asked: {error}.",
            subject=instance,
            remedy="Check the task role's cloudwatch:GetMetricStatistics and the route to AWS.",
        ) from None
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    if not points:
        raise StorageUnknownError(
            f"CloudWatch has no FreeStorageSpace of {instance}.",
            subject=instance,
            remedy="Set VISTAFRESCA_DB_INSTANCE to the name of an RDS instance; Aurora has no such metric.",
        )
    return float(points[-1]["Minimum"])
