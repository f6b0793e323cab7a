"""vistafresca cost"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from infrastructure.cost import Assumptions, CostLine, Estimate, Way, advice, count, estimate, prices
from infrastructure.settings import SettingsError, read

ENVIRONMENTS = Path(__file__).parents[2] / "environments"
_PIPE_WIDTH = 140
_USUAL = Assumptions()
_NEEDS = (
    "counting what is deployed needs {missing}, which is not installed. In a checkout: make install; elsewhere: "
    "pip install 'vistafresca[infrastructure]'."
)


@click.command()
@click.argument("environment", default="sandbox")
@click.option("--views", type=click.IntRange(0), default=_USUAL.views, show_default=True, help="Views per database.")
@click.option(
    "--run-seconds",
    type=click.FloatRange(0),
    default=_USUAL.run_s,
    show_default=True,
    help="Of a scheduled run, with the image's pull; a minute is billed at least.",
)
@click.option(
    "--requested-seconds",
    type=click.FloatRange(0),
    default=_USUAL.requested_s,
    show_default=True,
    help="The same of a run for the event queue.",
)
@click.option(
    "--image-mib", type=click.FloatRange(0), default=_USUAL.image_mib, show_default=True, help="The compressed image."
)
@click.option(
    "--way",
    type=click.Choice([way.value for way in Way]),
    default=_USUAL.way.value,
    show_default=True,
    help="How images reach tasks in an existing network.",
)
@click.option(
    "--api-requests", type=click.IntRange(0), default=_USUAL.api_requests, show_default=True, help="A month, per API."
)
@click.option(
    "--environments", type=click.Path(path_type=Path), default=ENVIRONMENTS, help="The folder of the settings files."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def cost(
    environment: str,
    *,
    views: int,
    run_seconds: float,
    requested_seconds: float,
    image_mib: float,
    way: str,
    api_requests: int,
    environments: Path,
    as_json: bool,
) -> None:
    """What an environment (environments/ENVIRONMENT.toml) costs a month, in dollars, line by line."""
    try:
        settings = read(environments, environment)
        from infrastructure.cost.synthesis import templates  # noqa: PLC0415  # CDK, which --help need not wait for

        inventory = count(templates(environments, environment))
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except ModuleNotFoundError as error:
        raise click.ClickException(_NEEDS.format(missing=error.name)) from None
    assumed = Assumptions(
        views=views,
        run_s=run_seconds,
        requested_s=requested_seconds,
        image_mib=image_mib,
        way=Way(way),
        api_requests=api_requests,
    )
    found = estimate(settings, inventory, assumed, prices())
    click.echo(json.dumps(document(found, assumed), indent=2, ensure_ascii=False) if as_json else text(found))


def document(found: Estimate, assumed: Assumptions) -> dict[str, Any]:
    """What --json writes."""
    return {
        "environment": found.environment,
        "dollars_per_month": round(found.dollars, 2),
        "prices": {"region": prices().region, "as_of": prices().as_of.isoformat()},
        "assumptions": asdict(assumed),
        "lines": [asdict(line) | {"dollars": round(line.dollars, 4)} for line in found.lines],
        "notes": list(found.notes),
        "advice": advice(found, prices()),
    }


def text(found: Estimate) -> str:
    """The table, the sum, what is left out, and what to do about the dearest line."""
    table = Table(
        Column("what", no_wrap=True),
        Column("from"),
        Column("$ a month", justify="right", no_wrap=True),
        box=SIMPLE_HEAD,
    )
    for what, formula, dollars in sorted(_rows(found.lines), key=lambda row: -row[2]):
        table.add_row(what, formula, f"{dollars:.2f}")
    table.add_section()
    table.add_row(
        "all together", f"list prices of {prices().region}, {prices().as_of}, no free tier", f"{found.dollars:.2f}"
    )
    console = Console(width=_PIPE_WIDTH, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
        for paragraph in (*found.notes, advice(found, prices())):
            if paragraph is not None:
                console.print(paragraph)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _rows(lines: Any) -> Iterator[tuple[str, str, float]]:
    """One per line; databases that cost the same for the same reason share one."""
    shared: dict[tuple[str, str], list[CostLine]] = {}
    for line in lines:
        shared.setdefault((line.what, line.formula), []).append(line)
    several = {what for what, _ in shared if sum(name == what for name, _ in shared) > 1}
    for (what, formula), same in shared.items():
        names = [line.database for line in same if line.database is not None]
        label = f"{what} ({', '.join(names)})" if what in several and len(names) <= 2 else what  # noqa: PLR2004
        yield label, formula if len(same) == 1 else f"{len(same)} × ({formula})", sum(line.dollars for line in same)
