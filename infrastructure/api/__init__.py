"""The HTTP API of one database: function, role, front, what is watched of it, how it is called."""

from infrastructure.api.alarms import api_watches
from infrastructure.api.api import Api
from infrastructure.api.operations import ApiOperations

__all__ = ["Api", "ApiOperations", "api_watches"]
