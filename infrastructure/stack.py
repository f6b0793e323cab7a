"""One environment. The same class serves them all; only the settings differ."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.dashboard import Dashboard
from infrastructure.image import container_image
from infrastructure.network import Network
from infrastructure.one_off_tasks import OneOffTasks
from infrastructure.operations import EnvironmentOperations
from infrastructure.pager import Pager
from infrastructure.refresh_task import RETENTION
from infrastructure.refreshed_database import RefreshedDatabase
from infrastructure.settings import Environment

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
        dashboard = Dashboard(self, "Dashboard", name=name)
        one_off_tasks = None
        if any(database.migrate_on_deploy for database in settings.database):
            one_off_tasks = OneOffTasks(
                self,
                "OneOffTasks",
                name=name,
                retention=RETENTION[settings.log_retention_days],
                removal_policy=removal_policy,
            )
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
                one_off_tasks=one_off_tasks if database.migrate_on_deploy else None,
                removal_policy=removal_policy,
            )
        EnvironmentOperations(self, "Operations", dashboard_name=dashboard.name, pager=pager)
