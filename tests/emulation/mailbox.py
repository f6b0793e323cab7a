"""What a person who is on call receives."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from tests.emulation.journal_reader import Entry, JournalReader


@dataclass(frozen=True)
class Mail:
    """One message, as it arrives."""

    to: str
    subject: str
    text: str

    def show(self, occasion: str) -> None:
        """Print it into the log of the run."""
        frame = "\n".join(
            f"  | {line}" for line in [f"To: {self.to}", f"Subject: {self.subject}", "", *self.text.splitlines()]
        )
        sys.stdout.write(f"\n{occasion}\n{frame}\n")

    def links_to(self, url: str) -> set[str]:
        """The sections of the runbook that it links to."""
        return set(re.findall(rf"{re.escape(url)}#([\w-]+)", self.text))


class Mailbox:
    """The mail to one address, from now on; `clear` forgets what came so far."""

    def __init__(self, journal: JournalReader, address: str) -> None:
        self._journal = journal
        self._address = address
        self._since = len(journal)

    def clear(self) -> None:
        """Only what comes from now on counts; what is on its way is waited for."""
        self._journal.wait_until_handled()
        self._since = len(self._journal)

    @property
    def mails(self) -> list[Mail]:
        """What came since, and what was on its way."""
        self._journal.wait_until_handled()
        return [_mail(entry) for entry in self._journal.since(self._since) if self._is_ours(entry)]

    def wait_for(self, words: str, *, what: str, timeout_s: float = 20) -> Mail:
        """The first mail whose subject or text has `words`. Raises JournalError where none comes."""
        return self.wait_for_match(re.escape(words), what=what, timeout_s=timeout_s)

    def wait_for_match(self, pattern: str, *, what: str, timeout_s: float = 20) -> Mail:
        """The first mail in whose subject, new line and text the pattern is found."""
        entry = self._journal.wait_for(
            lambda entry: (
                self._is_ours(entry) and re.search(pattern, f"{entry['subject']}\n{entry['text']}") is not None
            ),
            since=self._since,
            what=what,
            timeout_s=timeout_s,
        )
        return _mail(entry)

    def _is_ours(self, entry: Entry) -> bool:
        return bool(entry["kind"] == "mail" and entry["to"] == self._address)


def _mail(entry: Entry) -> Mail:
    return Mail(to=entry["to"], subject=entry["subject"], text=entry["text"])
