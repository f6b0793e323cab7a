"""Rows of published views."""

from api.reads.published import PublishedViews

__all__ = ["PublishedViews"]
