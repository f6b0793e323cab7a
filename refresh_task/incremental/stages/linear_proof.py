"""What a change does to a linear table, in the words of a proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from refresh_task.incremental.model import Proof


def linear_proof(proof: Proof, measures: Mapping[str, Any]) -> Proof | str:
    """The proof of a stage's definition as that of a linear table: each changed row moves the group that its keys name,
    and all columns that are counted from are captured. The words why not, where its rows depend on more than the
    table's rows."""
    if len(proof.sources) != 1:
        return "it reads more than one table"
    source = proof.sources[0]
    if proof.moving or source.slides:
        return "its rows move with time"
    if proof.obstacles:
        return "; ".join(proof.obstacles)
    if unreadable := sorted(set(measures["columns"]) & set(source.unreadable)):
        return f"the view's owner may not read {' and '.join(unreadable)} of {source.name} himself"
    keys = measures["keys"]
    linear = replace(
        source,
        slice=1,
        expressions=tuple(key["expression"] for key in keys),
        lookup=None,
        columns=tuple(measures["columns"]),
        null_slice="rows",
        reason=None,
    )
    return replace(proof, slices=(tuple(key["column"] for key in keys),), sources=(linear,), suggestions=())
