"""The only door to psycopg in the API: lent connections, the API's named queries, and statements composed of names
that are known only at run time."""

from api.database.database import ApiDatabase, ApiSession
from api.database.statements import Condition, Operator, Selection, Term, check_value, select_rows

__all__ = [
    "ApiDatabase",
    "ApiSession",
    "Condition",
    "Operator",
    "Selection",
    "Term",
    "check_value",
    "select_rows",
]
