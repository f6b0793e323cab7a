"""EventBridge's numeric matching: `{"numeric": [">", 0, "<=", 5]}`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from tests.emulation.unsupported import UnsupportedError

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LARGEST = 5.0e9


def in_ranges(ranges: Sequence[Any]) -> Callable[[Any], bool]:
    """Whether a number fulfils one comparison, or two."""
    pairs = list(zip(ranges[::2], ranges[1::2], strict=False))
    if len(ranges) not in (2, 4) or not all(sign in COMPARISONS and _is_number(limit) for sign, limit in pairs):
        msg = f"this evaluator does not know the numeric rule {ranges!r}"
        raise UnsupportedError(msg)
    return lambda value: _is_number(value) and all(COMPARISONS[sign](value, limit) for sign, limit in pairs)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if abs(value) > LARGEST:
        msg = f"numeric matching ends at {LARGEST:g}: {value!r}"
        raise UnsupportedError(msg)
    return True
