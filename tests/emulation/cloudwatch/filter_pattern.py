"""Filter patterns of CloudWatch Logs: JSON in braces, or terms. Refused: space-delimited patterns ([...]) and regular
expressions (%...%).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from tests.emulation.cloudwatch import json_pattern_parser, term_pattern
from tests.emulation.cloudwatch.json_pattern import JsonPattern
from tests.emulation.cloudwatch.term_pattern import TermPattern
from tests.emulation.unsupported import UnsupportedError

Pattern = JsonPattern | TermPattern


def parse(text: str) -> Pattern:
    """The pattern that a text stands for; `str` gives back a text of the same meaning."""
    stripped = text.strip()
    if "%" in stripped or stripped.startswith("["):
        msg = f"regular expressions and space-delimited patterns are beyond this evaluator: {text!r}"
        raise UnsupportedError(msg)
    if stripped.startswith("{") and stripped.endswith("}"):
        return json_pattern_parser.parse(stripped)
    return term_pattern.parse(stripped)
