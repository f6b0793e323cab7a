"""What an environment costs a month, from its settings and its synthesized templates (docs/cost.md)."""

from infrastructure.cost.advice import advice
from infrastructure.cost.estimate import CostLine, Estimate, estimate
from infrastructure.cost.inventory import Inventory, count
from infrastructure.cost.prices import Prices, prices
from infrastructure.cost.workload import Assumptions, Way

__all__ = [
    "Assumptions",
    "CostLine",
    "Estimate",
    "Inventory",
    "Prices",
    "Way",
    "advice",
    "count",
    "estimate",
    "prices",
]
