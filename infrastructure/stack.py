"""One environment. The same class serves them all; only the settings differ."""

import aws_cdk as cdk
from constructs import Construct

from infrastructure.cluster import make_cluster
from infrastructure.dashboard import ROWS_FOR, Dashboard
from infrastructure.database_stack import DatabaseStack
from infrastructure.fleet import Fleet
from infrastructure.image import container_image
from infrastructure.naming import Names
from infrastructure.network import Network
from infrastructure.operations import EnvironmentOperations
from infrastructure.overview import Overview
from infrastructure.pager import Pager
from infrastructure.refreshed_database import RefreshedDatabase
from infrastructure.settings import Environment


class VistafrescaStack(cdk.Stack):
    """A network, a cluster, a pager and a dashboard; then everything else once per database."""

    def __init__(self, scope: Construct, id_: str, *, settings: Environment) -> None:
        self.settings = settings
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
        cluster = make_cluster(self, name=name, vpc=network.vpc, container_insights=settings.container_insights)
        image = container_image(self, settings=settings.image, architecture=settings.cpu_architecture)
        pager = Pager(self, "Pager", settings=settings.pager, name=name, removal_policy=removal_policy)
        EnvironmentOperations(self, "Operations", dashboard_name=name, pager=pager, nested=settings.layout == "nested")
        if settings.layout == "map":
            Fleet(
                self,
                "Fleet",
                settings=settings,
                network=network,
                cluster=cluster,
                image=image,
                pager=pager,
                dashboard=Dashboard(self, "Dashboard", name=name),
                removal_policy=removal_policy,
            )
            return
        dashboard = self._dashboard(name)
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
                removal_policy=removal_policy,
            )

    def _scope(self, database: str) -> cdk.Stack:
        """Where a database's constructs go. Its own id comes below either, so that logical ids are the same in both."""
        if self.settings.layout == "nested":
            return DatabaseStack(self, f"{database}-stack", environment=self.settings.name, database=database)
        return self

    def _dashboard(self, name: str) -> Dashboard | None:
        """What has rows for each database; None where there are too many, and an overview was made instead."""
        if len(self.settings.database) <= ROWS_FOR:
            return Dashboard(self, "Dashboard", name=name)
        databases = [Names.of(self.settings, database) for database in self.settings.database]
        Overview(self, "Dashboard", name=name, environment=self.settings.name, databases=databases)
        return None
