"""The harness's end of the journal, without an emulator."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from tests.emulation.journal_reader import JournalError, JournalReader


def test_it_closes_where_no_emulator_ever_connected() -> None:
    """Then the emulator did not start, and why is to be said, not waited for."""
    journal = JournalReader()
    closing = threading.Thread(target=journal.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


def test_what_a_topic_handed_on_is_waited_for_until_a_function_has_been_through_it() -> None:
    journal = JournalReader()
    with socket.create_connection(("127.0.0.1", journal.port)) as emulator:

        def write(kind: str) -> None:
            emulator.sendall(json.dumps({"kind": kind, "message": "m"}).encode() + b"\n")
            journal.wait_for(lambda entry: entry["kind"] == kind, since=0, what=kind)

        write("handed_on")
        with pytest.raises(JournalError, match="the end of every function"):
            journal.wait_until_handled(timeout_s=0)
        write("handled")
        journal.wait_until_handled()
    journal.close()
