"""With layout = "nested": one database's share of an environment, as a stack of its own within it.

CloudFormation allows a template 500 resources and 1 MB, and a database has some 35 resources in 50 kB. Within its own
stack everything has the logical id that it has in a single one.
"""

import aws_cdk as cdk
from constructs import Construct


class DatabaseStack(cdk.NestedStack):
    """Its name is CloudFormation's to choose; tags on everything within, down to the tasks, say whose it is."""

    def __init__(self, scope: Construct, id_: str, *, environment: str, database: str) -> None:
        super().__init__(scope, id_, description=f"Vistafresca: {database} in {environment}")
        tags = cdk.Tags.of(self)
        tags.add("vistafresca:environment", environment)
        tags.add("vistafresca:database", database)
