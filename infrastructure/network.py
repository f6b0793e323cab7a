"""Where tasks run: an imported VPC, or a new one that costs nothing by the hour."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Annotations, Validations
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infrastructure.settings import Network as NetworkSettings

DOORS = {
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Ecs": ec2.InterfaceVpcEndpointAwsService.ECS,
    "Events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
}
"""What the API calls: the password, a run to start, the rules of the schedule."""


class Network(Construct):
    """A VPC, the subnets that tasks run in, and whether they need a public address there to reach anything."""

    def __init__(self, scope: Construct, id_: str, *, settings: NetworkSettings) -> None:
        super().__init__(scope, id_)
        self.settings = settings
        self.vpc: ec2.IVpc = self._new() if settings.cidr is not None else self._imported()
        # A NAT gateway costs 32.85 $ a month; a public address for one minute in ten, about 0.40 $. The tasks' security
        # groups let nothing in either way.
        self.assign_public_ip = settings.cidr is not None
        self.task_subnets = ec2.SubnetSelection(
            subnet_type=ec2.SubnetType.PUBLIC if self.assign_public_ip else ec2.SubnetType.PRIVATE_WITH_EGRESS
        )

        # A function never has a public address, so in a new VPC it belongs with the database; its doors are made below.
        self.function_subnets = ec2.SubnetSelection(
            subnet_type=ec2.SubnetType.PRIVATE_ISOLATED if self.assign_public_ip else ec2.SubnetType.PRIVATE_WITH_EGRESS
        )

    def add_doors_for_functions(self) -> None:
        """In a new VPC: private endpoints of the services that a function calls, for it has no other way out.

        In one zone, since each costs 7.30 $ a month and zone, and a network for trying things out may lose one. They
        answer for the whole VPC: the tasks, too, reach these services through them. An existing VPC has its own ways.
        """
        if self.settings.cidr is None:
            return
        group = ec2.SecurityGroup(
            self,
            "Doors",
            vpc=self.vpc,
            description="Vistafresca: private endpoints of AWS services",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(ec2.Peer.ipv4(self.settings.cidr), ec2.Port.tcp(443), "everything in this network")
        for id_, service in DOORS.items():
            self.vpc.add_interface_endpoint(
                id_,
                service=service,
                subnets=ec2.SubnetSelection(
                    subnet_type=ec2.SubnetType.PRIVATE_ISOLATED,
                    availability_zones=[self.settings.availability_zones[0]],
                ),
                security_groups=[group],
                open=False,
            )

    @property
    def task_subnet_ids(self) -> Sequence[str]:
        return self.vpc.select_subnets(subnet_type=self.task_subnets.subnet_type).subnet_ids

    def task_security_group(self, scope: Construct, *, description: str) -> ec2.SecurityGroup:
        """A group that lets nothing in, and out only HTTPS (AWS's APIs, the image, Sentry) and your own DNS servers.

        The way to the database is opened where the two meet. Amazon's DNS needs no rule: security groups do
        not filter it (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html).
        """
        group = ec2.SecurityGroup(
            scope, "SecurityGroup", vpc=self.vpc, description=description, allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS APIs, image registry, Sentry")
        for cidr in self.settings.resolver_cidrs:
            group.add_egress_rule(ec2.Peer.ipv4(cidr), ec2.Port.udp(53), "own DNS servers")
            group.add_egress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(53), "own DNS servers, long answers")
        return group

    def _imported(self) -> ec2.IVpc:
        """By its attributes, not looked up: synth needs neither credentials nor a network."""
        vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=str(self.settings.vpc_id),
            availability_zones=list(self.settings.availability_zones),
            private_subnet_ids=list(self.settings.private_subnet_ids),
        )
        Annotations.of(vpc).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "Nothing here adds a route.")
        return vpc

    def _new(self) -> ec2.IVpc:
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(str(self.settings.cidr)),
            availability_zones=list(self.settings.availability_zones),
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Task", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False),
                ec2.SubnetConfiguration(name="Database", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
        )
        # Free, and image layers come from S3: Fargate caches no image, so every run pulls all of it.
        vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        Validations.of(vpc).acknowledge(
            Acknowledgment(
                id="AwsSolutions-VPC7",
                reason=(
                    "A network for trying things out, without a listener of any kind; flow logs would cost "
                    "more than the rest of it."
                ),
            )
        )
        return vpc
