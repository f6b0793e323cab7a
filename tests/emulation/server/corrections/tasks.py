"""ECS tasks that really run: RunTask starts a container, its end is the task's end, and EventBridge hears of it.

ministack runs tasks through a Docker engine's socket, or only pretends to where there is none. This takes over where it
would start the container: what is before (RunTask's checks and answer) and what is kept of a task stay ministack's.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json, get_region, json_response, request_scope
from ministack.services import cloudwatch_logs, ecr, ecs, eventbridge, sts

from tests.emulation.containers.engine import Container, Engine, EngineError, Running
from tests.emulation.server.clock import Clock
from tests.emulation.server.corrections.task_role import role_credentials
from tests.emulation.server.journal import Journal
from tests.emulation.server.replacing import replace

_STOPPED = "Essential container in task exited"


class TaskStartError(Exception):
    """Why ECS could not start a task, as its stoppedReason says it."""


def correct_tasks(*, clock: Clock, journal: Journal, engine: Engine, added: Mapping[str, str]) -> None:
    """Run the deployed image or command. `added`: what a task's environment has besides what AWS would give it."""
    tasks = Tasks(clock=clock, journal=journal, engine=engine, added=added)
    replace(ecs, "_iso", clock.iso)
    replace(ecs, "_get_docker", lambda: engine)  # whatever is not None: only then does RunTask hand over
    for asks_docker in ("_ensure_ecs_reaper_thread", "_maybe_mark_stopped", "_cleanup_task_resources"):
        replace(ecs, asks_docker, _nothing)
    replace(ecs, "_run_task_worker", tasks.run)
    replace(ecs, "_stop_task", tasks.stop)
    tasks.refuse_inactive_definitions()


class Tasks:
    """The tasks under way."""

    def __init__(self, *, clock: Clock, journal: Journal, engine: Engine, added: Mapping[str, str]) -> None:
        self._clock = clock
        self._journal = journal
        self._engine = engine
        self._added = dict(added)
        self._running: dict[str, Running] = {}
        self._asked_to_stop: dict[str, str] = {}

    def refuse_inactive_definitions(self) -> None:
        """RunTask takes no deregistered revision (ministack does), and a task without a group is in its family's."""

        def run_task(data: dict[str, Any]) -> Any:
            definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
            if definition and definition["status"] != "ACTIVE":
                return error_response_json("ClientException", "TaskDefinition is inactive", 400)
            if definition and not data.get("group"):
                data = {**data, "group": f"family:{definition['family']}"}
            return faulty(data)

        faulty = replace(ecs, "_run_task", run_task)

    def run(self, task: Any, definition: Any, overrides: Any, _engine: Any, account: str, region: str) -> None:
        """One task from PENDING to STOPPED, in a thread of its own."""
        with request_scope(account, region):
            try:
                self._run(task, definition, overrides)
            except Exception as error:  # who waits for the task is to hear of it; then as any other thread's
                self._journal.write("defect", what=f"{type(error).__name__}: {error}")
                raise

    def _run(self, task: Any, definition: Any, overrides: Any) -> None:
        arn = task["taskArn"]
        ecs._mark_task_pending(arn, task)
        ecs._mark_task_activating(arn, task)
        try:
            container, log = self._prepare(task, definition, overrides)
            running = self._engine.start(container)
        except (TaskStartError, EngineError) as error:
            ecs._mark_task_stopped(arn, task, str(error), "TaskFailedToStart")
            self._tell(task)
            return
        self._running[arn] = running
        ecs._mark_task_running(arn, task)
        self._tell(task)
        for line in running.lines():
            self._log(log, line)
        task["containers"][0]["exitCode"] = running.wait()
        del self._running[arn]
        asked = self._asked_to_stop.pop(arn, None)
        ecs._mark_task_stopped(arn, task, asked or _STOPPED, "UserInitiated" if asked else "EssentialContainerExited")
        self._tell(task)

    def stop(self, data: dict[str, Any]) -> Any:
        """StopTask: SIGTERM, then SIGKILL after the stop timeout; the exit code is the process's own."""
        task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data.get("cluster", "default")))
        if not task:
            return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
        running = self._running.get(task["taskArn"])
        if running is not None:
            self._asked_to_stop[task["taskArn"]] = data.get("reason", "Task stopped by user")
            threading.Thread(target=running.stop, daemon=True).start()
        return json_response({"task": ecs._sanitize(task)})

    def _prepare(self, task: Any, definition: Any, overrides: Any) -> tuple[Container, tuple[str, str]]:
        """What to run, and where its lines go. Raises TaskStartError."""
        (told,) = definition["containerDefinitions"]
        override = ecs._container_override_for(overrides, told["name"])
        self._pull(told["image"])
        log = self._log_stream(told, task["taskArn"])
        try:
            injected = ecs._resolve_container_secrets(told)
        except ecs._SecretResolutionError as error:
            raise TaskStartError(
                f"ResourceInitializationError: unable to pull secrets or registry auth: {error}"
            ) from None
        environment = {entry["name"]: entry["value"] for entry in told.get("environment", [])}
        environment |= injected
        environment |= {entry["name"]: entry["value"] for entry in override.get("environment", [])}
        return Container(
            id=task["taskArn"].rsplit("/", 1)[-1],
            image=told["image"],
            command=override.get("command") or told.get("command") or [],
            environment=environment | role_credentials(definition["taskRoleArn"], sts=sts) | self._added,
            user=told.get("user"),
            read_only=_is_true(told.get("readonlyRootFilesystem")),
            init=_is_true(told.get("linuxParameters", {}).get("initProcessEnabled")),
            cpu_units=int(definition["cpu"]),
            memory_mib=int(definition["memory"]),
            stop_timeout_s=int(told.get("stopTimeout", 30)),
        ), log

    def _pull(self, image: str) -> None:
        """An image of ECR must be in the emulator's ECR; then the engine has it already, from the push."""
        host, _, rest = image.partition("/")
        if ".dkr.ecr." not in host:
            return
        repository, separator, reference = rest.partition("@")
        if not separator:
            repository, _, reference = rest.rpartition(":")
        wanted = {"imageDigest": reference} if separator else {"imageTag": reference}
        if repository not in ecr._repositories or not ecr._find_image(repository, wanted):
            raise TaskStartError(f"CannotPullContainerError: failed to resolve ref {image}: {image}: not found")

    def _log_stream(self, container: Any, task_arn: str) -> tuple[str, str]:
        configuration = container["logConfiguration"]
        options = configuration["options"]
        group = options["awslogs-group"]
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_arn.rsplit('/', 1)[-1]}"
        status, _, body = cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
        if status >= 400:
            raise TaskStartError(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
                f"failed to create Cloudwatch log stream: {json.loads(body).get('message', '')}"
            )
        return group, stream

    def _log(self, log: tuple[str, str], line: str) -> None:
        if line.strip():
            event = {"timestamp": round(self._clock.now() * 1000), "message": line}
            cloudwatch_logs._put_log_events({"logGroupName": log[0], "logStreamName": log[1], "logEvents": [event]})

    def _tell(self, task: Any) -> None:
        """The event that ECS sends at each change, which ministack does not.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
        """
        detail = ecs._sanitize(task)
        eventbridge._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.ecs",
                        "DetailType": "ECS Task State Change",
                        "Detail": json.dumps({**detail, "updatedAt": self._clock.iso()}),
                        "Resources": [task["taskArn"]],
                    }
                ]
            },
            allow_aws_source=True,
        )
        self._journal.write("task", status=task["lastStatus"], arn=task["taskArn"], region=get_region(), detail=detail)


def _nothing(*_arguments: Any) -> None:
    """There is nothing of Docker's to look at or to remove."""


def _is_true(value: Any) -> bool:
    """ministack keeps a template's booleans as they come."""
    return str(value).lower() == "true"
