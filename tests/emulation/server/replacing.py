"""Putting a corrected function where ministack uses the faulty one."""

from collections.abc import Callable
from types import ModuleType
from typing import Any


class FaultError(Exception):
    """ministack is not what a correction was written for: it must be looked at anew."""


def replace(module: ModuleType, name: str, correction: Callable[..., Any]) -> Any:
    """Use `correction` wherever `module` uses its function `name`: under that name and in its tables of actions.

    Returns the function that was there. Raises FaultError where there is none.
    """
    faulty = getattr(module, name, None)
    if faulty is None:
        msg = f"{module.__name__} has no {name}: another version of ministack? See tests/emulation/server/corrections"
        raise FaultError(msg)
    for attribute, value in list(vars(module).items()):
        if value is faulty:
            setattr(module, attribute, correction)
        elif isinstance(value, dict):
            value.update({key: correction for key, entry in value.items() if entry is faulty})
    return faulty
