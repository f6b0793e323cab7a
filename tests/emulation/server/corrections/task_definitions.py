"""Container definitions from a template."""

from typing import Any

from ministack.services.cloudformation import provisioners

from tests.emulation.server.replacing import replace

# Whose keys are the user's own.
_MAPS = {"options", "dockerLabels"}


def correct_container_definitions() -> None:
    """Secrets, LinuxParameters and HealthCheck keep CloudFormation's capitals inside, so that ECS reads nothing
    there."""
    replace(provisioners, "_normalize_container_defs", lambda definitions: [_camel(each) for each in definitions])


def _camel(value: Any) -> Any:
    """AWS's own names, at every depth, as the ECS API spells them."""
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if isinstance(value, dict):
        renamed = {key[0].lower() + key[1:]: each for key, each in value.items()}
        return {key: each if key in _MAPS else _camel(each) for key, each in renamed.items()}
    return value
