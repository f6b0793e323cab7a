"""vistafresca sample"""

from __future__ import annotations

import click

from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.database.sample_data import generate_sample_data


@click.command()
@click.argument("system")
@click.option(
    "--size",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="The system's main rows: fluxion's sales, universal_transactions' transactions, teloo's solicitudes, "
    "driver_matrix's drivers.",
)
@json_option
def sample(system: str, size: int, *, as_json: bool) -> int:
    """Fill the empty tables of SYSTEM (see migrate --system) with deterministic sample rows, to try things out."""
    with open_session() as session:
        tables = generate_sample_data(session, system, size)
    if as_json:
        print_json(tables)
    else:
        click.echo(
            "\n".join(f"{table['row_count']:>12,} {_full_name(system, table['table_name'])}" for table in tables)
        )
    return 0


def _full_name(system: str, table: str) -> str:
    """A system whose tables are in other schemas than its own says so."""
    return table if "." in table else f"{system}.{table}"
