"""What is watched for one API, as data; for the rest of its database see alarms.py.

"Queries lentas: > 5 s" of the driver matrix's documents is api-slow. How old the data is that the API serves is the
runs' business: views-late.
"""

from collections.abc import Sequence

from infrastructure.alarms import FIVE_MINUTES, NOT_BREACHING, Watch
from infrastructure.metrics import ApiMetrics, RunMetrics
from infrastructure.settings import Database


def api_watches(*, database: Database, run: RunMetrics, api: ApiMetrics) -> Sequence[Watch]:
    """All alarms of one API. Nobody asks for long times, so missing data is no fault."""
    return [*_answers(database, api), *_function(database, api), *_fallbacks(run)]


def _answers(database: Database, api: ApiMetrics) -> Sequence[Watch]:
    limits = database.alarms
    return [
        Watch(
            name="api-errors",
            metric=api.answers("5xx", statistic="Sum", period=FIVE_MINUTES),
            threshold=limits.api_errors,
            missing=NOT_BREACHING,
            what=f"{limits.api_errors} or more answers of the API within five minutes were errors of ours (5xx).",
            first="See which (output FollowApi, status 5xx): does the database answer, and is api-crashed quiet?",
        ),
        # Two of three periods: one slow answer, such as the first of a cold function, wakes nobody.
        Watch(
            name="api-slow",
            metric=api.answers("Latency", statistic="p99", period=FIVE_MINUTES),
            threshold=limits.api_latency_ms,
            periods=3,
            breaching=2,
            missing=NOT_BREACHING,
            what=f"One answer in a hundred of the API takes {limits.api_latency_ms} ms or more.",
            first="Is api-fallback on, too? If not, find the slow route in the access log; is the database busy?",
        ),
    ]


def _function(database: Database, api: ApiMetrics) -> Sequence[Watch]:
    return [
        Watch(
            name="api-crashed",
            metric=api.function("Errors", statistic="Sum", period=FIVE_MINUTES),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what=f"The API's function crashed, ran out of memory, or took more than {database.api.timeout_s} s.",
            first="Read the end of that request in the function's log (output FollowApi).",
        ),
        Watch(
            name="api-throttled",
            metric=api.function("Throttles", statistic="Sum", period=FIVE_MINUTES),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what="Requests were turned away, since as many as api.concurrency allows were being worked on.",
            first="Are answers slow (api-slow), or is somebody asking too often? The access log says who.",
        ),
    ]


def _fallbacks(run: RunMetrics) -> Sequence[Watch]:
    """From the API's own metrics, which have the same dimension as the runs'."""
    return [
        Watch(
            name="api-fallback",
            metric=run.metric("ApiFallbacks", statistic="Sum", period=FIVE_MINUTES),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what="Readers are answered by the slow query behind a view, since the view is missing, empty or too old.",
            first="See which view and why: vistafresca status.",
        ),
        Watch(
            name="api-fallback-refused",
            metric=run.metric("ApiFallbackRefused", statistic="Sum", period=FIVE_MINUTES),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what=(
                "Readers get errors: a view is missing, empty or too old, and the slow query behind it failed, or is "
                "already asked as often as it may be."
            ),
            first="Bring the view back: output Status names it and its error, output RunNow refreshes it.",
        ),
    ]
