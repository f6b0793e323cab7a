"""What people are sent: an alarm or a stopped task in, a message with the views, since when, why and the remedy out.

A Lambda function of the runtime's own libraries: it must work where the image cannot be pulled, the database does not
answer and the network is broken (docs/decisions/0012-messages.md).
"""
