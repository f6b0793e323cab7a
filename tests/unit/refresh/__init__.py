"""The executor's pure parts."""
