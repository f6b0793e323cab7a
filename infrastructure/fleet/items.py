"""What the state machine goes through: for each database its name, and what its task is told about it."""

from collections.abc import Mapping, Sequence
from typing import Any

DATABASE = "VISTAFRESCA_DATABASE"


def items(told: Mapping[str, Mapping[str, str]]) -> Sequence[Mapping[str, Any]]:
    """The items, in the order given, from database → variable → value; nothing secret in either.

    Every item has every variable, empty where it is another database's: the override of a task lists its variables one
    by one, and the task takes an empty one for absent (refresh_task/settings.py), as libpq does.
    """
    variables = variable_names(told)
    return [
        {
            "database": {"name": database},
            "variables": {name: database if name == DATABASE else own.get(name, "") for name in variables},
        }
        for database, own in told.items()
    ]


def variable_names(told: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """Every variable that some database is told, in a stable order."""
    return [DATABASE, *sorted({name for own in told.values() for name in own})]
