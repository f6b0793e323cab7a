"""The pieces of a grouped query over one table: texts of its columns, conditions and aggregates, cut out of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import postgast
from postgast import pg_query_pb2 as tree

_COMMENTS = (tree.Token.SQL_COMMENT, tree.Token.C_COMMENT)


@dataclass(frozen=True, slots=True)
class Token:
    """Its bytes in the text, and its text in capitals."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens from `first` up to, and without, `after`."""

    first: int
    after: int


class Tokens:
    """A text as the tokens that it is made of."""

    def __init__(self, text: str) -> None:
        self.source = text.encode()
        self.tokens = [
            Token(token.start, token.end, self.source[token.start : token.end].decode().upper())
            for token in postgast.scan(text).tokens
            if token.token not in _COMMENTS
        ]
        self._number_at = {token.start: number for number, token in enumerate(self.tokens)}

    def at(self, location: int) -> int:
        """The number of the token that starts there."""
        return self._number_at[location]

    def text(self, span: Span) -> str:
        """The text of a span."""
        if span.first >= span.after:
            return ""
        return self.source[self.tokens[span.first].start : self.tokens[span.after - 1].end].decode()

    def find(self, wanted: Sequence[str], span: Span) -> int | None:
        """The first token of a span that is one of these, and within no parentheses that begin in the span."""
        depth = 0
        for number in range(span.first, span.after):
            text = self.tokens[number].text
            if depth == 0 and text in wanted:
                return number
            depth += (text in ("(", "[")) - (text in (")", "]"))
        return None

    def list(self, span: Span) -> list[Span]:
        """The parts of a span that commas separate."""
        parts = []
        first = span.first
        while (comma := self.find([","], Span(first, span.after))) is not None:
            parts.append(Span(first, comma))
            first = comma + 1
        return [*parts, Span(first, span.after)]

    def parenthesized(self, opening: int) -> Span:
        """What is between this parenthesis and the one that closes it."""
        closing = self.find([")"], Span(opening + 1, len(self.tokens)))
        assert closing is not None, "the text was parsed, so its parentheses are paired"  # noqa: S101 - see there
        return Span(opening + 1, closing)

    def call(self, location: int) -> tuple[Span, Span, Span | None]:
        """Of a function's call that begins there: all of it, its arguments, the condition in its FILTER."""
        opening = self.find(["("], Span(self.at(location), len(self.tokens)))
        assert opening is not None, "a call has parentheses"  # noqa: S101 - a parsed text
        arguments = self.parenthesized(opening)
        after = arguments.after + 1
        if after < len(self.tokens) and self.tokens[after].text == "FILTER":
            condition = self.parenthesized(after + 1)
            whole = Span(self.at(location), condition.after + 1)
            return whole, arguments, Span(condition.first + 1, condition.after)  # without WHERE
        return Span(self.at(location), after), arguments, None

    def replaced(self, span: Span, by: dict[Span, str]) -> str:
        """The text of a span with these spans of it replaced."""
        text, start = "", self.tokens[span.first].start
        for inner in sorted(by, key=lambda inner: inner.first):
            if span.first <= inner.first and inner.after <= span.after:
                text += self.source[start : self.tokens[inner.first].start].decode() + by[inner]
                start = self.tokens[inner.after - 1].end
        return text + self.source[start : self.tokens[span.after - 1].end].decode()
