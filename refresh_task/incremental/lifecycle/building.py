"""The tables of a view are filled and indexed beside the view, whose readers notice nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable


def fill(claim: Claim, tables: list[MaintainedTable]) -> None:
    """Fill each table from its definition, in one snapshot each, with the changes that this snapshot sees taken out of
    the queues. What an earlier try has filled is not filled again: what changed since is brought in before the swap."""
    for table in tables:
        if table.data_timestamp is not None:
            continue
        claim.say("fill", f"filling {_words(table)}")
        with _long_keys_explained(claim, table), claim.session.snapshot():
            claim.session.execute("fill_table", table=table.id)


@contextmanager
def _long_keys_explained(claim: Claim, table: MaintainedTable) -> Iterator[None]:
    """The server names neither the stage nor, for the longest values, the index."""
    try:
        yield
    except StatementFailedError as error:
        if error.sqlstate != "54000" or table.stage is None or table.key is None:
            raise
        raise ConfigurationError(
            f"rows of the stage {table.stage} are told apart by {', '.join(table.key)}, and a value there seems too "
            f"long for an index: {error.message}",
            subject=claim.view,
            remedy=f"Give it back (vistafresca incremental disable {claim.view}); then shorten the value in the query "
            "(left(), md5()), or enable it without that stage.",
        ) from None


def copy_indexes(claim: Claim, source: int, target: int) -> None:
    """Give `target`, which will take the place of `source`, all of its indexes, and gather its statistics."""
    copy_further_indexes(claim, source, target)
    claim.say("index", "gathering statistics")
    claim.session.execute("copy_statistics", source=source, target=target)


def copy_further_indexes(claim: Claim, source: int, target: int) -> None:
    """Those that it has not yet: somebody may have added one meanwhile."""
    for index in claim.session.fetch_all("read_indexes_to_copy", source=source, target=target):
        claim.say("index", f"building the index {index['name']} beside it")
        claim.session.execute("copy_index", index=index["index"], target=target)


def make_key_indexes(claim: Claim, table: MaintainedTable) -> None:
    """The indexes by which its rows and slices are found, where no other serves."""
    claim.say("index", f"building the indexes that refreshes of {_words(table)} need")
    claim.session.execute("make_key_indexes", table=table.id)


def _words(table: MaintainedTable) -> str:
    return "its table" if table.stage is None else f"the stage {table.stage}"
