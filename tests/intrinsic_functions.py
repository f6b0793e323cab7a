"""CloudFormation's intrinsic functions, worked out as far as this project's templates have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PSEUDO_PARAMETERS = ("AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix")


def worked_out(value: Any, *, ref: Callable[[str], str], attribute: Callable[[str, str], str]) -> Any:
    """`value` with what `ref` says of a name, a pseudo parameter's too, and `attribute` of a resource's attribute."""

    def inner(value: Any) -> Any:  # noqa: PLR0911  one return per intrinsic function
        match value:
            case {"Ref": str(name)}:
                return ref(name)
            case {"Fn::GetAtt": [str(name), str(of_it)]}:
                return attribute(name, of_it)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(str(inner(part)) for part in parts)
            case {"Fn::Sub": str(text)}:
                for name in PSEUDO_PARAMETERS:
                    text = text.replace(f"${{{name}}}", ref(name))
                return text
            case dict():
                return {key: inner(one) for key, one in value.items()}
            case list():
                return [inner(one) for one in value]
            case _:
                return value

    return inner(value)
