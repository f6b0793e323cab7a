"""What goes wrong with runs, and what a person receives."""

from __future__ import annotations

from tests.e2e.deployment import operator
from tests.e2e.deployment.deployed import DATABASE_SECRET, SENTRY_SECRET, Deployed
from tests.e2e.deployment.environment import RULE
from tests.e2e.deployment.pages import changed_to, expect_all_clear, expect_page, expect_silence
from tests.emulation.containers.killing import kill_task
from tests.emulation.emulator import free_port


def test_the_rule_is_disabled(deployed: Deployed) -> None:
    """Nothing runs, nothing fails: silence is what the heartbeat is about."""
    deployed.run()
    operator.switch_rules(deployed.account, deployed.cdk.outputs["ShopDisable"], action="disable-rule")
    changes = deployed.account.advance(28 - 1)  # the run ended within a minute, the last one that was judged
    expect_silence(deployed, changes)
    assert changed_to("ALARM", deployed.account.advance(3)) == {"heartbeat"}
    expect_page(deployed, "heartbeat")
    operator.switch_rules(deployed.account, deployed.cdk.outputs["ShopEnable"], action="enable-rule")
    ended, changes = deployed.run()
    assert changed_to("OK", changes) == {"heartbeat"}, (ended, changes, deployed.account.now)
    expect_all_clear(deployed, "heartbeat")


def test_a_task_is_killed(deployed: Deployed) -> None:
    """Exit code 137: it wrote no outcome; the next run says which view it was about."""
    with deployed.shop.held("sales.mv_stock"):
        (arn,), _ = deployed.account.start_next(RULE)
        deployed.shop.wait_until_held()
        kill_task(deployed.cdk.engine, arn)
        ended = deployed.account.wait_until_ended(arn)
        deployed.shop.wait_until_left_alone()
    assert ended.exit_code == 137
    expect_page(deployed, "task-exited", "137")
    following, _ = deployed.run()
    assert following.exit_code == 0
    assert [event["views"] for event in following.events("rows_abandoned")] == [["sales.mv_stock"]]


def test_runs_overlap(deployed: Deployed) -> None:
    """A run takes longer than two intervals: the others step back, which is no failure, and is said."""
    deployed.run()
    with deployed.shop.held("sales.mv_stock"):
        (arn,), changes = deployed.account.start_next(RULE)
        deployed.shop.wait_until_held()
        for _ in range(2):
            (other,), more = deployed.account.start_next(RULE)
            assert deployed.account.wait_until_ended(other).exit_code == 0
            changes += more
        changes += deployed.account.advance(1)
        # no run has completed for half an hour, either
        assert changed_to("ALARM", changes) == {"overlapping-runs", "heartbeat"}
        expect_page(deployed, "overlapping-runs")
    assert deployed.account.wait_until_ended(arn).exit_code == 0


def test_a_run_is_slow(deployed: Deployed) -> None:
    """It ends well, but too near its slot."""
    deployed.shop.trouble("13", "sales.mv_stock")
    ended, changes = deployed.run()
    assert ended.exit_code == 0
    assert changed_to("ALARM", changes) == {"slow-run"}
    expect_page(deployed, "slow-run")
    deployed.shop.be_well()
    assert changed_to("OK", deployed.run()[1]) == {"slow-run"}
    expect_all_clear(deployed, "slow-run")


def test_the_password_is_rotated(deployed: Deployed) -> None:
    """The next run reads the new one: no deployment, and nobody is paged."""
    secret = deployed.shop.rotate_password()
    deployed.emulator.client("secretsmanager").put_secret_value(SecretId=DATABASE_SECRET, SecretString=secret)
    ended, changes = deployed.run()
    assert ended.exit_code == 0
    expect_silence(deployed, changes)


def test_a_password_that_no_longer_works(deployed: Deployed) -> None:
    """No run can connect until the secret has the new one."""
    secret = deployed.shop.rotate_password()
    ended, changes = deployed.run()
    assert ended.exit_code == 2
    assert changed_to("ALARM", changes) == {"run-failed"}
    expect_page(deployed, "run-failed")
    deployed.emulator.client("secretsmanager").put_secret_value(SecretId=DATABASE_SECRET, SecretString=secret)
    assert changed_to("OK", deployed.run()[1]) == {"run-failed"}
    expect_all_clear(deployed, "run-failed")


def test_sentry_is_down(deployed: Deployed) -> None:
    """The views are fresh; nobody is paged for a monitor that does not answer."""
    secrets = deployed.emulator.client("secretsmanager")
    secrets.put_secret_value(SecretId=SENTRY_SECRET, SecretString=f"http://public@127.0.0.1:{free_port()}/1")
    check_ins = len(deployed.sentry.check_ins)
    try:
        ended, changes = deployed.run()
    finally:
        secrets.put_secret_value(SecretId=SENTRY_SECRET, SecretString=deployed.sentry.dsn)
    assert ended.exit_code == 0
    expect_silence(deployed, changes)
    assert len(deployed.sentry.check_ins) == check_ins
