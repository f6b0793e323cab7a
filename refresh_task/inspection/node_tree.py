"""The key that a view's own query proves: the columns of its outermost GROUP BY or SELECT DISTINCT. Read from the query
as PostgreSQL has parsed and stored it (pg_rewrite.ev_action), so that no name has to be understood twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

# A backslash keeps the next character from meaning anything.
_TOKENS = re.compile(r"[{}()]|(?:\\.|[^\s{}()\\])+")


def proven_key(query: str) -> tuple[str, ...]:
    """The names of the output columns that no two rows of the query can share; nothing where it proves none."""
    ((outer,),) = _items((found.group() for found in _TOKENS.finditer(query)), "")
    if outer["setOperations"] != "<>" or outer["groupingSets"] != "<>" or outer["hasTargetSRFs"] == "true":
        return ()
    for clause in ("distinctClause", "groupClause"):
        if outer[clause] != "<>":
            return _columns(outer, {item["tleSortGroupRef"] for item in outer[clause]})
    return ()


def _columns(query: dict[str, Any], references: set[str]) -> tuple[str, ...]:
    found = {
        target["ressortgroupref"]: re.sub(r"\\(.)", r"\1", target["resname"])
        for target in query["targetList"]
        if target["resjunk"] == "false"
    }
    return tuple(found[reference] for reference in sorted(references, key=int)) if references <= found.keys() else ()


def _items(words: Iterator[str], end: str) -> Iterator[Any]:
    """The values up to `end`: {NODE :field value …} as a dict, (…) as a list, anything else as its text."""
    for word in words:
        if word == end:
            return
        if word == "(":
            yield list(_items(words, ")"))
        elif word == "{":
            next(words)  # the node's kind
            yield _fields(list(_items(words, "}")))
        else:
            yield word


def _fields(items: list[Any]) -> dict[str, Any]:
    """A field's value is what follows its name; of values of several words (constants' bytes) the first."""
    fields: dict[str, Any] = {}
    for name, value in pairwise(items):
        if isinstance(name, str) and name.startswith(":"):
            fields.setdefault(name[1:], value)
    return fields
