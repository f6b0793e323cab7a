"""What CloudFormation calls while it deploys: one command of the refresh task, run to its end as a task of its own.

A function's code, without the image: standard library and the boto3 that Lambda's runtime brings. CDK's provider
framework (infrastructure/one_off_tasks.py) calls `handlers.start` once and `handlers.is_complete` until it says so, and
tells CloudFormation.
"""
