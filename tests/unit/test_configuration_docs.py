"""docs/configuration.md says what the classes say: every name, default and meaning, both ways."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from api.settings import ApiSettings
from refresh_task import policies
from refresh_task.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def _table(after: str) -> dict[str, dict[str, str]]:
    """The first table that follows this line: its rows by their first cell, each by column."""
    _, found, rest = DOCUMENT.read_text().partition(f"\n{after}\n")
    assert found, after
    lines = re.search(r"\n((?:\|.*\|\n)+)", rest)
    assert lines is not None
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1].splitlines()]
    return {row[0].strip("` "): dict(zip(header, [cell.strip("| ") for cell in row], strict=True)) for row in rows}


def _in_words(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} seconds"
    hours, unit = seconds / 3600, "hour" if seconds == 3600 else "hours"
    return f"{hours:g} {unit}" if seconds >= 3600 else f"{seconds / 60:g} minutes"


def _written(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case timedelta():
            return f"`{_in_words(default.total_seconds())}`"
        case () | BaseModel():
            return ""
    return f"`{default}`"


def test_every_environment_variable_is_documented_with_its_default_and_meaning() -> None:
    documented = {name: (row["Default"], row["Meaning"]) for name, row in _table("## Environment variables").items()}
    assert documented == {
        setting.metadata["variable"]: (_written(setting.default), setting.metadata["what"])
        for setting in fields(Settings)
    }


def test_every_variable_of_the_api_is_documented_with_its_default_and_meaning() -> None:
    documented = {name: (row["Default"], row["Meaning"]) for name, row in _table("### The API's own").items()}
    assert documented == {
        setting.metadata["variable"]: (_written(setting.default), setting.metadata["what"])
        for setting in fields(ApiSettings)
    }


def test_the_documented_bounds_are_the_real_ones() -> None:
    """Each "x to y" of the table is tried at and beyond its ends."""
    parsers = {setting.metadata["variable"]: setting.metadata["parse"] for setting in fields(Settings)}
    tried = set()
    for variable, row in _table("## Environment variables").items():
        if found := re.match(r"([\d.]+) to (\d+)(?!\d* (letters|lower|ASCII))", row["Values"]):
            least, most = found[1], found[2]
            assert (parsers[variable](least), parsers[variable](most)) == (float(least), float(most))
            for beyond in (str(round(float(least)) - 1), str(int(most) + 1)):
                with pytest.raises(ValueError, match="not between"):
                    parsers[variable](beyond)
            tried.add(variable)
    assert len(tried) == 15


@pytest.mark.parametrize(
    ("model", "heading"),
    [
        (policies.ViewEntry, "In each `[[view]]`:"),
        (policies.Window, "In `exclusive_window`:"),
        (policies.Checks, "In `checks`:"),
        (policies.Endpoint, "In `endpoint`:"),
        (policies.Defaults, "In `[defaults]`, for the views of the same file that do not say otherwise:"),
    ],
)
def test_every_key_of_views_toml_is_documented_with_its_default(model: type[BaseModel], heading: str) -> None:
    documented = {key: row["Default"] for key, row in _table(heading).items()}
    assert documented == {
        key: "(required)" if field.is_required() else _written(field.default)
        for key, field in model.model_fields.items()
    }


def test_the_document_s_example_is_a_valid_views_toml(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.+?)```", DOCUMENT.read_text(), re.DOTALL)
    file = tmp_path / "views.toml"
    file.write_text(example)
    declared = policies.read_views_files([file])
    revenue = declared.views["sales.mv_daily_revenue"]
    assert (revenue.target_lag, revenue.timeout) == (timedelta(hours=1), timedelta(minutes=5))
    assert list(declared.patterns) == ["sales.mv_*"]
    assert declared.views["sales.mv_exchange_rates"].target_lag is None
    assert declared.views["sales.mv_orders"].target_lag == timedelta(hours=1, minutes=30)
    published = declared.views["sales.mv_orders"].endpoint
    assert published is not None
    assert (published.roles, published.base) == (("reader", "admin"), "sales.v_orders")


def test_no_other_variable_of_ours_is_read() -> None:
    """The source names no VISTAFRESCA_ variable that the document does not."""
    named = {
        variable: file
        for folder in ("refresh_task", "api")
        for file in (DOCUMENT.parents[1] / folder).rglob("*.py")
        for variable in re.findall(r"VISTAFRESCA_[A-Z_]+[A-Z]", file.read_text())
    }
    text = DOCUMENT.read_text()
    assert {variable: file for variable, file in named.items() if f"`{variable}`" not in text} == {}
