"""A small PostgreSQL for trying things out. What is dear to anyone is imported instead."""

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.network import Network
from infrastructure.secret import grant_get_value
from infrastructure.settings import ProvisionedInstance

WHY_NOT = {
    "AwsSolutions-SMG4": "Rotation needs a function of its own; this password opens sample data only.",
    "AwsSolutions-RDS3": "A second zone doubles the price of a database that holds only sample data.",
    "AwsSolutions-RDS10": "It goes with its stack, unless removal_policy = retain, which protects it.",
    "AwsSolutions-RDS11": "Only the task's security group reaches the port; another number would hide nothing.",
}


class ProvisionedDatabase(Construct):
    """An RDS instance with a generated secret, reachable from the task alone."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ProvisionedInstance,
        network: Network,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        kept = removal_policy is not RemovalPolicy.DESTROY
        self._instance = rds.DatabaseInstance(
            self,
            "Instance",
            engine=rds.DatabaseInstanceEngine.postgres(
                version=rds.PostgresEngineVersion.of(settings.engine_version, settings.engine_version)
            ),
            instance_type=ec2.InstanceType(settings.instance_class),
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(
                subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                if network.assign_public_ip
                else ec2.SubnetType.PRIVATE_WITH_EGRESS
            ),
            # Its own, since the default one lets everything out.
            security_groups=[
                ec2.SecurityGroup(
                    self,
                    "SecurityGroup",
                    vpc=network.vpc,
                    description="Vistafresca: provisioned database",
                    allow_all_outbound=False,
                )
            ],
            credentials=rds.Credentials.from_generated_secret("vistafresca"),
            database_name=settings.dbname,
            allocated_storage=settings.storage_gib,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            iam_authentication=True,
            backup_retention=Duration.days(1),
            delete_automated_backups=not kept,
            deletion_protection=kept,
            removal_policy=removal_policy,
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
        )
        # RDS takes a major version for its newest minor one, and keeps it so; cfn-lint knows only full versions.
        resource = self._instance.node.default_child
        if isinstance(resource, rds.CfnDBInstance):
            resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3691"]}})
        for rule, reason in WHY_NOT.items():
            Validations.of(self._instance).acknowledge(Acknowledgment(id=rule, reason=reason))

    @property
    def environment(self) -> dict[str, str]:
        return {"VISTAFRESCA_DATABASE_SECRET_ARN": self._secret.secret_arn}

    @property
    def instance_id(self) -> str:
        return self._instance.instance_identifier

    def grant_connect(self, role: iam.IRole) -> None:
        grant_get_value(role, secret_arn=self._secret.secret_arn)

    def let_in(self, security_group: ec2.ISecurityGroup, *, who: str) -> None:
        security_group.connections.allow_to_default_port(self._instance, who)

    @property
    def _secret(self) -> secretsmanager.ISecret:
        if self._instance.secret is None:
            msg = "an instance with generated credentials has a secret"
            raise AssertionError(msg)
        return self._instance.secret
