"""What runs: the task that refreshes the views, its command line and its migrations."""

# The one place of the version: pyproject.toml reads it from here, and the image has no installed distribution to ask.
__version__ = "0.1.0"

__all__ = ["__version__"]
