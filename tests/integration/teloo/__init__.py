"""The teloo system against real PostgreSQL: its views' 22 and 32 columns, constraints, sample data and policies.

The expected measures are worked out in plain Python from the tables' rows (expected_months.py, expected_ranking.py), or
written down as literals; nothing here repeats the views' SQL. Not covered: speed and sizes beyond 3,000 requests
(docs/systems/teloo.md has those measured), and the document's endpoints, which are the API's.
"""
