"""Following what happened to the message that a person reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import FAMILY, RUNBOOK
from tests.emulation.mailbox import Mail
from tests.emulation.observer import Change


def changed_to(state: str, changes: Sequence[Change]) -> set[str]:
    """The alarms that went into a state, by the names that people know them by."""
    return {change.alarm.removeprefix(f"{FAMILY}-") for change in changes if change.new == state}


def expect_page(deployed: Deployed, section: str, *words: str) -> Mail:
    """The mail that links to a section of the runbook. It names database and environment, and has these words."""
    mail = deployed.mailbox.wait_for_match(
        rf"\A(?!OK\b)[\s\S]*{re.escape(RUNBOOK)}#{section}(?![\w-])", what=f"a mail about {section}"
    )
    mail.show(f"{section}:")
    for word in ("shop", "e2e", *words):
        assert word in f"{mail.subject}\n{mail.text}", f"the mail about {section} does not say {word!r}"
    return mail


def expect_all_clear(deployed: Deployed, section: str) -> Mail:
    """The mail that says that an alarm is over."""
    mail = deployed.mailbox.wait_for_match(
        rf"\AOK\b[\s\S]*{re.escape(RUNBOOK)}#{section}(?![\w-])", what=f"a mail that says that {section} is over"
    )
    mail.show(f"{section} is over:")
    return mail


def expect_silence(deployed: Deployed, changes: Sequence[Change]) -> None:
    """Nothing was published to anybody: no alarm changed, no rule matched."""
    assert changes == []
    assert deployed.mailbox.mails == []
