"""All databases of an environment at once: one task, one schedule, one set of alarms, and a state machine between."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.dashboard import Dashboard
from infrastructure.database import Database, DatabaseWithSecret, DatabaseWithToken
from infrastructure.fleet.alarms import fleet_watches
from infrastructure.fleet.items import items, variable_names
from infrastructure.fleet.operations import FleetOperations
from infrastructure.fleet.schedule import FleetSchedule
from infrastructure.fleet.state_machine import StateMachine
from infrastructure.metrics import LogMetrics, RunMetrics
from infrastructure.monitoring import Monitoring
from infrastructure.naming import FLEET, Names
from infrastructure.network import Network
from infrastructure.pager import Pager
from infrastructure.refresh_task import RefreshTask
from infrastructure.settings import Database as DatabaseSettings
from infrastructure.settings import Environment
from infrastructure.state_changes import StateChanges


class Fleet(Construct):
    """What one database has otherwise, made once, under the name `fleet`: its metrics, its log group, its alarms."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Environment,
        network: Network,
        cluster: ecs.ICluster,
        image: ecs.ContainerImage,
        pager: Pager,
        dashboard: Dashboard,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        # Settings make sure that it could be any of them.
        every = settings.database[0].model_copy(update={"name": FLEET})
        names = Names.of(settings, every)
        task = RefreshTask(
            self,
            "Task",
            environment=settings,
            database=every,
            names=names,
            image=image,
            network=network,
            connection={},
            removal_policy=removal_policy,
        )
        told = self._connect(settings, task)
        machine = StateMachine(
            self,
            "StateMachine",
            name=names.family,
            items=items(told),
            variables=variable_names(told),
            concurrency=settings.map.concurrency,
            cluster=cluster,
            task=task,
            network=network,
        )
        schedule = FleetSchedule(self, "Schedule", names=names, settings=settings.schedule, machine=machine.machine)
        run = RunMetrics(service=names.service)
        log = LogMetrics(self, "LogMetrics", log_group=task.log_group, service=names.service)
        monitoring = Monitoring(
            self,
            "Monitoring",
            names=names,
            watches=fleet_watches(
                database=every,
                run=run,
                log=log,
                rules=schedule.rules,
                dead_letters=schedule.dead_letters,
                machine=machine.machine,
                databases=len(settings.database),
            ),
            pager=pager,
        )
        StateChanges(self, "StateChanges", names=names, cluster=cluster, pager=pager)
        dashboard.add_database(
            names=names, database=every, run=run, log=log, log_group=task.log_group, alarms=monitoring.alarms
        )
        FleetOperations(
            self,
            "Operations",
            names=names,
            machine=machine.machine,
            rules=schedule.rule_names,
            systems=every.systems,
        )

    def _connect(self, settings: Environment, task: RefreshTask) -> dict[str, dict[str, str]]:
        """Let the one task in everywhere, and say what it must be told of each database.

        Its role may read every secret in the list: databases are as well apart from each other as the task keeps them.
        """
        told = {}
        ports: set[tuple[str | None, int]] = set()
        for database in settings.database:
            way, port = self._way(database)
            way.grant_connect(task.role)
            # Two rules for the same group and port would be one too many for EC2.
            if (at := (database.security_group_id, port)) not in ports:
                ports.add(at)
                way.let_in(task.security_group, who="refresh task of all databases")
            told[database.name] = way.environment
            if database.sentry.dsn_secret_arn is not None:
                slug = Names.of(settings, database).sentry_monitor
                told[database.name] = {**way.environment, "VISTAFRESCA_SENTRY_MONITOR_SLUG": slug}
        return told

    def _way(self, database: DatabaseSettings) -> tuple[Database, int]:
        group = str(database.security_group_id)
        if database.secret is not None:
            secret = database.secret
            return DatabaseWithSecret(self, database.name, secret=secret, security_group_id=group), secret.port
        if database.iam is not None:
            iam = database.iam
            return DatabaseWithToken(self, database.name, iam_authentication=iam, security_group_id=group), iam.port
        msg = f"settings let database {database.name} through without a way in"
        raise AssertionError(msg)
