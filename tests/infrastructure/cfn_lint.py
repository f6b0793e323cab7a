"""cfn-lint as `make check` would run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def findings(*templates: Path) -> list[dict[str, Any]]:
    """What it has to say of them, all at once, since it takes longer to start than to look."""
    cfn_lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([cfn_lint, "--format", "json", *templates], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    # Its exit code says the same, or that it could not look: a file that is not there, say.
    assert (done.returncode == 0) == (found == []), done.stderr
    return found
