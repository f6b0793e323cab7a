"""The guided demo, and the embedded PostgreSQL server that it shares with the tests."""
