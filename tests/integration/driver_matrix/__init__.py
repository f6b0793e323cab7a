"""The driver_matrix system: what the partner owes for each driver, and the sample data.

Expectations are worked out in Python from the tables' rows, or written down by hand; none repeats the query's SQL. Not
covered here: the answers of the API, and how fast anything is (docs/systems/driver_matrix.md has what was measured).
"""
