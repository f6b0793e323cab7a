"""One environment. The same class serves them all; only the settings differ."""

import aws_cdk as cdk
from constructs import Construct

from infrastructure.cluster import make_cluster
from infrastructure.dashboard import ROWS_FOR, Dashboard
from infrastructure.database_stack import DatabaseStack
from infrastructure.fleet import Fleet
from infrastructure.image import container_image
from infrastructure.messages import Messages
from infrastructure.naming import FLEET, Names
from infrastructure.network import Network
from infrastructure.one_off_tasks import OneOffTasks
from infrastructure.operations import EnvironmentOperations
from infrastructure.overview import Overview
from infrastructure.pager import Pager
from infrastructure.refresh_task import RETENTION
from infrastructure.refreshed_database import RefreshedDatabase
from infrastructure.settings import Environment


class VistafrescaStack(cdk.Stack):
    """A network, a cluster, a pager and a dashboard; then everything else once per database."""

    def __init__(self, scope: Construct, id_: str, *, settings: Environment) -> None:
        self.settings = settings
        name = f"vistafresca-{settings.name}"
        kept = settings.removal_policy == "retain"
        removal_policy = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if kept else cdk.RemovalPolicy.DESTROY
        super().__init__(
            scope,
            id_,
            stack_name=name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            description=f"Vistafresca keeps the materialized views of {settings.name} fresh",
            termination_protection=kept,
            tags={"vistafresca:environment": settings.name},
        )
        network = Network(self, "Network", settings=settings.network)
        if any(database.api.enabled for database in settings.database):
            network.add_doors_for_functions()
        cluster = make_cluster(self, name=name, vpc=network.vpc, container_insights=settings.container_insights)
        image = container_image(self, settings=settings.image, architecture=settings.cpu_architecture)
        pager = Pager(self, "Pager", settings=settings.pager, name=name, removal_policy=removal_policy)
        messages = Messages(
            self,
            "Messages",
            name=name,
            environment=settings.name,
            log_groups=_log_groups(settings),
            pager=pager,
            retention=RETENTION[settings.log_retention_days],
            removal_policy=removal_policy,
        )
        EnvironmentOperations(
            self,
            "Operations",
            dashboard_name=name,
            pager=pager,
            messages=messages,
            nested=settings.layout == "nested",
        )
        if settings.layout == "map":
            Fleet(
                self,
                "Fleet",
                settings=settings,
                network=network,
                cluster=cluster,
                image=image,
                pager=pager,
                dashboard=_dashboard(self, name, messages),
                removal_policy=removal_policy,
            )
            return
        dashboard = self._dashboard(name, messages)
        migrated = [Names.of(settings, database) for database in settings.database if database.migrate_on_deploy]
        one_off_tasks = None
        if migrated:
            one_off_tasks = OneOffTasks(
                self,
                "OneOffTasks",
                name=name,
                deployment_roles=[names.deployment_role for names in migrated],
                retention=RETENTION[settings.log_retention_days],
            )
        for database in settings.database:
            RefreshedDatabase(
                self._scope(database.name),
                database.name,
                environment=settings,
                settings=database,
                network=network,
                cluster=cluster,
                image=image,
                pager=pager,
                dashboard=dashboard,
                one_off_tasks=one_off_tasks if database.migrate_on_deploy else None,
                removal_policy=removal_policy,
            )

    def _scope(self, database: str) -> cdk.Stack:
        """Where a database's constructs go. Its own id comes below either, so that logical ids are the same in both."""
        if self.settings.layout == "nested":
            return DatabaseStack(self, f"{database}-stack", environment=self.settings.name, database=database)
        return self

    def _dashboard(self, name: str, messages: Messages) -> Dashboard | None:
        """What has rows for each database; None where there are too many, and an overview was made instead."""
        if len(self.settings.database) <= ROWS_FOR:
            return _dashboard(self, name, messages)
        databases = [Names.of(self.settings, database) for database in self.settings.database]
        Overview(
            self,
            "Dashboard",
            name=name,
            environment=self.settings.name,
            databases=databases,
            pager_alarm=messages.alarm,
        )
        return None


def _dashboard(scope: Construct, name: str, messages: Messages) -> Dashboard:
    dashboard = Dashboard(scope, "Dashboard", name=name)
    dashboard.add_pager(messages.alarm)
    return dashboard


def _log_groups(settings: Environment) -> list[str]:
    """What messages quote. By name, for a reference would tie the pager to what it must outlive."""
    if settings.layout == "map":
        return [Names.of(settings, settings.database[0].model_copy(update={"name": FLEET})).log_group]
    groups = []
    for database in settings.database:
        names = Names.of(settings, database)
        groups += [names.log_group, names.api_log_group] if database.api.enabled else [names.log_group]
    return groups
