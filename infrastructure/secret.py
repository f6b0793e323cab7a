"""Let a task read one secret, and nothing beside it."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam


def grant_get_value(role: iam.IRole, *, secret_arn: str, kms_key_arn: str | None = None) -> None:
    """Allow GetSecretValue on this ARN; with a customer-managed key also its use, by way of Secrets Manager only."""
    role.add_to_principal_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn]))
    if kms_key_arn is not None:
        by_way_of = f"secretsmanager.{Stack.of(role).region}.amazonaws.com"
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=[kms_key_arn],
                conditions={"StringEquals": {"kms:ViaService": by_way_of}},
            )
        )
