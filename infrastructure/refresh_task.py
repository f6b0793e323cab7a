"""The task definition of one database: what runs, with which rights, limits and settings."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Size, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.naming import CONTAINER, METRICS_NAMESPACE, Names
from infrastructure.network import Network
from infrastructure.secret import grant_get_value
from infrastructure.settings import Database, Environment

RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}
LOG_STREAM_PREFIX = "run"
WHY_PLAIN_VARIABLES = "Names, limits and ARNs. Passwords and the DSN are fetched by the task itself when it runs."
READ_METRICS = "cloudwatch:GetMetricStatistics"
WHY_ANY_REGISTRY = "ecr:GetAuthorizationToken knows no resources; what it allows to pull is granted per repository."


class RefreshTask(Construct):
    """Fargate task definition, log group and security group."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        database: Database,
        names: Names,
        image: ecs.ContainerImage,
        network: Network,
        connection: Mapping[str, str],
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=names.log_group,
            retention=RETENTION[environment.log_retention_days],
            removal_policy=removal_policy,
        )
        self.security_group: ec2.SecurityGroup = network.task_security_group(
            self, description=f"Vistafresca: refresh task of {names.service}"
        )
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=names.family,
            cpu=database.task.cpu,
            memory_limit_mib=database.task.memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
                cpu_architecture=ecs.CpuArchitecture.ARM64
                if environment.cpu_architecture == "ARM64"
                else ecs.CpuArchitecture.X86_64,
            ),
        )
        self._container = self.definition.add_container(
            CONTAINER,
            container_name=CONTAINER,
            image=image,
            command=["python", "-m", "refresh_task", "run"],
            environment={
                "AWS_REGION": Stack.of(self).region,
                **variables(environment, database, names),
                **_sentry(database, names),
                **connection,
            },
            user="10001:10001",
            readonly_root_filesystem=True,
            # Without an init process Python is PID 1 and zombies stay; with it SIGTERM still reaches Python.
            linux_parameters=ecs.LinuxParameters(self, "Linux", init_process_enabled=True),
            stop_timeout=Duration.seconds(database.task.stop_timeout_s),
            # Non-blocking has been the default since 2025-06-25; said here with a buffer that a run's few
            # hundred lines never fill, so that neither is a line (and the metrics in it) lost nor does a slow
            # CloudWatch hold up a refresh.
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=LOG_STREAM_PREFIX,
                log_group=self.log_group,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=Size.mebibytes(4),
            ),
        )
        if (dsn := database.sentry.dsn_secret_arn) is not None:
            grant_get_value(self.role, secret_arn=dsn, kms_key_arn=database.sentry.dsn_secret_kms_key_arn)
        self._acknowledge()

    @property
    def role(self) -> iam.IRole:
        """What the running task may do. Whoever owns a resource grants on it where the two meet."""
        return self.definition.task_role

    def watch_free_storage(self, instance_id: str) -> None:
        """Tell the task which RDS instance's free storage to ask CloudWatch for, and let it ask."""
        self._container.add_environment("VISTAFRESCA_DB_INSTANCE", instance_id)
        self.role.add_to_principal_policy(iam.PolicyStatement(actions=[READ_METRICS], resources=["*"]))
        Validations.of(self.role).acknowledge(
            Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=f"{READ_METRICS} knows no resources.")
        )

    def _acknowledge(self) -> None:
        Validations.of(self.definition).acknowledge(Acknowledgment(id="AwsSolutions-ECS2", reason=WHY_PLAIN_VARIABLES))
        execution_role = self.definition.obtain_execution_role()
        Validations.of(execution_role).acknowledge(
            Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=WHY_ANY_REGISTRY)
        )


def variables(environment: Environment, database: Database, names: Names) -> dict[str, str]:
    """What `refresh_task/settings.py` reads, for the task and for the API, which refreshes on demand."""
    return {
        "VISTAFRESCA_ENVIRONMENT": environment.name,
        "VISTAFRESCA_DATABASE": database.name,
        "VISTAFRESCA_INTERVAL_S": str(database.interval_s),
        "VISTAFRESCA_RUN_DEADLINE_S": str(database.run_deadline_s),
        "VISTAFRESCA_STATEMENT_TIMEOUT_S": str(database.statement_timeout_s),
        "VISTAFRESCA_LOCK_TIMEOUT_S": str(database.task.lock_timeout_s),
        "VISTAFRESCA_CONNECTIONS": str(database.task.connections),
        "VISTAFRESCA_VACUUM": str(database.task.vacuum).lower(),
        # Even without Sentry: its default is refused beside a longer deadline.
        "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": str(database.sentry_max_runtime_min),
        "POWERTOOLS_SERVICE_NAME": names.service,
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        **_guards(database),
    }


def _sentry(database: Database, names: Names) -> dict[str, str]:
    """The cron monitor, which is of runs alone."""
    if database.sentry.dsn_secret_arn is None:
        return {}
    return {
        "VISTAFRESCA_SENTRY_DSN_SECRET_ARN": database.sentry.dsn_secret_arn,
        "VISTAFRESCA_SENTRY_MONITOR_SLUG": names.sentry_monitor,
        "VISTAFRESCA_SCHEDULE": database.schedule.crontab,
        "VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN": str(database.sentry.checkin_margin_min),
        "VISTAFRESCA_SENTRY_FAILURE_THRESHOLD": str(database.sentry.failure_threshold),
    }


def _guards(database: Database) -> dict[str, str]:
    """The guards that are on, and how long they hold refreshes up."""
    guards = database.guards
    limits = {
        "VISTAFRESCA_MAX_REPLICA_LAG_S": guards.max_replica_lag_s,
        "VISTAFRESCA_MAX_TRANSACTION_AGE_S": guards.max_transaction_age_s,
        "VISTAFRESCA_MIN_FREE_STORAGE_GIB": guards.min_free_storage_gib,
    }
    given = {name: str(limit) for name, limit in limits.items() if limit}
    if given:
        given["VISTAFRESCA_LOAD_WAIT_S"] = str(guards.wait_s)
    return given
