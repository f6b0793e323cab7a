"""Which relations a function's body seems to read, by the shape of its text: a proposal to a person, no more. What
stands in string literals counts as well, for EXECUTE may run it."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"]|"")+"|[^\W\d][\w$]*|\S')
_BEFORE_A_TABLE = frozenset({"from", "join", "using"})
_BETWEEN = frozenset({"only", "lateral", "("})
_AFTER_FROM = frozenset(
    {"where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "except", "intersect"}
    | {"select", "set", "returning", "loop", ";"}
)


def read_relations(body: str) -> frozenset[tuple[str | None, str]]:
    """Schema (None: not said) and name, as PostgreSQL folds them, of what follows FROM and its commas, JOIN, and USING
    without a list of columns."""
    parts = [*_TOKEN.findall(_COMMENT.sub(" ", body)), "", "", ""]
    found = set()
    in_from = [False]  # at each depth of parentheses
    expected = False
    for i, part in enumerate(parts[:-3]):
        word = part.lower()
        if expected and _is_name(part) and word not in _BETWEEN | _AFTER_FROM:
            name = parts[i : i + 3] if parts[i + 1] == "." else [part]
            if parts[i + len(name)] != "(":  # a function
                found.add((_folded(name[0]) if len(name) > 1 else None, _folded(name[-1])))
        if word in _AFTER_FROM:
            in_from[-1] = False
        elif word == "from":
            in_from[-1] = True
        elif part == "(":
            in_from.append(expected)
        elif part == ")" and len(in_from) > 1:
            in_from.pop()
        expected = (
            (word in _BEFORE_A_TABLE and (word, parts[i + 1]) != ("using", "("))
            or (part == "," and in_from[-1])
            or (expected and word in _BETWEEN)
        )
    return frozenset(found)


def _is_name(part: str) -> bool:
    return part[0] in '"_' or part[0].isalpha()


def _folded(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
