"""What the routes of the local server are handed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager

from api.control.daily_views import read_daily_time
from api.control.local import LocalScheduler
from api.control.refresh import DatabaseRefresher
from api.control.subprocesses import SubprocessRunner
from api.daily import DailyTime
from api.database import ApiDatabase
from api.database.database import open_api_session
from api.database.pool import PooledConnections
from api.identity import LOCAL_TOKENS, LocalIdentity, Principal
from api.services import Services
from refresh_task.errors import VistafrescaError
from refresh_task.settings import Settings

__all__ = ["local_services"]

_LOG = logging.getLogger("vistafresca.api")


@contextmanager
def local_services(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    token_required: bool,
    tokens: Mapping[str, Principal] = LOCAL_TOKENS,
) -> Iterator[Services]:
    """Open until the block ends, and with them a scheduler that runs the task. The database may come later: until then
    requests are answered with 503."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(ApiDatabase(PooledConnections(settings, environment))))
        runner = stack.enter_context(closing(SubprocessRunner(environment)))
        daily = _daily_time(settings, environment)
        scheduler = stack.enter_context(closing(LocalScheduler(runner, daily=daily)))
        scheduler.start()
        yield Services(
            database=database,
            identify=LocalIdentity(token_required=token_required, tokens=tokens),
            settings=settings,
            refresher=DatabaseRefresher(database=database, runner=runner, settings=settings),
            runner=runner,
            scheduler=scheduler,
        )


def _daily_time(settings: Settings, environment: Mapping[str, str]) -> DailyTime | None:
    try:
        with closing(open_api_session(settings, environment)) as session:
            return read_daily_time(session)
    except VistafrescaError as error:
        # The runs every 10 minutes find out what is due; only the one at that very minute is missing.
        _LOG.warning("No daily job until the daily time is set or the server starts anew: %s", error)
        return None
