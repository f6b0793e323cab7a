"""The settings of one environment: `environments/<name>.toml`, validated once, at synth, into frozen values."""

from infrastructure.settings.api import Api, DailyRefresh
from infrastructure.settings.database import Database, IamAuthentication, ProvisionedInstance, Secret
from infrastructure.settings.environment import Environment, Image, Map, Network, Pager
from infrastructure.settings.file import SettingsError, read
from infrastructure.settings.run import Alarms, Guards, Schedule, Sentry, Task
from infrastructure.settings.section import Section

__all__ = [
    "Alarms",
    "Api",
    "DailyRefresh",
    "Database",
    "Environment",
    "Guards",
    "IamAuthentication",
    "Image",
    "Map",
    "Network",
    "Pager",
    "ProvisionedInstance",
    "Schedule",
    "Secret",
    "Section",
    "Sentry",
    "SettingsError",
    "Task",
    "read",
]
