"""Which engine a run gets: podman where it works, processes with the reason where it does not, an error where podman is
insisted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulation.containers import installation
from tests.emulation.containers.engine import EngineError
from tests.emulation.containers.installation import EngineChoice, EngineChoiceError, choose_engine

_DOES_NOT_WORK = "podman cannot run a container like a task's: no cgroups"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A machine that lacks runc, where containers do not work; what is installed is in the list."""
    installed: list[list[str]] = []
    monkeypatch.setattr(installation, "_obstacle", lambda: None)
    monkeypatch.setattr(installation, "_missing", lambda: [] if installed else ["runc"])
    monkeypatch.setattr(installation, "_install", installed.append)
    monkeypatch.setattr(installation, "_remove_leftovers", lambda _: None)
    monkeypatch.setattr(installation, "make_base_image", lambda *_: None)

    def fail(_: Path) -> None:
        raise EngineError(_DOES_NOT_WORK)

    monkeypatch.setattr(installation, "_try_out", fail)
    return installed


def test_nothing_is_installed_unasked(machine: list[list[str]], tmp_path: Path) -> None:
    choice = choose_engine({}, tmp_path)
    assert choice.kind == "process"
    assert "runc is not installed; VISTAFRESCA_E2E_INSTALL=1" in str(choice.obstacle)
    assert machine == []


def test_what_is_installed_and_does_not_work_is_not_used(machine: list[list[str]], tmp_path: Path) -> None:
    choice = choose_engine({"VISTAFRESCA_E2E_INSTALL": "1"}, tmp_path)
    assert choice == EngineChoice(kind="process", obstacle=_DOES_NOT_WORK)
    assert machine == [["runc"]]


def test_an_installation_that_fails_leaves_processes(
    machine: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: list[str]) -> None:
        raise EngineChoiceError("apt-get update failed: no network")

    monkeypatch.setattr(installation, "_install", fail)
    choice = choose_engine({"VISTAFRESCA_E2E_INSTALL": "1"}, tmp_path)
    assert choice == EngineChoice(kind="process", obstacle="apt-get update failed: no network")
    assert machine == []


def test_who_insists_on_podman_is_told_why_not(machine: list[list[str]], tmp_path: Path) -> None:
    with pytest.raises(EngineChoiceError, match="'podman', but runc is not installed"):
        choose_engine({"VISTAFRESCA_E2E_ENGINE": "podman"}, tmp_path)
    with pytest.raises(EngineChoiceError, match="'podman', but podman cannot run a container"):
        choose_engine({"VISTAFRESCA_E2E_ENGINE": "podman", "VISTAFRESCA_E2E_INSTALL": "1"}, tmp_path)
    assert machine == [["runc"]]


def test_an_engine_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineChoiceError, match="'docker': use one of podman, process, auto"):
        choose_engine({"VISTAFRESCA_E2E_ENGINE": "docker"}, tmp_path)
