"""The executor alone: steps made by hand, carried out on a real server inside the test's own process."""
