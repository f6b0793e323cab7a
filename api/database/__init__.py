"""The only door to psycopg in the API: lent connections, the API's named queries, and statements composed of names
that are known only at run time."""

from api.database.database import ApiDatabase, ApiSession

__all__ = ["ApiDatabase", "ApiSession"]
