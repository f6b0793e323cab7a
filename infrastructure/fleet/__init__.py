"""With layout = "map": one task definition for all databases of an environment, started for each by a state machine."""

from infrastructure.fleet.fleet import Fleet

__all__ = ["Fleet"]
