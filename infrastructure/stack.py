"""One environment. The same class serves them all; only the settings differ."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.dashboard import Dashboard
from infrastructure.image import container_image
from infrastructure.messages import Messages
from infrastructure.naming import Names
from infrastructure.network import Network
from infrastructure.operations import EnvironmentOperations
from infrastructure.pager import Pager
from infrastructure.refresh_task import RETENTION
from infrastructure.refreshed_database import RefreshedDatabase
from infrastructure.settings import Database, Environment

NO_INSIGHTS = (
    "They cost extra, and freshness is watched by the task's own metrics: container_insights = true turns them on."
)


class VistafrescaStack(cdk.Stack):
    """A network, a cluster, a pager and a dashboard; then everything else once per database."""

    def __init__(self, scope: Construct, id_: str, *, settings: Environment) -> None:
        name = f"vistafresca-{settings.name}"
        kept = settings.removal_policy == "retain"
        removal_policy = cdk.RemovalPolicy.RETAIN if kept else cdk.RemovalPolicy.DESTROY
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
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=name,
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED
            if settings.container_insights
            else ecs.ContainerInsights.DISABLED,
        )
        if not settings.container_insights:
            cdk.Validations.of(cluster).acknowledge(cdk.Acknowledgment(id="AwsSolutions-ECS4", reason=NO_INSIGHTS))
        image = container_image(self, settings=settings.image, architecture=settings.cpu_architecture)
        pager = Pager(self, "Pager", settings=settings.pager, name=name, removal_policy=removal_policy)
        messages = Messages(
            self,
            "Messages",
            name=name,
            environment=settings.name,
            log_groups=[group for database in settings.database for group in _log_groups(settings, database)],
            pager=pager,
            retention=RETENTION[settings.log_retention_days],
            removal_policy=removal_policy,
        )
        dashboard = Dashboard(self, "Dashboard", name=name)
        dashboard.add_pager(messages.alarm)
        for database in settings.database:
            RefreshedDatabase(
                self,
                database.name,
                environment=settings,
                settings=database,
                network=network,
                cluster=cluster,
                image=image,
                pager=pager,
                dashboard=dashboard,
                removal_policy=removal_policy,
            )
        EnvironmentOperations(self, "Operations", dashboard_name=dashboard.name, pager=pager, messages=messages)


def _log_groups(environment: Environment, database: Database) -> list[str]:
    """What messages quote. By name, for a reference would tie the pager to what it must outlive."""
    names = Names.of(environment, database)
    return [names.log_group, names.api_log_group] if database.api.enabled else [names.log_group]
