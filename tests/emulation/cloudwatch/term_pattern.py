"""Filter patterns made of terms: `ERROR -ARGUMENTS`, `?ERROR ?WARN`, `"INTERNAL SERVER ERROR"`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
The documentation speaks of words and does not say whether ERROR is found in ERRORS: where the answer would depend on
that, it is refused. So is `?` beside other terms.
"""

import re
from dataclasses import dataclass

from tests.emulation.unsupported import UnsupportedError

_TERM = re.compile(r"(?P<sign>[?-]?)(?:\"(?P<phrase>[^\"]+)\"|(?P<word>[A-Za-z0-9_]+))(?:\s+|$)")


@dataclass(frozen=True)
class Term:
    """A word or a phrase, to be found as it is written."""

    text: str

    def __str__(self) -> str:
        return self.text if re.fullmatch(r"[A-Za-z0-9_]+", self.text) else f'"{self.text}"'

    def occurs(self, message: str) -> bool:
        if not self.text.strip():
            return True  # as documented: " " matches everything
        if self.text not in message:
            return False
        if not re.search(rf"(?<!\w){re.escape(self.text)}(?!\w)", message):
            msg = f"whether {self} is found within a longer word is not documented: {message!r}"
            raise UnsupportedError(msg)
        return True


@dataclass(frozen=True)
class TermPattern:
    """All of `wanted`, none of `unwanted`; or any of `alternatives`. Without any of them: every message."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    alternatives: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(
            [
                *map(str, self.wanted),
                *(f"-{term}" for term in self.unwanted),
                *(f"?{term}" for term in self.alternatives),
            ]
        )

    def matches(self, message: str) -> bool:
        if self.alternatives:
            return any(term.occurs(message) for term in self.alternatives)
        return all(term.occurs(message) for term in self.wanted) and not any(
            term.occurs(message) for term in self.unwanted
        )


def parse(text: str) -> TermPattern:
    """The pattern that a text without braces stands for."""
    terms: dict[str, list[Term]] = {"": [], "-": [], "?": []}
    place, text = 0, text.strip()
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            msg = f"this evaluator does not know the filter pattern {text!r}, from {text[place:]!r} on"
            raise UnsupportedError(msg)
        terms[term["sign"]].append(Term(term["phrase"] or term["word"]))
        place = term.end()
    if terms["?"] and (terms[""] or terms["-"]):
        msg = f"{text!r}: what ? means beside other terms is not documented"
        raise UnsupportedError(msg)
    return TermPattern(*map(tuple, terms.values()))
