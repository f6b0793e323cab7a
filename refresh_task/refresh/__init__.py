"""Carries a plan out: one step, or one consistency group, is one call of refresh_bi_views() and one transaction on a
working session; its log rows are written on the control session.

That division is what makes per-view timeouts and parallel steps work, releases each view's locks at its end, and keeps
what is done when something fails (docs/decisions/0002-one-transaction-per-step.md).
"""

from refresh_task.refresh.runner import StepRunner

__all__ = ["StepRunner"]
