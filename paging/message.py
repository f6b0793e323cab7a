"""A message as it is published: a subject, a text for people, and for services what they can read."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_SUBJECT = 100
"""SNS: ASCII, no line breaks. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

MOST_TEXT = 30_000
"""Characters. All forms of a message together may have 256 KiB; nobody reads more than this."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """`alarm` is CloudWatch's JSON where there is one: https subscribers, which open and close incidents by it, get it
    with the whole text for its description. `views` are those that the text names first."""

    subject: str
    text: str
    alarm: Mapping[str, Any] | None = None
    views: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0]

    def published(self, topic_arn: str, *, source_id: str) -> dict[str, Any]:
        """Parameters of SNS's Publish. Delivered twice, a message has the same `source_message_id`."""
        text = self.text if len(self.text) <= MOST_TEXT else f"{self.text[: MOST_TEXT - 1]}…"
        everyone = text if self.alarm is None else _json({**self.alarm, "AlarmDescription": text})
        return {
            "TopicArn": topic_arn,
            "Subject": ascii_line(self.subject),
            "MessageStructure": "json",
            "Message": _json({"default": everyone, "email": text, "sms": self.first_line}),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in {**self.attributes, "source_message_id": source_id}.items()
            },
        }


def ascii_line(text: str) -> str:
    """What SNS takes for a subject: á → a, and ? for what has no letter of the kind."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split()))
    written = "".join(char for char in plain if not unicodedata.combining(char)).encode("ascii", "replace").decode()
    printable = "".join(char if char.isprintable() else "?" for char in written)
    return printable if len(printable) <= MOST_SUBJECT else f"{printable[: MOST_SUBJECT - 3]}..."


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
