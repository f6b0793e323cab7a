"""Everything for one database: its task, its schedule, and who is told when they fail."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.alarms import watches
from infrastructure.api import Api, ApiOperations, api_watches
from infrastructure.dashboard import Dashboard
from infrastructure.database import Database, DatabaseWithSecret, DatabaseWithToken
from infrastructure.metrics import LogMetrics, RunMetrics
from infrastructure.migrations import Migrations
from infrastructure.monitoring import Monitoring
from infrastructure.naming import Names
from infrastructure.network import Network
from infrastructure.one_off_tasks import OneOffTasks
from infrastructure.operations import Operations
from infrastructure.pager import Pager
from infrastructure.provisioned_database import ProvisionedDatabase
from infrastructure.refresh_task import RefreshTask
from infrastructure.schedule import Schedule
from infrastructure.settings import Database as DatabaseSettings
from infrastructure.settings import Environment
from infrastructure.state_changes import StateChanges


class RefreshedDatabase(Construct):
    """The parts, and the grants where they meet. Without a dashboard it has no rows of its own; with the means to run
    one-off tasks, each deployment migrates it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        settings: DatabaseSettings,
        network: Network,
        cluster: ecs.ICluster,
        image: ecs.ContainerImage,
        pager: Pager,
        dashboard: Dashboard | None,
        one_off_tasks: OneOffTasks | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        names = Names.of(environment, settings)
        database = self._database(settings, network, removal_policy)
        task = RefreshTask(
            self,
            "Task",
            environment=environment,
            database=settings,
            names=names,
            image=image,
            network=network,
            connection=database.environment,
            removal_policy=removal_policy,
        )
        database.grant_connect(task.role)
        database.let_in(task.security_group, who="refresh task")
        if settings.guards.min_free_storage_gib:
            task.watch_free_storage(
                database.instance_id if isinstance(database, ProvisionedDatabase) else str(settings.instance_id)
            )
        schedule = Schedule(
            self,
            "Schedule",
            names=names,
            settings=settings.schedule,
            daily=settings.api.daily if settings.api.enabled else None,
            cluster=cluster,
            task=task,
            network=network,
        )
        if one_off_tasks is not None:
            migrations = Migrations(
                self,
                "Migrations",
                names=names,
                systems=settings.systems,
                cluster=cluster,
                task=task,
                network=network,
                database=self.node.find_child("Database"),
                one_off_tasks=one_off_tasks,
            )
            for rule in schedule.rules:
                rule.node.add_dependency(migrations)
        api = None
        if schedule.daily_rule is not None:
            api = Api(
                self,
                "Api",
                environment=environment,
                database=settings,
                names=names,
                network=network,
                connection=database.environment,
                cluster=cluster,
                task=task,
                rules=schedule.rules,
                daily_rule=schedule.daily_rule,
                removal_policy=removal_policy,
            )
            database.grant_connect(api.role)
            database.let_in(api.security_group, who="API")
        run = RunMetrics(service=names.service)
        log = LogMetrics(self, "LogMetrics", log_group=task.log_group, service=names.service)
        monitoring = Monitoring(
            self,
            "Monitoring",
            names=names,
            watches=[
                *watches(database=settings, run=run, log=log, rules=schedule.rules, dead_letters=schedule.dead_letters),
                *(() if api is None else api_watches(database=settings, run=run, api=api.metrics)),
            ],
            pager=pager,
        )
        StateChanges(self, "StateChanges", names=names, cluster=cluster, pager=pager)
        if dashboard is not None:
            dashboard.add_database(
                names=names,
                database=settings,
                run=run,
                log=log,
                log_group=task.log_group,
                alarms=monitoring.alarms,
            )
        if api is not None:
            if dashboard is not None:
                dashboard.add_api(names=names, database=settings, run=run, api=api.metrics, log_group=api.log_group)
            ApiOperations(self, "ApiOperations", names=names, api=api, authorizer=settings.api.authorizer)
        Operations(
            self,
            "Operations",
            names=names,
            cluster=cluster,
            task=task,
            network=network,
            rules=schedule.rule_names,
            systems=settings.systems,
        )

    def _database(self, settings: DatabaseSettings, network: Network, removal_policy: RemovalPolicy) -> Database:
        """The one way in that the settings give."""
        if settings.provisioned is not None:
            return ProvisionedDatabase(
                self,
                "Database",
                settings=settings.provisioned,
                network=network,
                removal_policy=removal_policy,
            )
        group = str(settings.security_group_id)
        if settings.secret is not None:
            return DatabaseWithSecret(self, "Database", secret=settings.secret, security_group_id=group)
        if settings.iam is not None:
            return DatabaseWithToken(self, "Database", iam_authentication=settings.iam, security_group_id=group)
        msg = f"settings let database {settings.name} through without a way in"
        raise AssertionError(msg)
