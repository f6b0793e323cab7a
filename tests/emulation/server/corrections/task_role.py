"""The task role's own credentials, so that a task may do what its role may and nothing else.

ECS hands them out at an address of the container's network (169.254.170.2), which a process in the host's network
cannot have: here they are variables, which botocore takes in the same way.
"""

import secrets
from types import ModuleType

from ministack.core.responses import get_account_id


def role_credentials(role_arn: str, *, sts: ModuleType) -> dict[str, str]:
    """A new session of the role, as the environment variables that hold it."""
    role = role_arn.rsplit("/", 1)[-1]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{secrets.token_hex(16)}",
            "UserId": f"{role}:{key}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
