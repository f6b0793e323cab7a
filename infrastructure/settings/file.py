"""Read one settings file; say what is wrong with it in one paragraph."""

import difflib
import json
import tomllib
import zlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infrastructure.settings.environment import OVERRIDABLE, OVERRIDABLE_KEYS, Environment
from infrastructure.settings.run import Schedule

DOCUMENTATION = "docs/environments.md"


class SettingsError(Exception):
    """A settings file that cannot be used: which file, key and value, why, and what to do."""


def read(folder: Path, name: str) -> Environment:
    """Read `<folder>/<name>.toml`.

    Raises SettingsError with one paragraph that names the file, the key, its value and the remedy.
    """
    path = folder / f"{name}.toml"
    shown = f"{folder.name}/{path.name}"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml"))) or "none"
        msg = (
            f'{shown}: there is no environment "{name}" (known: {known}). Choose one with `-c environment=NAME` or '
            f"VISTAFRESCA_ENVIRONMENT, or copy {folder.name}/production.toml.example to {shown} and fill it in."
        )
        raise SettingsError(msg)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{shown}: is not valid TOML: {error}. Correct that place; strings need quotation marks."
        raise SettingsError(msg) from error
    if "name" in document:
        msg = (
            f"{shown}: name = {json.dumps(document['name'], default=str)}: an environment is named after "
            f'its file, "{name}". Remove the key.'
        )
        raise SettingsError(msg)
    try:
        # Through JSON, where pydantic's strict mode still takes an array for a tuple.
        return Environment.model_validate_json(json.dumps({"name": name, **_inherited(document)}, default=str))
    except ValidationError as error:
        # One problem is enough: the others are often its consequences, a misspelt table's above all.
        problems = error.errors()
        first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
        raise SettingsError(f"{shown}: {_explain(first)}") from error


def _inherited(document: dict[str, Any]) -> dict[str, Any]:
    """Lay each database's tables over the environment's, so that a database is complete by itself from here on."""
    if document.get("layout") == "map" and isinstance(schedule := document.get("schedule", {}), dict):
        document = {**document, "schedule": {"event_poll_minutes": 0, **schedule}}
    if not isinstance(document.get("database"), list):
        return document
    return {**document, "database": [_laid_over(document, database) for database in document["database"]]}


def _laid_over(document: dict[str, Any], database: Any) -> Any:
    if not isinstance(database, dict):
        return database
    merged = {**{key: document[key] for key in OVERRIDABLE_KEYS if key in document}, **database}
    for table in OVERRIDABLE:
        above, own = document.get(table, {}), database.get(table, {})
        if isinstance(above, dict) and isinstance(own, dict) and (above or own):
            merged[table] = {**above, **own}
    if document.get("layout") == "nested" and isinstance(schedule := merged.get("schedule", {}), dict):
        merged["schedule"] = {"offset_minutes": _spread(schedule, database.get("name")), **schedule}
    return merged


def _spread(schedule: dict[str, Any], name: Any) -> int:
    """A minute within the interval that follows from the name alone: adding a database moves no other's, as counting
    through them would, and many names fall on all minutes alike. What is no interval is refused later, by its name."""
    interval = schedule.get("interval_minutes", Schedule().interval_minutes)
    return zlib.crc32(str(name).encode()) % interval if type(interval) is int and interval > 0 else 0


def _explain(error: ErrorDetails) -> str:
    """One problem, with its remedy."""
    location = error["loc"]
    key = _path(location)
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(location[-1]), _keys_at(location[:-1]), n=1)
            remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(_keys_at(location[:-1]))}."
            return f"{key} = {_shown(error['input'])}: unknown key. {remedy} Every key is in {DOCUMENTATION}."
        case "missing":
            return f"{key}: is missing. Add it; its meaning is in {DOCUMENTATION}."
        case "tuple_type" if location == ("database",):
            return f"{key}: is one table, and an environment may have several. Write [[database]] in double brackets."
        case "value_error" if isinstance(error["input"], dict):
            return (
                f"{key}: {_reason(error)}. See {DOCUMENTATION}." if key else f"{_reason(error)}. See {DOCUMENTATION}."
            )
        case _:
            return f"{key} = {_shown(error['input'])}: {_reason(error)}. See {DOCUMENTATION}."


def _reason(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _path(location: tuple[int | str, ...]) -> str:
    """("database", 1, "task", "cpu") → database[1].task.cpu"""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:119]}…"  # noqa: PLR2004  about a line


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """The keys that the table at this place knows."""
    section: type[BaseModel] = Environment
    for part in location:
        if isinstance(part, int):
            continue
        annotation = section.model_fields[part].annotation
        section = next(found for found in _models(annotation))
    return [key for key in section.model_fields if not (section is Environment and key == "name")]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]
