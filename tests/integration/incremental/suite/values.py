"""Values at random for the tables of the shapes: few different ones, so that they meet."""

from __future__ import annotations

import random


class Values:
    """Each is SQL. `choice` decides everything."""

    def __init__(self, choice: random.Random) -> None:
        self.choice = choice

    def number(self, low: int, high: int) -> int:
        """Both included."""
        return self.choice.randint(low, high)

    def kind(self) -> int:
        """Of few, one of which has no rows to begin with."""
        return self.number(0, 7)

    def one_of(self, *values: str) -> str:
        """SQL."""
        return self.choice.choice(values)

    def label(self) -> str:
        """With NULL."""
        return self.one_of("NULL", "'a'", "'b'", "'B'", "''", "'it''s'")

    def customer(self) -> str:
        """With NULL."""
        return self.one_of("NULL", *(str(number) for number in range(14)))

    def amount(self) -> str:
        """Numbers of any scale."""
        return self.one_of("NULL", "0", "1.5", "1.50", "-2", "9.75", "'NaN'", "100000000000000000000.000001")

    def moment(self) -> str:
        """Around changes of the clocks, months and years."""
        return self.one_of(
            "'2026-03-29 00:30:00+00'", "'2026-03-29 01:30:00+00'", "'2026-03-31 23:59:59.999999+00'",
            "'2026-10-25 00:59:00+00'", "'2026-12-31 22:00:00-03'", "'2026-04-01 03:00:00+05:45'",
        )  # fmt: skip

    def day(self) -> str:
        """Of several months; NULL too."""
        return self.one_of("NULL", "'2026-03-31'", "'2026-04-01'", "'2026-05-17'", "'2027-01-01'")

    def value(self) -> str:
        """Of a reading."""
        return self.one_of("NULL", "1", "2.25", "7.5", "'NaN'")

    def item(self) -> str:
        """Of few."""
        return self.one_of("'apple'", "'pear'", "'plum'", "'fig'")

    def region(self) -> str:
        """Of each partition."""
        return self.one_of("'north'", "'south'", "'south-west'", "'east'", "'west'", "NULL")

    def word(self) -> str:
        """NULL too."""
        return self.one_of("NULL", "'w0'", "'w1'", "'W1'", "'b'")
