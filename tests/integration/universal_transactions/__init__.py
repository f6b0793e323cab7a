"""The universal_transactions system against real PostgreSQL: the view of all lines, its triggers, the logged refresh,
the policy and the sample data.

The expected rows are worked out in plain Python from the tables' rows (expected.py), or written down as literals;
nothing here repeats the view's SQL. Not covered: speed and sizes beyond 20,000 transactions
(docs/systems/universal_transactions.md has those measured), and the HTTP routes.
"""
