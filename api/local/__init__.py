"""The API as an ASGI application for the local server."""

from api.local.asgi import LocalApi

__all__ = ["LocalApi"]
