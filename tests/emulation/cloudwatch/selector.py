"""Property selectors: `$.user.id`, `$.users[0].email`, `$.coordinates[0][1]`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from dataclasses import dataclass
from typing import Any

from tests.emulation.unsupported import UnsupportedError

SELECTOR = re.compile(r"\$(?:\.[A-Za-z0-9_-]+(?:\[\d+\])*)+")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


class Absent:
    """There is no such field, which is something else than null."""


@dataclass(frozen=True)
class Selector:
    """Names and indices, from the root of the log line."""

    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> "Selector":
        if not SELECTOR.fullmatch(text):
            msg = f"not a property selector that this evaluator knows: {text!r}"
            raise UnsupportedError(msg)
        return cls(tuple(name or int(index) for name, index in _STEP.findall(text)))

    def __str__(self) -> str:
        return "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.steps)

    def find(self, document: Any) -> Any:
        """The value at that place, or Absent."""
        for step in self.steps:
            match step, document:
                case str(), dict() if step in document:
                    document = document[step]
                case int(), list() if step < len(document):
                    document = document[step]
                case _:
                    return Absent
        return document
