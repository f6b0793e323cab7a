"""Fixtures by topic live in tests/fix_<topic>.py."""

import signal

from hypothesis import settings

# What a shell starts in the background ignores SIGINT, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure: times belong in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = [
    "tests.fix_server",
    "tests.fix_database",
    "tests.fix_roles",
    "tests.fix_paging",
    "tests.fix_task",
    "tests.fix_systems",
    "tests.fix_command_line",
    "tests.fix_sentry",
    "tests.fix_metadata",
    "tests.fix_tls",
]
