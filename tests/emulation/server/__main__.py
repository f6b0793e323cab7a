"""Start the corrected emulator: `python -m tests.emulation.server CONFIGURATION.json`.

Runs in a virtual environment of its own (tests/emulation/requirements.txt): ministack pins botocore, and what the
product runs on is not to depend on that. So nothing here may import more than the standard library and ministack.
"""

import os
import sys
from pathlib import Path

from tests.emulation.server.configuration import Configuration


def main() -> None:
    configuration = Configuration.read(Path(sys.argv[1]))
    # Read by ministack when it is imported. AUTH makes it ask IAM's policies about every call that is not root's.
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(configuration.port),
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=configuration.region,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{configuration.port}",  # for the functions it runs
        LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.1",  # Lambda waits one minute, then two
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        S3_DATA_DIR=str(configuration.folder / "s3"),
        STATE_DIR=str(configuration.folder / "state"),
        LOG_LEVEL="INFO",
    )
    os.environ.pop("DOCKER_HOST", None)
    from tests.emulation.server.corrections import correct_all  # noqa: PLC0415  # imports ministack

    correct_all(configuration)
    from ministack.app import main as serve  # noqa: PLC0415  # the same

    sys.argv = ["ministack"]
    serve()


if __name__ == "__main__":
    main()
