"""Everything that a scenario needs, deployed once for all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.server import EmbeddedServer
from tests.e2e.deployment import operator
from tests.e2e.deployment.cdk import Cdk
from tests.e2e.deployment.environment import ON_CALL, RULE, ImportedNetwork, write_environment
from tests.e2e.deployment.shop import Shop
from tests.emulation.account import Account, Ended
from tests.emulation.containers.engine import EngineSettings
from tests.emulation.containers.installation import choose_engine
from tests.emulation.emulator import ROOT, Emulator, running_emulator
from tests.emulation.mailbox import Mailbox
from tests.emulation.observer import Change
from tests.emulation.sentry.ingest import SentryIngest, sentry_ingest
from tests.fix_task import environment
from tests.fix_tls import CertificateAuthority, running_tls_front

FOLDER = ROOT / ".e2e"
EMULATOR_PYTHON = FOLDER / "emulator/bin/python"
DATABASE_SECRET, SENTRY_SECRET = "shop/bi-refresh", "vistafresca/sentry-dsn"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The deployed stack, what it works on, and who hears of it."""

    cdk: Cdk
    account: Account
    shop: Shop
    sentry: SentryIngest
    mailbox: Mailbox

    @property
    def emulator(self) -> Emulator:
        return self.account.emulator

    def run(self) -> tuple[Ended, list[Change]]:
        """The next scheduled run, up to the minute after it.

        Ten minutes of the emulated clock are less than it takes the server to notice that a client has gone: the next
        run would find this one's lock.
        """
        result = self.account.run_next(RULE)
        self.shop.wait_until_left_alone()
        return result

    def settle(self) -> None:
        """Runs in which nothing goes wrong, until one succeeded and no alarm is on; then nothing that was sent counts
        any more."""
        self.shop.be_well()
        self.shop.wait_until_left_alone()
        for _ in range(10):
            if self.account.last_exit_code == 0 and not self.alarms_on():
                self.mailbox.clear()
                return
            self.run()
        raise AssertionError(f"after ten good runs these alarms are still on: {self.alarms_on()}")

    def alarms_on(self) -> list[str]:
        """The names of the alarms that are not OK."""
        found = self.emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return [alarm["AlarmName"] for alarm in found if alarm["StateValue"] != "OK"]


@contextmanager
def deployment(server: EmbeddedServer, variables: Mapping[str, str]) -> Iterator[Deployed]:
    """Start everything, bootstrap, deploy, migrate; says how long each part took."""
    say = _Stages()
    run_folder = FOLDER / "run"
    shutil.rmtree(run_folder, ignore_errors=True)
    run_folder.mkdir(parents=True)
    with ExitStack() as stack:
        choice = choose_engine(variables, FOLDER / "podman")
        unverified = UNVERIFIED.format(why=choice.obstacle or "it was not asked for")
        say(f"container engine: {choice.kind}" + ("" if choice.kind == "podman" else unverified))
        engine = EngineSettings(
            kind=choice.kind,
            folder=FOLDER / choice.kind,
            python=sys.executable,
            mounts={str(run_folder / "e2e-ca.pem"): str(run_folder / "e2e-ca.pem")},
        )
        engine.folder.mkdir(exist_ok=True)
        authority = CertificateAuthority(run_folder, "e2e-ca")
        front = stack.enter_context(running_tls_front(server, authority.server_context("localhost")))
        sentry = stack.enter_context(sentry_ingest())
        shop = Shop.create(server)
        stack.callback(shop.drop)
        emulator = stack.enter_context(
            running_emulator(
                folder=run_folder / "emulator",
                python=EMULATOR_PYTHON,
                engine=engine,
                task_environment={"PGSSLROOTCERT": str(authority.root)},
            )
        )
        say("emulator, database, TLS and Sentry are up")
        _prepare_account(emulator, run_folder, port=front.port, secret=shop.rotate_password(), dsn=sentry.dsn)
        cdk = Cdk(emulator=emulator, engine=engine, folder=run_folder)
        cdk.bootstrap()
        say("cdk bootstrap")
        cdk.deploy()
        say("cdk deploy, with the image")
        account = Account(emulator)
        _migrate(account, cdk.outputs, shop)
        say("migrated and applied by the stack's own commands")
        yield Deployed(cdk=cdk, account=account, shop=shop, sentry=sentry, mailbox=Mailbox(emulator.journal, ON_CALL))


UNVERIFIED = """
  !! THE IMAGE IS UNVERIFIED: without a container engine the deployed command runs as a process of this machine.
  !! Why there is none: {why}
  !! Neither the image, nor its read-only file system, nor the task's CPU and memory limits are tried by this run, nor
  !! (where the checkout is root's own) its user.
  !! With podman they are: as root on Debian or Ubuntu, VISTAFRESCA_E2E_INSTALL=1 make e2e"""


def _prepare_account(emulator: Emulator, folder: Path, *, port: int, secret: str, dsn: str) -> None:
    """What is there before the stack: a network, two secrets; and the environment's file that names them."""
    secrets_manager, ec2 = emulator.client("secretsmanager"), emulator.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    subnets = sorted(ec2.describe_subnets()["Subnets"], key=lambda subnet: subnet["AvailabilityZone"])
    group = ec2.create_security_group(GroupName="shop-database", Description="shop", VpcId=vpc["VpcId"])
    write_environment(
        folder / "environments",
        network=ImportedNetwork(
            vpc_id=vpc["VpcId"],
            subnet_ids=(subnets[0]["SubnetId"], subnets[1]["SubnetId"]),
            security_group_id=group["GroupId"],
        ),
        database_secret_arn=secrets_manager.create_secret(Name=DATABASE_SECRET, SecretString=secret)["ARN"],
        port=port,
        sentry_secret_arn=secrets_manager.create_secret(Name=SENTRY_SECRET, SecretString=dsn)["ARN"],
    )


def _migrate(account: Account, outputs: Mapping[str, str], shop: Shop) -> None:
    """The output Migrate, by the task's own role; then tables, views, and the policies as their owner would apply
    them."""
    migrated = operator.run_task(account, outputs["ShopMigrate"])
    assert migrated.exit_code == 0, json.dumps(migrated.lines, indent=1)
    shop.open_for_business()
    subprocess.run(
        [sys.executable, "-m", "refresh_task", "apply", "--file", str(Path(__file__).with_name("views.toml"))],
        check=True,
        cwd=ROOT,
        env=environment(shop),
        capture_output=True,
    )


class _Stages:
    """Says what is done, and how long it took since the last one."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str) -> None:
        now = time.monotonic()
        sys.stdout.write(f"\n  {now - self._last:5.1f} s  {what}")
        sys.stdout.flush()
        self._last = now
