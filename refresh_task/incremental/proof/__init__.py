"""What can be proved of a definition by PostgreSQL's own planner, catalogs and grammar."""

from refresh_task.incremental.proof.prove import prove

__all__ = ["prove"]
