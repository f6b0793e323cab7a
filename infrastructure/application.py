"""The CDK application of one environment, checked by cdk-nag: the same for the CDK CLI, `python app.py` and
the tests."""

import json
import os
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infrastructure.limits import refuse_beyond_limits, template_sizes
from infrastructure.settings import read
from infrastructure.stack import VistafrescaStack

ROOT = Path(__file__).parent.parent
CLI_CONTEXT = {"aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True}
"""What the CLI adds to cdk.json's context, where these keys may not stand."""

OWN_CONTEXT = {"@aws-cdk/core:stackResourceLimit": 100_000}
"""CDK would stop at 500 resources too, but without a remedy; limits.py has one."""


def application(
    *, environments: Path = ROOT / "environments", name: str | None = None, outdir: str | None = None
) -> cdk.App:
    """Compose the stack of the environment asked for: by `name`, `-c environment=`, VISTAFRESCA_ENVIRONMENT,
    or sandbox.

    Raises SettingsError where the environment's file cannot be used.
    """
    # The CLI passes cdk.json's context and its output folder by itself, and wins over both of these; without
    # it feature flags would differ and with them the template.
    configuration = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    app = cdk.App(
        context=configuration["context"] | CLI_CONTEXT | OWN_CONTEXT,
        outdir=outdir or os.environ.get("CDK_OUTDIR") or str(ROOT / configuration["output"]),
        analytics_reporting=False,
    )
    chosen = name or app.node.try_get_context("environment") or os.environ.get("VISTAFRESCA_ENVIRONMENT") or "sandbox"
    VistafrescaStack(app, f"vistafresca-{chosen}", settings=read(environments, chosen))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def synthesize(app: cdk.App) -> Path:
    """Write the templates; the folder they are in.

    Raises SettingsError where one is larger than CloudFormation takes, and RuntimeError where cdk-nag finds something.
    """
    (stack,) = (child for child in app.node.children if isinstance(child, VistafrescaStack))
    try:
        return Path(app.synth().directory)
    finally:
        # CDK's own validation fails at some of the limits, too, when it has written everything; but it has no remedy.
        sizes = template_sizes(Path(app.outdir))
        refuse_beyond_limits(sizes, environment=stack.settings.name, layout=stack.settings.layout)
