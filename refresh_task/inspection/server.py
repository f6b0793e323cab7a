"""The server: its version, its settings, what else goes on in it."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, Server
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import duration

# https://www.postgresql.org/support/security/CVE-2024-0985/: the first release of each version that is safe.
_SAFE = {14: 140011, 15: 150006, 16: 160002}

LONG_TRANSACTION_S = 3_600
FORGOTTEN_PREPARED_S = 300
NEEDED_CONNECTIONS = 5


def examine_server(facts: Facts) -> Iterator[Finding]:
    """Findings that concern no single view."""
    yield from _version(facts)
    yield from _settings(facts.server)
    yield from _replication(facts.server)
    yield from _transactions(facts)
    yield from _hosting(facts.server)


def _version(facts: Facts) -> Iterator[Finding]:
    server = facts.server
    strangers = sorted({view.owner for view in facts.views} - {server.refresher})
    is_vulnerable = server.version_num < _SAFE.get(server.version_num // 10_000, 0)
    if is_vulnerable:
        yield Finding(
            Code.VULNERABLE_VERSION,
            Level.PROBLEM if strangers and server.refresher_is_superuser else Level.ADVICE,
            f"PostgreSQL {server.version} has CVE-2024-0985.",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY runs a malicious view's code with the rights of who refreshes it.",
            remedy="Update to 14.11, 15.6, 16.2 or newer, and never refresh other roles' views as a superuser.",
        )
    if server.refresher_is_superuser and strangers:
        yield Finding(
            Code.SUPERUSER_REFRESHES,
            Level.ADVICE,
            f"Views of {', '.join(strangers)} are refreshed by {server.refresher}, a superuser.",
            "The next hole like CVE-2024-0985 would give those owners the whole server.",
            remedy="Let a role without superuser rights own bi_refresh, and grant it what each view needs "
            "(vistafresca doctor as that role says what).",
        )


def _settings(server: Server) -> Iterator[Finding]:
    if not server.counts_are_tracked:
        yield Finding(
            Code.COUNTS_NOT_TRACKED,
            Level.ADVICE,
            "track_counts is off.",
            "Nobody knows what changed or which tables have dead rows: autovacuum does nothing, and each look for "
            "changes has to read the tables.",
            remedy="ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();",
        )
    if not server.autovacuum_is_on:
        yield Finding(
            Code.AUTOVACUUM_OFF,
            Level.ADVICE,
            "autovacuum is off.",
            "Concurrent refreshes leave dead rows that nobody removes: views grow and their reads slow down.",
            remedy="ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();",
        )
    if not server.clients_are_checked:
        yield Finding(
            Code.CLIENTS_NOT_CHECKED,
            Level.PROBLEM,
            "client_connection_check_interval cannot be set on this server's operating system.",
            "The refresh of a task that was killed goes on, and holds its lock, until it ends by itself.",
            remedy="Give every view a timeout in views.toml.",
        )
    if server.idle_in_transaction_timeout_ms == 0:
        yield Finding(
            Code.IDLE_TRANSACTIONS_STAY,
            Level.ADVICE,
            "idle_in_transaction_session_timeout is 0: sessions may sit in an open transaction for ever.",
            "A forgotten one blocks refreshes of what it has read, and keeps the dead rows of every refresh.",
            remedy=f"ALTER DATABASE {server.database_name} SET idle_in_transaction_session_timeout = '10min';",
        )
    if server.free_connections < NEEDED_CONNECTIONS:
        yield Finding(
            Code.FEW_CONNECTIONS,
            Level.PROBLEM,
            f"{max(server.free_connections, 0)} of {server.max_connections} connections are free.",
            "A run needs one and one more for each refresh at the same time (VISTAFRESCA_CONNECTIONS); without them it "
            "ends with exit code 2.",
            remedy="Raise max_connections, or end sessions that nobody needs.",
        )


def _replication(server: Server) -> Iterator[Finding]:
    if server.is_replica:
        yield Finding(
            Code.REPLICA,
            Level.ADVICE,
            "This server is a replica.",
            "It can be inspected here and refreshed only on its primary, whose settings and sessions may differ.",
            remedy="Point the task's DATABASE_URL to the primary.",
        )
    if server.replicas:
        yield Finding(
            Code.REPLICAS_ATTACHED,
            Level.ADVICE,
            f"{server.replicas} {'replica receives' if server.replicas == 1 else 'replicas receive'} every refresh.",
            "An exclusive refresh is replayed with its lock, and queries in its way are cancelled there; a concurrent "
            "one is not.",
            remedy="Give views that are read on replicas no exclusive window, and set VISTAFRESCA_MAX_REPLICA_LAG_S so "
            "that refreshes wait while a replica is far behind.",
        )


def _transactions(facts: Facts) -> Iterator[Finding]:
    for transaction in facts.transactions:
        if transaction.age_s >= LONG_TRANSACTION_S:
            yield Finding(
                Code.LONG_TRANSACTION,
                Level.PROBLEM,
                f"A transaction of {transaction.name} ({transaction.role_name or 'another role'}) has been open for "
                f"{duration(transaction.age_s)}.",
                "While it is, no dead row of any table is removed: each concurrent refresh makes its view larger, and "
                "logs of captured changes grow.",
                remedy="If nobody needs it: SELECT pg_terminate_backend(the process);",
            )
    for transaction in facts.prepared:
        if transaction.age_s >= FORGOTTEN_PREPARED_S:
            gid = transaction.name.replace("'", "''")
            yield Finding(
                Code.PREPARED_TRANSACTION,
                Level.PROBLEM,
                f"The transaction '{transaction.name}' was prepared by {transaction.role_name} "
                f"{duration(transaction.age_s)} ago and not ended.",
                "It keeps its locks and all dead rows, through restarts too, until somebody ends it.",
                remedy=f"COMMIT PREPARED '{gid}'; or ROLLBACK PREPARED '{gid}';",
            )


def _hosting(server: Server) -> Iterator[Finding]:
    if server.is_aurora or server.is_rds:
        name = "Aurora" if server.is_aurora else "RDS"
        yield Finding(
            Code.MANAGED_SERVICE,
            Level.ADVICE,
            f"This is {name}.",
            "There is no superuser: rights come from owners and grants. Through RDS Proxy every session of ours is "
            "pinned to its connection. "
            + (
                "Aurora's replicas share the storage: an exclusive refresh cancels their queries."
                if server.is_aurora
                else "A concurrent refresh of a large view needs free storage of the view's size."
            ),
        )
