"""EventBridge's matching, as far as this stack's patterns go: exact values, prefix, anything-but, objects, arrays,
alternatives.

A field that an event lacks never matches, not even anything-but; a field within an array of objects matches if that of
any object does.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from typing import Any


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether an event with these fields is given to a rule with this pattern."""
    return all(_matches_part(name, wanted, event) for name, wanted in pattern.items())


def _matches_part(name: str, wanted: Any, holder: Any) -> bool:
    if name == "$or":
        return any(all(_matches_part(part, rules, holder) for part, rules in way.items()) for way in wanted)
    return _field(wanted, _values(holder, name))


def _values(holder: Any, name: str) -> list[Any]:
    """The values of a field: of an object, or of every object in an array; an array's items are alternatives."""
    objects = holder if isinstance(holder, list) else [holder]
    found = [item[name] for item in objects if isinstance(item, dict) and name in item]
    return [inner for value in found for inner in (value if isinstance(value, list) else [value])]


def _field(wanted: Any, values: list[Any]) -> bool:
    if isinstance(wanted, dict):
        return bool(values) and all(_matches_part(name, inner, values) for name, inner in wanted.items())
    return any(_rule(rule, value) for rule in wanted for value in values)


def _rule(rule: Any, value: Any) -> bool:
    match rule:
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case {"anything-but": list(unwanted)}:
            return value not in unwanted
        case dict():
            msg = f"this evaluator does not know {rule}"
            raise NotImplementedError(msg)
        case exact:
            return bool(value == exact)
