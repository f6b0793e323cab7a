"""Lambda."""

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from tests.emulation.server.replacing import replace


def correct_variables_of_functions() -> None:
    """A function is told its log group (ministack: all of Lambda's own variables but that one).

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """

    def variables(configuration: dict[str, Any]) -> dict[str, str]:
        own = f"/aws/lambda/{configuration['FunctionName']}"
        group = configuration.get("LoggingConfig", {}).get("LogGroup") or own
        return {**faulty(configuration), "AWS_LAMBDA_LOG_GROUP_NAME": group}

    replace(lambda_svc, "execution_credentials", variables)
    faulty = replace(lambda_runtime, "execution_credentials", variables)
