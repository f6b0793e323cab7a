"""The messages' function as Lambda calls it, with CloudWatch Logs and SNS as moto plays them.

moto knows no JSON patterns and hands out every line; the topic's subscribers are not played, so what is published is
read from moto itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from moto import mock_aws
from moto.sns.models import sns_backends

from paging import handler as paging_handler

REGION = "us-east-1"
OWN_GROUP = "/aws/lambda/vistafresca-sandbox-pager"
TASK_GROUP = "/aws/ecs/sandbox-main-bi-refresh"


@dataclass(frozen=True)
class Paging:
    """One environment's, named sandbox, with the database main."""

    topic_arn: str

    def write(
        self, group: str, stream: str, lines: Iterable[Mapping[str, Any] | str], *, at: datetime | None = None
    ) -> None:
        """Lines of a log, all of this moment unless another is given."""
        logs = client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        moment = int((at or datetime.now(UTC)).timestamp() * 1000)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": moment, "message": text} for text in texts],
        )

    def deliver(self, sns: Mapping[str, Any]) -> None:
        """One message of the alarms' topic."""
        paging_handler.handler({"Records": [{"EventSource": "aws:sns", "Sns": sns}]}, None)

    @property
    def published(self) -> list[tuple[str, dict[str, str]]]:
        """Subject and forms of all that was published to the people's topic, in order."""
        topic = sns_backends["123456789012"][REGION].topics[self.topic_arn]
        return [(str(subject), json.loads(text)) for _, text, subject, *_ in topic.sent_notifications]


def client(service: str) -> Any:
    return botocore.session.get_session().create_client(service, region_name=REGION)


@pytest.fixture
def paging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Paging]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        topic = str(client("sns").create_topic(Name="vistafresca-sandbox")["TopicArn"])
        monkeypatch.setenv("VISTAFRESCA_ENVIRONMENT", "sandbox")
        monkeypatch.setenv("VISTAFRESCA_PEOPLE_TOPIC_ARN", topic)
        monkeypatch.setenv("VISTAFRESCA_RUNBOOK_URL", "docs/runbook.md")
        monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", OWN_GROUP)
        paging_handler.clients.cache_clear()
        yield Paging(topic)
    paging_handler.clients.cache_clear()
