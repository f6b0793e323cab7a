"""The one refusal of everything under tests/emulation."""


class UnsupportedError(Exception):
    """AWS may know this, the evaluator does not: it refuses, since a guess would let a test pass for nothing."""
