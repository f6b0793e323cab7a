"""Waiting for the task: when it is done, and what a person reads when it went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from deployment import handlers
from tests.deployment.stubs import CLUSTER, LOG, NOW, STACK, TASK_ARN, Script, stopped, under_way
from tests.deployment.test_start import stack

WHO = "`vistafresca migrate` as vistafresca-production-fluxion:7 failed: "
WHERE = f"(log group {LOG['logGroupName']}, stream {LOG['logStreamName']})"


def is_complete(event: dict[str, Any], script: Script) -> bool:
    result = handlers.is_complete(event, None, client_of=script.client_of, now=lambda: NOW)
    script.assert_done()
    return result["IsComplete"]


def reason(event: dict[str, Any], script: Script) -> str:
    script.answers("cloudformation", "describe_stacks", stack("UPDATE_IN_PROGRESS"), StackName=STACK)
    with pytest.raises(handlers.OneOffTaskError) as caught:
        is_complete(event, script)
    script.assert_done()
    return str(caught.value)


def describes(script: Script, *found: dict[str, Any]) -> None:
    script.answers("ecs", "describe_tasks", {"tasks": list(found)}, cluster=CLUSTER, tasks=[TASK_ARN])


def logged(script: Script, *lines: str) -> None:
    events = [{"timestamp": number, "message": line} for number, line in enumerate(lines)]
    script.answers("logs", "get_log_events", {"events": events}, **LOG, limit=50, startFromHead=False)


def running() -> dict[str, Any]:
    return {"taskArn": TASK_ARN, "lastStatus": "RUNNING", "containers": [{"name": "refresh"}]}


def test_a_task_that_runs_is_waited_for() -> None:
    script = Script()
    describes(script, running())
    assert not is_complete(under_way(), script)


def test_a_task_that_ecs_does_not_know_yet_is_waited_for() -> None:
    script = Script()
    describes(script)
    assert not is_complete(under_way(age_s=59), script)


def test_exit_code_0_is_done() -> None:
    script = Script()
    describes(script, stopped(0))
    assert is_complete(under_way(), script)


def test_another_exit_code_fails_with_the_error_and_its_remedy() -> None:
    script = Script()
    describes(script, stopped(2))
    logged(
        script,
        "waiting for the run under way to end, at its deadline at the latest",
        "error: bi_refresh_0004_x.up.sql: it failed, and nothing was changed: division by zero.",
        "Mend the cause and run it again.",
    )
    assert reason(under_way(), script) == (
        f"{WHO}it ended with exit code 2. Its log says: error: bi_refresh_0004_x.up.sql: it failed, and nothing was "
        f"changed: division by zero. Mend the cause and run it again. {WHERE}"
    )


def test_a_log_that_says_nothing_yet_is_looked_at_again() -> None:
    script = Script()
    describes(script, stopped(2, ago_s=19))
    logged(script)
    assert not is_complete(under_way(), script)


@pytest.mark.parametrize("has_stream", [True, False])
def test_a_log_that_goes_on_saying_nothing_is_not_waited_for(has_stream: bool) -> None:  # noqa: FBT001
    script = Script()
    describes(script, stopped(137, ago_s=21, reason="OutOfMemoryError: Container killed due to memory usage"))
    if has_stream:
        logged(script)
    else:
        script.refuses("logs", "get_log_events", "ResourceNotFoundException")
    assert reason(under_way(), script) == (
        f"{WHO}it ended with exit code 137 (OutOfMemoryError: Container killed due to memory usage). "
        f"Its log says nothing {WHERE}"
    )


def test_a_log_that_may_not_be_read_hides_nothing() -> None:
    script = Script()
    describes(script, stopped(2))
    script.refuses("logs", "get_log_events", "AccessDeniedException")
    assert "exit code 2. Its log says: (could not be read: AccessDeniedException)" in reason(under_way(), script)


def test_a_task_that_could_not_start_says_why_at_once() -> None:
    script = Script()
    why = "CannotPullContainerError: pull image manifest has been retried 5 time(s)"
    describes(script, stopped(None, ago_s=1, stopCode="TaskFailedToStart", stoppedReason=why))
    script.refuses("logs", "get_log_events", "ResourceNotFoundException")
    assert reason(under_way(), script) == f"{WHO}the task could not start: {why}. Its log says nothing {WHERE}"


def test_a_task_that_somebody_stopped() -> None:
    script = Script()
    describes(script, stopped(None, stopCode="UserInitiated", stoppedReason="by ana"))
    logged(script, "waiting")
    assert f"{WHO}the task was stopped (UserInitiated): by ana. Its log says: waiting" in reason(under_way(), script)


def test_a_task_that_takes_too_long_is_stopped() -> None:
    script = Script()
    describes(script, running())
    why = "The deployment waited for it long enough."
    script.answers("ecs", "stop_task", {}, cluster=CLUSTER, task=TASK_ARN, reason=why)
    logged(script, "waiting for the run under way to end, at its deadline at the latest")
    assert reason(under_way(age_s=2700), script) == (
        f"{WHO}it had not ended after 45 minutes, and was stopped. Its log says: waiting for the run under way to end, "
        f"at its deadline at the latest {WHERE}"
    )


def test_a_task_that_is_forgotten_fails() -> None:
    script = Script()
    describes(script)
    script.refuses("logs", "get_log_events", "ResourceNotFoundException")
    assert "does not know the task any more" in reason(under_way(age_s=60), script)


def test_a_task_that_cannot_be_watched_fails() -> None:
    script = Script()
    script.refuses("ecs", "describe_tasks", "ClusterNotFoundException", "Cluster not found.")
    assert f"{WHO}it could not be watched: " in reason(under_way(), script)


def test_a_stack_whose_status_cannot_be_read_fails_with_the_first_reason() -> None:
    script = Script()
    describes(script, stopped(2))
    logged(script, "error: a: b")
    script.refuses("cloudformation", "describe_stacks", "AccessDenied")
    with pytest.raises(handlers.OneOffTaskError, match="error: a: b"):
        is_complete(under_way(), script)


@pytest.mark.parametrize("problem", ["exit code", "timeout", "not watched"])
def test_a_rollback_is_not_failed_whatever_happens(problem: str, caplog: pytest.LogCaptureFixture) -> None:
    script = Script()
    match problem:
        case "exit code":
            describes(script, stopped(2))
            logged(script, "error: an older version does not know this database")
        case "timeout":
            describes(script, running())
            script.answers("ecs", "stop_task", {})
            logged(script)
        case _:
            script.refuses("ecs", "describe_tasks", "ServerException")
    script.answers("cloudformation", "describe_stacks", stack("UPDATE_ROLLBACK_IN_PROGRESS"), StackName=STACK)
    assert is_complete(under_way(age_s=2700, kind="Update"), script)
    assert "left as it is, since the stack is rolled back: `vistafresca migrate` as" in caplog.text
