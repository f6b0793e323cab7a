"""What goes wrong with views, and what a person receives."""

from __future__ import annotations

from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import SERVICE
from tests.e2e.deployment.pages import changed_to, expect_all_clear, expect_page, expect_silence
from tests.e2e.deployment.shop import VIEWS

VIEW = "sales.mv_daily_revenue"


def test_a_healthy_run_pages_nobody(deployed: Deployed) -> None:
    ended, changes = deployed.run()
    assert ended.exit_code == 0, ended.lines
    expect_silence(deployed, changes)
    (finished,) = ended.events("run_finished")
    assert finished["views_succeeded"] == len(VIEWS)
    # what the rule's input transformer made of EventBridge's event
    (started,) = ended.events("run_started")
    assert started["trigger_type"] == "cron"
    assert started["scheduled_time"].startswith(deployed.account.now.strftime("%Y-%m-%dT%H:"))
    assert deployed.sentry.rejected == []
    assert [check_in["status"] for check_in in deployed.sentry.check_ins[-2:]] == ["in_progress", "ok"]
    assert deployed.sentry.check_ins[-1]["monitor_slug"] == f"vistafresca-{SERVICE}"


def test_a_view_fails_twice_and_recovers(deployed: Deployed) -> None:
    """The other views are refreshed; a page at the first failure, another at the second, and a word when it is over."""
    deployed.shop.trouble("fails", VIEW)
    ended, changes = deployed.run()
    assert ended.exit_code == 1
    (finished,) = ended.events("run_finished")
    assert (finished["views_failed"], finished["views_succeeded"]) == (1, len(VIEWS) - 1)
    assert changed_to("ALARM", changes) == {"views-failed"}
    expect_page(deployed, "views-failed")

    _, changes = deployed.run()
    assert changed_to("ALARM", changes) == {"failing-repeatedly"}
    expect_page(deployed, "failing-repeatedly")
    assert deployed.sentry.check_ins[-1]["status"] == "error"

    deployed.shop.be_well()
    ended, changes = deployed.run()
    assert ended.exit_code == 0
    assert changed_to("OK", changes) == {"views-failed", "failing-repeatedly"}
    expect_all_clear(deployed, "views-failed")
    expect_all_clear(deployed, "failing-repeatedly")


def test_everything_is_late(deployed: Deployed) -> None:
    deployed.shop.trouble("fails")
    deployed.shop.grow_old(hours=2)
    ended, changes = deployed.run()
    assert ended.exit_code == 1
    assert "views-late" in changed_to("ALARM", changes)
    expect_page(deployed, "views-late")
    assert {event["tags"]["kind"] for event in deployed.sentry.events[-3:]} == {"late"}


def test_a_view_is_suspended(deployed: Deployed) -> None:
    """The fifth failure in a row: it is left alone, and said so."""
    deployed.shop.trouble("fails", VIEW)
    changes = [change for _ in range(5) for change in deployed.run()[1]]
    assert "view-suspended" in changed_to("ALARM", changes)
    expect_page(deployed, "view-suspended", "resume")
    assert changed_to("OK", deployed.run()[1]) >= {"views-failed"}  # it is not tried, so it does not fail
    deployed.shop.be_well()
    assert changed_to("OK", deployed.run()[1]) == {"view-suspended", "failing-repeatedly"}
    expect_all_clear(deployed, "view-suspended")
