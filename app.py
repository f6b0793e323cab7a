"""Reads an environment's settings and synthesizes its stack, with the CDK CLI or by itself: `python app.py`.

The environment is chosen by `cdk -c environment=NAME` or VISTAFRESCA_ENVIRONMENT; sandbox is the default.
"""

import sys

from infrastructure.application import application, synthesize
from infrastructure.settings import SettingsError


def main() -> int:
    try:
        synthesize(application())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
