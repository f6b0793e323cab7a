"""Rows of published views: typed filters, order, cursors, freshness, and the guarded fallback to the base relation."""

from api.reads.catalog import find_managed_view
from api.reads.published import PublishedViews
from api.reads.question import Question
from api.reads.reading import Reading

__all__ = ["PublishedViews", "Question", "Reading", "find_managed_view"]
