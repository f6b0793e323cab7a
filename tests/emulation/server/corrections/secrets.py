"""AWS::SecretsManager::Secret."""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from tests.emulation.server.replacing import FaultError

_TYPE = "AWS::SecretsManager::Secret"


def correct_reference_to_secret() -> None:
    """Ref of a secret is its ARN (ministack: its name).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """
    tables = [value for value in vars(provisioners).values() if isinstance(value, dict) and "create" in _entry(value)]
    if len(tables) != 1:
        msg = f"ministack has {len(tables)} tables with a way to create {_TYPE}"
        raise FaultError(msg)
    handlers = tables[0][_TYPE]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def corrected_create(logical_id: str, properties: Any, stack: str) -> Any:
        name, attributes = create(logical_id, properties, stack)
        return secretsmanager._secrets[name]["ARN"], attributes

    def corrected_update(physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None) -> Any:
        result = update(_name(physical_id), old, new, stack, logical_id)
        name, *rest = result if isinstance(result, tuple) else (result,)
        return (secretsmanager._secrets[name]["ARN"], *rest) if rest else secretsmanager._secrets[name]["ARN"]

    def corrected_delete(physical_id: str, properties: Any) -> Any:
        return delete(_name(physical_id), properties)

    handlers.update(create=corrected_create, update=corrected_update, delete=corrected_delete)


def _entry(table: dict[Any, Any]) -> Any:
    entry = table.get(_TYPE)
    return entry if isinstance(entry, dict) else {}


def _name(arn: str) -> str:
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)
