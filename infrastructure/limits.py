"""CloudFormation's limits, asked before CloudFormation is: it would refuse the template only when deploying, and says
what is wrong with it, not what to do.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from infrastructure.settings import SettingsError

REMEDIES = {
    "single": 'Write layout = "nested", which gives every database a stack of its own',
    "nested": 'Divide the databases among several environments, or write layout = "map", with one task for all',
    "map": "Let the databases share security groups, or divide them among several environments",
}


@dataclass(frozen=True, kw_only=True)
class TemplateSize:
    """One template, by what CloudFormation limits."""

    name: str
    """The file's, up to .template.json."""

    resources: int
    bytes: int
    outputs: int
    parameters: int


# A megabyte is read as the smaller of the two that the word may mean.
LIMITS = TemplateSize(name="CloudFormation", resources=500, bytes=1_000_000, outputs=200, parameters=200)


def template_sizes(folder: Path) -> Sequence[TemplateSize]:
    """Of every template of an assembly, the environment's own first; not of what earlier ones left in the folder."""
    artifacts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values()
    names: list[str] = []
    for artifact in artifacts:
        match artifact["type"]:
            case "aws:cloudformation:stack":
                names.insert(0, artifact["properties"]["templateFile"])
            case "cdk:asset-manifest":
                assets = json.loads((folder / artifact["properties"]["file"]).read_text(encoding="utf-8"))
                paths = sorted(asset["source"].get("path", "") for asset in assets["files"].values())
                names += [path for path in paths if path.endswith(".nested.template.json")]
    return [_size(folder / name) for name in names]


def refuse_beyond_limits(sizes: Sequence[TemplateSize], *, environment: str, layout: str) -> None:
    """Raise SettingsError, with the number, the limit and the remedy, if one of the templates is too large."""
    for size in sizes:
        for field in fields(TemplateSize):
            number, limit = getattr(size, field.name), getattr(LIMITS, field.name)
            if field.name != "name" and number > limit:
                msg = (
                    f'environments/{environment}.toml: layout = "{layout}": {size.name} would have {number:,} '
                    f"{field.name}, and CloudFormation allows {limit:,}. {REMEDIES[layout]} (docs/fleet.md)."
                )
                raise SettingsError(msg)


def _size(path: Path) -> TemplateSize:
    written = path.read_bytes()
    template = json.loads(written)
    return TemplateSize(
        name=path.name.removesuffix(".template.json").removesuffix(".nested"),
        resources=len(template["Resources"]),
        bytes=len(written),
        outputs=len(template.get("Outputs", {})),
        parameters=len(template.get("Parameters", {})),
    )
