"""Metric math, as far as this project's alarms go: FILL(series, number), SUM([series, ...]), and references by id.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
From memory: SUM adds up what there is and passes over a series that has no value at that time, and FILL of a series
without any value within the range has none either (so an alarm on it must say what missing data mean).
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from tests.emulation.unsupported import UnsupportedError

Series = Mapping[datetime, float]
"""A value by the beginning of its period; a period may be missing."""

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?|[()\[\],])")


def evaluate(expression: str, series: Mapping[str, Series], periods: Sequence[datetime]) -> Series:
    """The series that an expression stands for, over these periods; `series` holds those that it refers to by id."""
    return _Evaluation(expression, series, periods).whole()


class _Evaluation:
    def __init__(self, expression: str, series: Mapping[str, Series], periods: Sequence[datetime]) -> None:
        self._expression = expression
        self._series = series
        self._periods = periods
        self._tokens = self._cut()

    def whole(self) -> Series:
        found = self._one()
        if self._tokens:
            raise self._refused(self._tokens[0])
        return found

    def _cut(self) -> list[str]:
        tokens, place, text = [], 0, self._expression.rstrip()
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                raise self._refused(text[place:].strip())
            tokens.append(token[1])
            place = token.end()
        return tokens

    def _one(self) -> Series:
        match self._next():
            case "FILL":
                self._expect("(")
                inner = self._one()
                self._expect(",")
                filler = self._number()
                self._expect(")")
                return {period: inner.get(period, filler) for period in self._periods} if inner else {}
            case "SUM":
                self._expect("(")
                self._expect("[")
                parts = [self._one()]
                while self._tokens[:1] == [","]:
                    self._next()
                    parts.append(self._one())
                self._expect("]")
                self._expect(")")
                return _sum(parts)
            case name if name in self._series:
                return self._series[name]
            case other:
                raise self._refused(other)

    def _number(self) -> float:
        token = self._next()
        if not re.fullmatch(r"-?\d+(\.\d+)?", token):
            raise self._refused(token)
        return float(token)

    def _expect(self, token: str) -> None:
        if (found := self._next()) != token:
            raise self._refused(found)

    def _next(self) -> str:
        if not self._tokens:
            raise self._refused("its end")
        return self._tokens.pop(0)

    def _refused(self, where: str) -> UnsupportedError:
        msg = f"this evaluator does not know the expression {self._expression!r}, from {where!r} on"
        return UnsupportedError(msg)


def _sum(parts: Sequence[Series]) -> Series:
    return {
        period: math.fsum(part[period] for part in parts if period in part)
        for period in sorted({period for part in parts for period in part})
    }
