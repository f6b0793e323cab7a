"""What runs: the task that refreshes the views, its command line and its migrations."""

# The one place of the version: pyproject.toml reads it from here, and so does the image, where no distribution is installed.
__version__ = "0.1.0"

__all__ = ["__version__"]
