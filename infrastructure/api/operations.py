"""The commands that an API's callers and operators need, ready to paste, as outputs of the stack."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.api.api import Api
from infrastructure.naming import Names


class ApiOperations(Construct):
    """Where it is, how to call it, how to follow it."""

    def __init__(self, scope: Construct, id_: str, *, names: Names, api: Api, authorizer: str) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region
        call = {
            "jwt": f'curl --header "Authorization: Bearer $TOKEN" {api.url}/api/v1/mv',
            "iam": (
                f'curl --aws-sigv4 aws:amz:{region}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" '
                f'--header "x-amz-security-token: $AWS_SESSION_TOKEN" {api.url}/api/v1/mv'
            ),
        }
        outputs = {
            "ApiUrl": (api.url, "The API; its routes are described at /openapi.json"),
            "CallApi": (call[authorizer], "Every view and how fresh it is"),
            "FollowApi": (
                f"aws logs tail {names.api_log_group} --region {region} --follow --format short",
                "What the API's function is doing",
            ),
            "FollowApiAccess": (
                f"aws logs tail {names.api_access_log_group} --region {region} --follow --format short",
                "Who asks the API for what, and what became of it",
            ),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=f"{names.service}: {description}").override_logical_id(
                f"{names.output_prefix}{name}"
            )
