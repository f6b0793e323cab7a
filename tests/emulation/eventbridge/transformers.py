"""What a target is handed: the event, a part of it, a constant, or the text that an input transformer makes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
As documented: values are not escaped; between quotation marks a variable stands for its bare text, elsewhere for its
JSON; a variable whose path leads nowhere does not appear. Refused, since the documentation does not say what they come
to: such a variable outside of quotation marks, an object or array within them, wildcards in paths; and JSON templates
whose result is not JSON (a value with a quotation mark in it, say).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.emulation.unsupported import UnsupportedError

_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_/-]+(?:\[\d+\])*)*")
_PIECE = re.compile(r"<(?P<name>[A-Za-z0-9_.-]+)>|(?P<escaped>\\.)|(?P<quote>\")|(?P<text>.)", re.DOTALL)
NOTHING = object()


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, ingested: str) -> str:
    """What one entry of list_targets_by_rule is handed for an event. `ingested` is when EventBridge received it."""
    if "InputTransformer" in target:
        return apply(target["InputTransformer"], event, rule_arn=rule_arn, ingested=ingested)
    if "InputPath" in target:
        found = _find(target["InputPath"], event)
        if found is NOTHING:
            msg = f"{target['InputPath']} leads nowhere, and what a target is handed then is not documented"
            raise UnsupportedError(msg)
        return json.dumps(found)
    return str(target.get("Input", json.dumps(event)))


def check(transformer: Mapping[str, Any]) -> None:
    """Refuse what this evaluator does not know, before there is any event."""
    declared = transformer.get("InputPathsMap", {})
    for path in declared.values():
        _steps(path)
    for name in {piece["name"] for piece in _PIECE.finditer(transformer["InputTemplate"]) if piece["name"]}:
        if name not in declared and name not in _predefined({}, "", ""):
            msg = f"<{name}> is not declared in InputPathsMap"
            raise UnsupportedError(msg)


def apply(transformer: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str = "", ingested: str = "") -> str:
    """The input transformer's text for an event."""
    check(transformer)
    values = {name: _find(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= _predefined(event, rule_arn, ingested)
    template, text, quoted = transformer["InputTemplate"], "", False
    for piece in _PIECE.finditer(template):
        if piece["name"]:
            text += _within(piece["name"], values) if quoted else _outside(piece["name"], values)
        else:
            quoted ^= piece["quote"] is not None
            text += piece[0]
    if template.lstrip()[:1] in ("{", "["):
        _require_json(text)
    return text


def _predefined(event: Mapping[str, Any], rule_arn: str, ingested: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": dict(event),
    }


def _within(name: str, values: Mapping[str, Any]) -> str:
    match values[name]:
        case str(text):
            return text
        case dict() | list():
            msg = f"<{name}> is an object or an array, and stands within quotation marks"
            raise UnsupportedError(msg)
        case value:
            return "" if value is NOTHING else json.dumps(value)


def _outside(name: str, values: Mapping[str, Any]) -> str:
    if values[name] is NOTHING:
        msg = f"<{name}> has no value, and stands outside of quotation marks"
        raise UnsupportedError(msg)
    return json.dumps(values[name])


def _find(path: str, event: Any) -> Any:
    for step in _steps(path):
        match step, event:
            case str(), dict() if step in event:
                event = event[step]
            case int(), list() if step < len(event):
                event = event[step]
            case _:
                return NOTHING
    return event


def _steps(path: str) -> list[str | int]:
    if not _PATH.fullmatch(path):
        msg = f"this evaluator does not know the path {path!r}"
        raise UnsupportedError(msg)
    return [int(index) if index else name for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path)]


def _require_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        msg = f"the template's result is not JSON ({error}): {text}"
        raise UnsupportedError(msg) from error
