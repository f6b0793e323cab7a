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

from tests.emulation.cloudwatch.selector import SELECTOR, Absent, Selector
from tests.emulation.unsupported import UnsupportedError

ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
KEYWORDS: dict[str, bool | None] = {"NULL": None, "TRUE": True, "FALSE": False}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


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
        if not isinstance(value, str) and _NUMBER.fullmatch(self.text):
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
            case str() if _NUMBER.fullmatch(value):
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


def parse(text: str) -> JsonPattern:
    """The pattern that a text in braces stands for."""
    return JsonPattern(_Parser(text.strip()[1:-1]).whole())


def _like(value: str, wanted: str) -> bool:
    """Case counts, and of the wildcards of fnmatch only the asterisk is one."""
    return fnmatch.fnmatchcase(value, re.sub(r"[\[?]", lambda special: f"[{special[0]}]", wanted))


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Parser:
    """Operators bind as documented: parentheses, then &&, then ||."""

    _TOKEN = re.compile(
        rf"\s*(?P<token>\|\||&&|[()]|!=|>=|<=|=|>|<|{SELECTOR.pattern}|\"[^\"]*\"|[\w.*+-]+)",
        re.ASCII,
    )

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())

    def whole(self) -> Expression:
        found = self._any_of()
        if self._tokens:
            raise self._refused(self._tokens[0])
        return found

    def _cut(self) -> list[str]:
        tokens, place = [], 0
        while place < len(self._text.rstrip()):
            token = self._TOKEN.match(self._text, place)
            if token is None:
                raise self._refused(self._text[place:].strip())
            tokens.append(token["token"])
            place = token.end()
        return tokens

    def _refused(self, where: str) -> UnsupportedError:
        msg = f"this evaluator does not know the filter pattern {{{self._text}}}, from {where!r} on"
        return UnsupportedError(msg)

    def _next(self) -> str:
        if not self._tokens:
            raise self._refused("its end")
        return self._tokens.pop(0)

    def _take(self, token: str) -> bool:
        taken = self._tokens[:1] == [token]
        if taken:
            self._tokens.pop(0)
        return taken

    def _any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._take("||"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._part()]
        while self._take("&&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _part(self) -> Expression:
        if not self._take("("):
            return self._condition()
        found = self._any_of()
        if not self._take(")"):
            raise self._refused(" ".join(self._tokens) or "its end")
        return found

    def _condition(self) -> Expression:
        first = self._next()
        if not SELECTOR.fullmatch(first):
            raise self._refused(first)
        selector = Selector.parse(first)
        match self._next(), self._next():
            case "IS", keyword if keyword in KEYWORDS:
                return Is(selector, keyword)
            case "NOT", "EXISTS":
                return NotExists(selector)
            case ("=" | "!=") as sign, literal:
                return Equality(selector, sign == "!=", self._literal(literal))
            case sign, number if sign in ORDERS and _NUMBER.fullmatch(number):
                return Order(selector, sign, float(number))
            case sign, rest:
                raise self._refused(f"{sign} {rest}")

    def _literal(self, token: str) -> Quoted | Bare:
        if token.startswith('"'):
            return Quoted(token[1:-1])
        # As documented: anything but letters, digits and the underscore wants quotation marks; numbers have their own.
        if _NUMBER.fullmatch(token) or re.fullmatch(r"[\w.*]+", token, re.ASCII):
            return Bare(token)
        raise self._refused(token)
