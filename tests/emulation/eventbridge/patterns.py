"""EventBridge's matching: which events are given to a rule.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
A field that an event lacks never matches, not even anything-but; exists: false alone does. Within an array of objects,
the fields of a pattern must match in one and the same object
(https://github.com/aws/event-ruler, "array consistency").
Refused: cidr, and what the documentation leaves open: exists: false within an array of several objects, and 300 against
300.0, which are unequal by one page and equal by another.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.emulation.eventbridge.numeric import in_ranges
from tests.emulation.unsupported import UnsupportedError

Matcher = Callable[[Any], bool]
"""Whether one value in an event satisfies one rule of a pattern."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event with these fields is given to a rule with this pattern."""
    check(pattern)
    return _object(pattern, [event])


def check(pattern: Mapping[str, Any]) -> None:
    """Refuse what this evaluator does not know, whether or not an event would come upon it."""
    if not isinstance(pattern, Mapping) or not pattern:
        msg = f"a pattern is an object with at least one field, not {pattern!r}"
        raise UnsupportedError(msg)
    for name, wanted in pattern.items():
        match wanted:
            case list() if name == "$or" and len(wanted) > 1:
                for way in wanted:
                    check(way)
            case list() if wanted and name != "$or":
                for rule in wanted:
                    _matcher(rule)
            case dict() if name != "$or":
                check(wanted)
            case _:
                msg = f"{name}: {wanted!r} is neither an object nor an array of rules"
                raise UnsupportedError(msg)


def _object(pattern: Mapping[str, Any], objects: Sequence[Any]) -> bool:
    """Whether one of the objects matches; the fields of none are the empty object's."""
    present = [item for item in objects if isinstance(item, Mapping)] or [{}]
    if len(present) > 1 and _asks_for_absence(pattern):
        msg = f"what exists: false means within an array of several objects is not documented: {pattern}"
        raise UnsupportedError(msg)
    return any(all(_part(name, wanted, item) for name, wanted in pattern.items()) for item in present)


def _part(name: str, wanted: Any, holder: Mapping[str, Any]) -> bool:
    if name == "$or":
        return any(_object(way, [holder]) for way in wanted)
    found = holder.get(name, [])
    values = found if isinstance(found, list) else [found]
    if isinstance(wanted, dict):
        return _object(wanted, values)
    # An object is no leaf; of an array, each item is an alternative.
    leaves = [value for value in values if not isinstance(value, dict | list)]
    return any(_leaf(rule, leaves) for rule in wanted)


def _leaf(rule: Any, values: Sequence[Any]) -> bool:
    match rule:
        case {"exists": bool(wanted)}:
            return bool(values) is wanted
        case _:
            return any(map(_matcher(rule), values))


def _matcher(rule: Any) -> Matcher:
    match rule:
        case {"exists": bool(wanted), **others} if not others:
            return lambda _: wanted
        case {"anything-but": unwanted, **others} if not others:
            return _other_than(unwanted)
        case {"numeric": list(ranges), **others} if not others:
            return in_ranges(ranges)
        case None | bool() | str() | int() | float():
            return lambda value: _same(rule, value)
        case _:
            return _text(rule)


def _other_than(unwanted: Any) -> Matcher:
    """anything-but: a value, a list of values, or one operator on text with one operand or several."""
    match unwanted:
        case dict() if len(unwanted) == 1:
            ((name, operand),) = unwanted.items()
            texts = [_text({name: text}) for text in _listed(operand)]
            return lambda value: not any(matcher(value) for matcher in texts)
        case _:
            values = _listed(unwanted)
            kinds = {str if isinstance(value, str) else float if _is_number(value) else None for value in values}
            if kinds not in ({str}, {float}):
                msg = f"anything-but takes only texts or only numbers, not {unwanted!r}"
                raise UnsupportedError(msg)
            return lambda value: not any(_same(rule, value) for rule in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(rule: Any) -> Matcher:
    match rule:
        case {"prefix": {"equals-ignore-case": str(prefix)}} if len(rule) == 1:
            return _of_text(lambda text: text.lower().startswith(prefix.lower()))
        case {"suffix": {"equals-ignore-case": str(suffix)}} if len(rule) == 1:
            return _of_text(lambda text: text.lower().endswith(suffix.lower()))
        case {"prefix": str(prefix)} if len(rule) == 1:
            return _of_text(lambda text: text.startswith(prefix))
        case {"suffix": str(suffix)} if len(rule) == 1:
            return _of_text(lambda text: text.endswith(suffix))
        case {"equals-ignore-case": str(other)} if len(rule) == 1:
            return _of_text(lambda text: text.lower() == other.lower())
        case {"wildcard": str(pattern)} if len(rule) == 1:
            expression = _wildcard(pattern)
            return _of_text(lambda text: expression.fullmatch(text) is not None)
        case _:
            msg = f"this evaluator does not know the rule {rule!r}"
            raise UnsupportedError(msg)


def _wildcard(pattern: str) -> re.Pattern[str]:
    r"""`*` stands for any text; `\*` and `\\` for themselves."""
    parts = re.findall(r"\\[*\\]|\\|\*+|[^\\*]+", pattern)
    if any(part == "\\" or (part.startswith("*") and len(part) > 1) for part in parts):
        msg = rf"a wildcard has no ** and escapes only \* and \\: {pattern!r}"
        raise UnsupportedError(msg)
    return re.compile("".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts), re.DOTALL)


def _of_text(test: Callable[[str], bool]) -> Matcher:
    return lambda value: isinstance(value, str) and test(value)


def _same(wanted: Any, value: Any) -> bool:
    """Texts character by character, null and booleans only themselves."""
    if type(wanted) is type(value):
        return bool(wanted == value)
    if {type(wanted), type(value)} == {int, float} and wanted == value:
        msg = f"whether {wanted!r} equals {value!r} is not documented in one voice; use numeric"
        raise UnsupportedError(msg)
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) and value else [value]


def _asks_for_absence(pattern: Any) -> bool:
    match pattern:
        case {"exists": False}:
            return True
        case dict():
            return any(map(_asks_for_absence, pattern.values()))
        case list():
            return any(map(_asks_for_absence, pattern))
        case _:
            return False
