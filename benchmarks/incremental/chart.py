"""The results as a picture: an SVG file that reads well on light and on dark pages, drawn without any library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.incremental.growth import Point
from benchmarks.incremental.refreshes import Row

_WIDTH, _HEIGHT = 960, 420
# Okabe and Ito's colours, which the colour-blind tell apart; each is readable on white and on black.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b")
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .3 }
.even { stroke: #8c959f; stroke-dasharray: 4 3 }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Positions along the panel, and what was measured there."""

    label: str
    values: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: where it is, and its axes. Values go up in powers of ten; positions do where it is `logarithmic`."""

    title: str
    left: int
    width: int
    positions: tuple[tuple[float, str], ...]
    unit: str
    logarithmic: bool = False
    top: int = 56
    height: int = 270

    def draw(self, curves: Sequence[Curve], *, even: float | None = None) -> Iterable[str]:
        """Its title, its grid, a dashed line at `even`, the curves and what their colours mean."""
        values = [value for curve in curves for _, value in curve.values] + ([even] if even else [])
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        high = max(high, low + 1)

        def y(value: float) -> float:
            return self.top + self.height * (high - math.log10(value)) / (high - low)

        yield _text(self.left, self.top - 24, self.title, kind="title")
        for power in range(low, high + 1):
            yield _line(self.left, y(10.0**power), self.left + self.width, y(10.0**power), "grid")
            yield _text(self.left - 6, y(10.0**power) + 4, f"{10.0**power:,g}{self.unit}", anchor="end")
        for position, label in self.positions:
            yield _text(self._x(position), self.top + self.height + 20, label, anchor="middle")
        if even:
            yield _line(self.left, y(even), self.left + self.width, y(even), "even")
        for number, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
            points = [(self._x(position), y(value)) for position, value in curve.values]
            path = " ".join(f"{x:.1f},{height:.1f}" for x, height in points)
            yield f'<polyline class="line" stroke="{colour}" points="{path}"/>'
            for x, height in points:
                yield f'<circle cx="{x:.1f}" cy="{height:.1f}" r="3.5" fill="{colour}"/>'
            left, row = self.left + (number % 3) * (self.width // 3 + 6), self.top + self.height + 44 + number // 3 * 20
            yield f'<rect x="{left}" y="{row - 9}" width="10" height="10" rx="2" fill="{colour}"/>'
            yield _text(left + 15, row, curve.label)

    def _x(self, position: float) -> float:
        first, last = self.positions[0][0], self.positions[-1][0]
        if self.logarithmic:
            first, last, position = math.log10(first), math.log10(last), math.log10(position)
        return self.left + 24 + (self.width - 48) * (position - first) / ((last - first) or 1)


def draw(rows: Sequence[Row], points: Sequence[Point]) -> str:
    """Ratios by share of changed rows beside times by size. Either may be missing."""
    parts: list[str] = []
    shares = sorted({row.share for row in rows if row.share is not None})
    if shares:
        ratios = Panel(
            "Time of REFRESH CONCURRENTLY over incremental, by changed rows",
            left=64,
            width=430,
            positions=tuple((place, f"{share * 100:g} %") for place, share in enumerate(shares)),
            unit=" ×",  # noqa: RUF001  # the sign of multiplication
        )
        names = dict.fromkeys(row.subject for row in rows)
        curves = [
            Curve(
                name, tuple((shares.index(r.share), r.ratio) for r in rows if r.subject == name and r.share in shares)
            )
            for name in names
        ]
        parts += ratios.draw(curves, even=1)
    if points:
        times = Panel(
            "Time by rows of the view, 0.1 % changed",
            left=590,
            width=330,
            positions=tuple((point.rows, _short(point.rows)) for point in points),
            unit=" s",
            logarithmic=True,
        )
        parts += times.draw(
            [
                Curve("CONCURRENTLY", tuple((point.rows, point.concurrently_s) for point in points)),
                Curve("incremental", tuple((point.rows, point.incrementally_s) for point in points)),
                Curve("1,000 changed", tuple((point.rows, point.constant_s) for point in points)),
            ]
        )
    inner = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Incremental refresh against REFRESH CONCURRENTLY">\n<style>{_STYLE}</style>\n{inner}\n</svg>\n'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{css}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _short(number: float) -> str:
    return f"{number / 1e6:g} M" if number >= 100_000 else f"{number:,g}"  # noqa: PLR2004  # as people write it
