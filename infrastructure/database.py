"""How a task and the API reach a database that is there already: what they are told, what their roles may do, the open
port."""

from typing import Protocol

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infrastructure.secret import grant_get_value
from infrastructure.settings import IamAuthentication, Secret


class Database(Protocol):
    """One way in to a database."""

    @property
    def environment(self) -> dict[str, str]:
        """What the container is told about it; nothing secret."""

    def grant_connect(self, role: iam.IRole) -> None:
        """Let the role fetch the password or make the token, and nothing else."""

    def let_in(self, security_group: ec2.ISecurityGroup, *, who: str) -> None:
        """Open the database's port from this group, on both sides. `who` is what the rule will say of it."""


class DatabaseWithSecret(Construct):
    """Reached with a password that Secrets Manager keeps."""

    def __init__(self, scope: Construct, id_: str, *, secret: Secret, security_group_id: str) -> None:
        super().__init__(scope, id_)
        self._secret = secret
        self._security_group = _imported(self, security_group_id)

    @property
    def environment(self) -> dict[str, str]:
        overrides = {
            "PGHOST": self._secret.host,
            "PGPORT": str(self._secret.port),
            "PGDATABASE": self._secret.dbname,
        }
        return {
            "VISTAFRESCA_DATABASE_SECRET_ARN": self._secret.arn,
            **{name: value for name, value in overrides.items() if value is not None},
        }

    def grant_connect(self, role: iam.IRole) -> None:
        grant_get_value(role, secret_arn=self._secret.arn, kms_key_arn=self._secret.kms_key_arn)

    def let_in(self, security_group: ec2.ISecurityGroup, *, who: str) -> None:
        security_group.connections.allow_to(self._security_group, ec2.Port.tcp(self._secret.port), who)


class DatabaseWithToken(Construct):
    """Reached with a token of RDS's IAM authentication."""

    def __init__(
        self, scope: Construct, id_: str, *, iam_authentication: IamAuthentication, security_group_id: str
    ) -> None:
        super().__init__(scope, id_)
        self._way = iam_authentication
        self._security_group = _imported(self, security_group_id)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "VISTAFRESCA_DATABASE_IAM_AUTH": "true",
            "PGHOST": self._way.host,
            "PGPORT": str(self._way.port),
            "PGUSER": self._way.user,
            "PGDATABASE": self._way.dbname,
        }

    def grant_connect(self, role: iam.IRole) -> None:
        user = Stack.of(self).format_arn(
            service="rds-db",
            resource="dbuser",
            resource_name=f"{self._way.resource_id}/{self._way.user}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        role.add_to_principal_policy(iam.PolicyStatement(actions=["rds-db:connect"], resources=[user]))

    def let_in(self, security_group: ec2.ISecurityGroup, *, who: str) -> None:
        security_group.connections.allow_to(self._security_group, ec2.Port.tcp(self._way.port), who)


def _imported(scope: Construct, security_group_id: str) -> ec2.ISecurityGroup:
    return ec2.SecurityGroup.from_security_group_id(scope, "SecurityGroup", security_group_id)
