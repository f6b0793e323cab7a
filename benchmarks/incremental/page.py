"""The results in docs/benchmarks.md: tables between two marks, and the chart beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.incremental.chart import draw
from benchmarks.incremental.growth import Point
from benchmarks.incremental.refreshes import Row
from benchmarks.incremental.writers import Throughput

CHART = "incremental.svg"
_BEGIN, _END = "<!-- incremental: begin -->", "<!-- incremental: end -->"


def write(
    folder: Path, *, setting: str, rows: Sequence[Row], points: Sequence[Point], throughputs: Sequence[Throughput]
) -> None:
    """Put them into benchmarks.md and the chart's file in `folder`. `setting` says when, where and with what."""
    (folder / CHART).write_text(draw(rows, points))
    page = folder / "benchmarks.md"
    text = page.read_text()
    if _BEGIN not in text or _END not in text:
        raise SystemExit(f"{page} has no place for the results: {_BEGIN} and {_END}")
    parts = [
        setting,
        f"![Incremental refresh against REFRESH CONCURRENTLY]({CHART})",
        "\n".join(_ratios(rows)),
        "\n".join(_growth(points)),
        "\n".join(_writers(throughputs)),
    ]
    body = "\n\n".join(part for part in parts if part)
    page.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: f"{_BEGIN}\n{body}\n{_END}", text, flags=re.DOTALL))


def _ratios(rows: Sequence[Row]) -> Iterable[str]:
    if rows:
        yield "| View | Changed rows | CONCURRENTLY over incremental | Target | How |"
        yield "|---|---|---|---|---|"
    for row in rows:
        view = f"{row.subject}, {row.view_rows:,} rows"
        yield f"| {view} | {changed(row)} | {measured(row)} | {target(row)} | {_how(row)} |"


def _growth(points: Sequence[Point]) -> Iterable[str]:
    if points:
        yield "| universal_transactions | CONCURRENTLY, 0.1 % changed | Incremental, 0.1 % | Incremental, 1,000 rows |"
        yield "|---|---|---|---|"
    for point in points:
        times = (point.concurrently_s, point.incrementally_s, point.constant_s)
        yield f"| {point.rows:,} rows | {' | '.join(map(duration, times))} |"


def _writers(throughputs: Sequence[Throughput]) -> Iterable[str]:
    if throughputs:
        yield "| Writers, two clients | synchronous_commit | Captured over not captured | Target |"
        yield "|---|---|---|---|"
    for value in throughputs:
        yield (
            f"| {value.statement} | {'on' if value.synchronous_commit else 'off'} | {value.ratio:.2f} "
            f"({value.captured:,.0f} over {value.plain:,.0f} per second) | at least {value.target} |"
        )


def _how(row: Row) -> str:
    """What was done; why, where it was done in full."""
    strategy, _, reason = row.how.partition(": ")
    return row.how if strategy == "difference" and reason else strategy


def changed(row: Row) -> str:
    """As a share, or in words."""
    return row.words if row.share is None else f"{row.share * 100:g} % ({row.changed:,})"


def measured(row: Row) -> str:
    """The ratio, bold where it misses the target, and the times that it was made from."""
    ratio = f"{row.ratio:,.0f}" if row.ratio >= 20 else f"{row.ratio:.1f}"  # noqa: PLR2004  # two digits
    promised = row.target or LEAST_RATIO
    ratio = f"{ratio} ×" if row.ratio >= promised else f"**{ratio} ×**"  # noqa: RUF001
    return f"{ratio} ({duration(row.concurrently_s)} over {duration(row.incrementally_s)}, {row.runs} runs)"


def target(row: Row) -> str:
    """What the project promises for this row."""
    return f"over {row.target:,g}" if row.target else f"at least {LEAST_RATIO}"


def duration(seconds: float) -> str:
    """With three digits."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


# Nowhere may an incremental view be slower than this against PostgreSQL's own refresh.
LEAST_RATIO = 0.9
