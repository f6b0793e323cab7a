"""Write the estimates in docs/cost.md anew: what `vistafresca cost` says of the shipped environments."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from infrastructure.cost import Assumptions, count, estimate, prices
from infrastructure.cost.command_line import text
from infrastructure.cost.inventory import Inventory
from infrastructure.cost.workload import Way
from infrastructure.settings import read

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "cost.md"
BLOCK = re.compile(
    r"```console\n\$ vistafresca cost (?P<name>\w+)(?: --way (?P<way>[\w-]+))?\n(?P<said>.*?)```", re.DOTALL
)


def page(written: str, inventory_of: Callable[[Path, str], Inventory]) -> str:
    """The page with each block's output as it is today."""
    with TemporaryDirectory() as folder:
        environments = Path(folder)
        shutil.copy(ROOT / "environments" / "sandbox.toml", environments)
        shutil.copy(ROOT / "environments" / "production.toml.example", environments / "production.toml")

        def today(block: re.Match[str]) -> str:
            settings = read(environments, block["name"])
            assumed = Assumptions(way=Way(block["way"] or Way.NAT))
            said = text(estimate(settings, inventory_of(environments, block["name"]), assumed, prices()))
            command = block[0].split("\n", 2)[1]
            return f"```console\n{command}\n{said}\n```"

        return BLOCK.sub(today, written)


def main() -> int:
    """Rewrite the page."""
    from infrastructure.cost.synthesis import templates  # noqa: PLC0415  # CDK

    written = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page(written, lambda folder, name: count(templates(folder, name))), encoding="utf-8")
    print(f"{PAGE} is as of today.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
