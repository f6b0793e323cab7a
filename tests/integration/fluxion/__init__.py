"""The fluxion system against real PostgreSQL: its view's 15 columns, its constraints and its sample data.

The expected measures are worked out in plain Python from the tables' rows (expected.py), or written down as literals;
nothing here
repeats the view's SQL. Not covered: speed and sizes beyond 20,000 sales (docs/systems/fluxion.md has those measured).
"""
