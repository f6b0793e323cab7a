"""Names in a function's body that are found only with the caller's search_path: by the shape of the text, not by a
parser, so a guess; whether such a thing exists elsewhere is asked of the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_RELATION = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|ONLY)\s+([a-z_][a-z0-9_$]*|\"[^\"]+\")(?![\w$])(?!\s*[.(])", re.IGNORECASE
)
_FUNCTION = re.compile(r"(?<![.\w$\"])([a-z_][a-z0-9_$]*)\s*\(", re.IGNORECASE)
_COMMON_TABLE = re.compile(
    r"\b([a-z_][a-z0-9_$]*)\s*(?:\([^)]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(", re.IGNORECASE
)
_VARIABLE = re.compile(r"\bINTO\s+(?:STRICT\s+)?([a-z_][a-z0-9_$]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UnqualifiedNames:
    """As PostgreSQL folds them."""

    relations: tuple[str, ...]
    functions: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.relations + self.functions


def unqualified_names(body: str) -> UnqualifiedNames:
    """What stands after FROM or JOIN, and before a parenthesis, without a schema in front."""
    text = _NOISE.sub(" ", body)
    hidden = {name.lower() for name in _COMMON_TABLE.findall(text)}
    if re.search(r"\bBEGIN\b", text, re.IGNORECASE):  # PL/pgSQL: SELECT … INTO a variable
        hidden |= {name.lower() for name in _VARIABLE.findall(text)}
    relations = {name[1:-1] if name.startswith('"') else name.lower() for name in _RELATION.findall(text)}
    functions = {name.lower() for name in _FUNCTION.findall(text)}
    return UnqualifiedNames(tuple(sorted(relations - hidden)), tuple(sorted(functions - hidden)))
