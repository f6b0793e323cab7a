"""The evaluator agrees with the examples in EventBridge's documentation (content filtering, and events in arrays)."""

import pytest

from tests.emulation.eventbridge.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"source": ["aws.ec2"]}, {"source": "aws.ec2"}, True),
        ({"source": ["aws.ec2", "aws.ecs"]}, {"source": "aws.ecs"}, True),
        ({"source": ["aws.ec2"]}, {}, False),
        ({"time": [{"prefix": "2017-10-02"}]}, {"time": "2017-10-02T18:43:48Z"}, True),
        ({"detail": {"state": [{"anything-but": ["initializing"]}]}}, {"detail": {"state": "running"}}, True),
        ({"detail": {"state": [{"anything-but": ["initializing"]}]}}, {"detail": {"state": "initializing"}}, False),
        ({"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}, {"detail": {"x-limit": 400}}, True),
        ({"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}, {"detail": {}}, False),
        ({"resources": ["b", "c"]}, {"resources": ["a", "b"]}, True),
        ({"resources": ["d"]}, {"resources": ["a", "b"]}, False),
        (
            {"detail": {"list": {"code": [{"anything-but": [0]}]}}},
            {"detail": {"list": [{"code": 0}, {"code": 1}]}},
            True,
        ),
        ({"detail": {"list": {"code": [{"anything-but": [0]}]}}}, {"detail": {"list": [{"code": 0}]}}, False),
        ({"detail": {"list": {"code": [{"anything-but": [0]}]}}}, {"detail": {"list": [{"name": "x"}]}}, False),
    ],
)
def test_matches_as_documented(pattern: dict[str, object], event: dict[str, object], *, expected: bool) -> None:
    assert matches(pattern, event) is expected
