"""What is wrong in a views.toml, for people: the file, the view, the key, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from refresh_task.errors import ConfigurationError
from refresh_task.policies.values import ValueRefusedError

_FULL_NAME = ("a view's full name", "Write it as schema.name, in lower case or quoted.")
_NAMES = {
    "name": _FULL_NAME,
    "depends_on": _FULL_NAME,
    "base": ("a relation's full name", _FULL_NAME[1]),
    "pattern": (
        "a pattern of views' full names",
        "Write it as schema.name with * for any characters and ? for any one, without quotes.",
    ),
}


def explain(file: Path, content: dict[str, Any], error: ValidationError, model: type[BaseModel]) -> ConfigurationError:
    """The first mistake of several."""
    first = error.errors()[0]
    location = first["loc"]
    message, remedy = _mistake(first, [str(part) for part in location if not isinstance(part, int)], model)
    return ConfigurationError(message, subject=f"{file}{_view(location, content)}", remedy=remedy)


def _mistake(first: ErrorDetails, keys: list[str], model: type[BaseModel]) -> tuple[str, str]:
    """What is wrong, and the remedy. `keys` lead to the value."""
    written = first["input"]
    key = ".".join(keys[1:] if keys[0] in {"view", "defaults"} and len(keys) > 1 else keys)
    message, remedy = f"{key}: '{written}': {first['msg']}.", "See docs/configuration.md."
    match first["type"]:
        case "extra_forbidden":
            known = _fields(model, keys[:-1])
            near = difflib.get_close_matches(keys[-1], known, n=1)
            message = f"unknown key '{keys[-1]}'."
            remedy = f"Did you mean '{near[0]}'?" if near else f"The known keys are: {', '.join(known)}."
        case "string_pattern_mismatch" if keys[-1] in _NAMES:
            what, remedy = _NAMES[keys[-1]]
            message = f"'{written}' is not {what}."
        case "missing":
            message = f"{key} is missing."
        case "enum":
            expected = first["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            message, remedy = f"{key}: '{written}' is none of {expected}.", "Write one of them."
        case "value_error" if isinstance(refused := first["ctx"]["error"], ValueRefusedError):
            message, remedy = f"{key}: '{refused.value}' {refused.cause}.", refused.remedy
        case _ if keys == ["view"]:
            message, remedy = "a view is not a table.", "Begin each with a line [[view]]."
    return message, remedy


def _view(location: Sequence[int | str], content: dict[str, Any]) -> str:
    match location:
        case ["view", int() as number, *_]:
            entry = content["view"][number]
            name = entry.get("name", entry.get("pattern")) if isinstance(entry, dict) else None
            return f", view {number + 1 if name is None else name}"
    return ""


def _fields(model: type[BaseModel], keys: Sequence[str]) -> list[str]:
    """The keys of the table that these lead to."""
    for key in keys:
        model = _table(model.model_fields[key].annotation)
    return list(model.model_fields)


def _table(annotation: Any) -> type[BaseModel]:
    """Within an optional, or a tuple of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_table(part) for part in get_args(annotation) if part is not Ellipsis)
