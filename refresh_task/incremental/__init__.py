"""Views whose rows are kept equal to their definition by computing only what a change touches (docs/incremental.md)."""
