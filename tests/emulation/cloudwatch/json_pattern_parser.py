"""Reads filter patterns in braces: operators bind as documented, parentheses first, then &&, then ||.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re

from tests.emulation.cloudwatch.json_pattern import (
    KEYWORDS,
    NUMBER,
    ORDERS,
    All,
    AnyOf,
    Bare,
    Equality,
    Expression,
    Is,
    JsonPattern,
    NotExists,
    Order,
    Quoted,
)
from tests.emulation.cloudwatch.selector import SELECTOR, Selector
from tests.emulation.unsupported import UnsupportedError


def parse(text: str) -> JsonPattern:
    """The pattern that a text in braces stands for."""
    return JsonPattern(_Parser(text.strip()[1:-1]).whole())


class _Parser:
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
            case sign, number if sign in ORDERS and NUMBER.fullmatch(number):
                return Order(selector, sign, float(number))
            case sign, rest:
                raise self._refused(f"{sign} {rest}")

    def _literal(self, token: str) -> Quoted | Bare:
        if token.startswith('"'):
            return Quoted(token[1:-1])
        # As documented: anything but letters, digits and the underscore wants quotation marks; numbers have their own.
        if NUMBER.fullmatch(token) or re.fullmatch(r"[\w.*]+", token, re.ASCII):
            return Bare(token)
        raise self._refused(token)
