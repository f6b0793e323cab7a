"""app.py for an environment that the harness wrote: `python -m tests.e2e.deployment.app FOLDER NAME`."""

import sys
from pathlib import Path

from infrastructure.application import application

if __name__ == "__main__":
    application(environments=Path(sys.argv[1]), name=sys.argv[2]).synth()
