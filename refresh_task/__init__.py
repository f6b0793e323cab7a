"""What runs: the task that refreshes the views, its command line and its migrations."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("vistafresca")
except PackageNotFoundError:  # the container carries the folder, not the installed distribution
    __version__ = "0.1.0"

__all__ = ["__version__"]
