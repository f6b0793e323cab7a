"""A Sentry of our own: the public rules for what it takes, and a server that holds senders to them.

What it does not show is that Sentry itself takes them (docs/verification.md).
"""
