"""Filter patterns in braces: `{ ($.event = "run_finished") && ($.views_failed > 0) }`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
Refused, since the documentation does not say what they come to: regular expressions, `!=` of a field that is absent,
an object or an array, a quoted text that looks like the number it is compared with, `=` with true, false and null.
"""

import fnmatch
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulation.cloudwatch.selector import Absent, Selector
from tests.emulation.unsupported import UnsupportedError

ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
KEYWORDS: dict[str, bool | None] = {"NULL": None, "TRUE": True, "FALSE": False}
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Quoted:
    """Text in double quotation marks; an asterisk stands for any text."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'

    def equals(self, value: str | float) -> bool:
        if isinstance(value, str):
            return _like(value, self.text)
        if _like(_written(value), self.text):
            msg = f"whether the text {self} equals the number {value} is not documented"
            raise UnsupportedError(msg)
        return False


@dataclass(frozen=True)
class Bare:
    """A number or a word without quotation marks; an asterisk stands for any text, the digits of a number included."""

    text: str

    def __str__(self) -> str:
        return self.text

    def equals(self, value: str | float) -> bool:
        if not isinstance(value, str) and NUMBER.fullmatch(self.text):
            return float(self.text) == value
        return _like(_written(value), self.text)


@dataclass(frozen=True)
class Equality:
    selector: Selector
    negated: bool
    literal: Quoted | Bare

    def __str__(self) -> str:
        return f"{self.selector} {'!=' if self.negated else '='} {self.literal}"

    def matches(self, document: Any) -> bool:
        value = self.selector.find(document)
        match value:
            case bool() | None:
                msg = f"{self}: how {json.dumps(value)} compares is not documented; IS is for that"
                raise UnsupportedError(msg)
            case str() | int() | float():
                return self.literal.equals(value) is not self.negated
            case _ if self.negated:
                msg = f"{self}: what != comes to where there is no value is not documented"
                raise UnsupportedError(msg)
            case _:
                return False


@dataclass(frozen=True)
class Order:
    selector: Selector
    operator: str
    number: float

    def __str__(self) -> str:
        return f"{self.selector} {self.operator} {self.number!r}"

    def matches(self, document: Any) -> bool:
        value = self.selector.find(document)
        match value:
            case bool():
                return False
            case int() | float():
                return ORDERS[self.operator](value, self.number)
            case str() if NUMBER.fullmatch(value):
                msg = f"{self}: whether the text {value!r} counts as a number is not documented"
                raise UnsupportedError(msg)
            case _:
                return False


@dataclass(frozen=True)
class Is:
    selector: Selector
    keyword: str

    def __str__(self) -> str:
        return f"{self.selector} IS {self.keyword}"

    def matches(self, document: Any) -> bool:
        return self.selector.find(document) is KEYWORDS[self.keyword]


@dataclass(frozen=True)
class NotExists:
    selector: Selector

    def __str__(self) -> str:
        return f"{self.selector} NOT EXISTS"

    def matches(self, document: Any) -> bool:
        return self.selector.find(document) is Absent


@dataclass(frozen=True)
class All:
    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " && ".join(f"({part})" for part in self.parts)

    def matches(self, document: Any) -> bool:
        return all(part.matches(document) for part in self.parts)


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " || ".join(f"({part})" for part in self.parts)

    def matches(self, document: Any) -> bool:
        return any(part.matches(document) for part in self.parts)


Expression = Equality | Order | Is | NotExists | All | AnyOf


@dataclass(frozen=True)
class JsonPattern:
    """Matches log lines that are one JSON object and fulfil the expression."""

    expression: Expression

    def __str__(self) -> str:
        return f"{{ {self.expression} }}"

    def matches(self, message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return isinstance(document, dict) and self.expression.matches(document)


def _like(value: str, wanted: str) -> bool:
    """Case counts, and of the wildcards of fnmatch only the asterisk is one."""
    return fnmatch.fnmatchcase(value, re.sub(r"[\[?]", lambda special: f"[{special[0]}]", wanted))


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)
