"""Functions of somebody's own that a view calls: what they hide, and what a safe search_path hides from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import listing


def depends_on(views: Sequence[str]) -> str:
    """The line of views.toml."""
    return f"depends_on = {json.dumps(views or ['schema.view'], ensure_ascii=False)}"


def examine_functions(_facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """String bodies, and unqualified names in them."""
    opaque = [function for function in view.functions if function.is_opaque]
    if opaque:
        mentioned = sorted({name for function in opaque for name in function.mentions} - {view.name})
        yield Finding(
            Code.HIDDEN_DEPENDENCIES,
            Level.ADVICE,
            f"It calls {listing([function.name for function in opaque])}, whose body PostgreSQL does not look into.",
            "What it reads there is not known: such tables are not watched for changes, and a materialized view among "
            "them is not refreshed before it.",
            view.name,
            f"Name the materialized views that it reads there in views.toml, {depends_on(mentioned)}; or write it with "
            "BEGIN ATOMIC (LANGUAGE sql), which PostgreSQL does look into.",
        )
    for function in view.functions:
        if function.unqualified:
            names = [f"{name} (of schema {schema})" for name, schema in function.unqualified]
            schemas = ", ".join(dict.fromkeys(schema for _, schema in function.unqualified))
            yield Finding(
                Code.UNSAFE_SEARCH_PATH,
                Level.PROBLEM,
                f"{function.name} seems to use {listing(names)} without naming the schema, by the text of its body.",
                "Vistafresca refreshes with search_path = pg_catalog, and from PostgreSQL 17 on every REFRESH does: "
                "such a name is not found then, and the refresh fails (SQLSTATE 42P01 or 42883).",
                view.name,
                f"ALTER FUNCTION {function.name} SET search_path = {schemas}, pg_temp;",
            )
