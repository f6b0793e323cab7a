"""What every table of a settings file has in common, and the strings that AWS gives a fixed shape."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the file: frozen, nothing unknown in it, no silent conversions ("10" is not 10)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def _shaped(pattern: str, what: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            msg = f"is not {what}"
            raise ValueError(msg)
        return value

    return AfterValidator(check)


SecretArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-(?!secret|master|reader|writer)[A-Za-z0-9]{6}",
        "a complete secret ARN: it must end in the six characters that Secrets Manager appends, since a name or a "
        "partial ARN only fails when the task starts (aws/aws-cdk#20744). Copy it from: "
        "aws secretsmanager describe-secret --secret-id NAME --query ARN",
    ),
]
KeyArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "the ARN of a KMS key (an alias cannot be named in a role's policy)",
    ),
]
TopicArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}",
        "the ARN of a standard SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME",
    ),
]
SecurityGroupId = Annotated[str, _shaped(r"sg-[0-9a-f]{8,17}", "a security group id, such as sg-0123456789abcdef0")]
SubnetId = Annotated[str, _shaped(r"subnet-[0-9a-f]{8,17}", "a subnet id, such as subnet-0123456789abcdef0")]
VpcId = Annotated[str, _shaped(r"vpc-[0-9a-f]{8,17}", "a VPC id, such as vpc-0123456789abcdef0")]
AccountId = Annotated[str, _shaped(r"\d{12}", 'an AWS account id: twelve digits, in quotation marks ("123456789012")')]
Region = Annotated[str, _shaped(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region, such as us-east-1")]
Zone = Annotated[str, _shaped(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "an availability zone, such as us-east-1a")]
Cidr = Annotated[
    str, _shaped(r"\d{1,3}(\.\d{1,3}){3}/(3[0-2]|[12]?\d)", "a range of IPv4 addresses, such as 10.0.0.2/32 for one")
]
PrincipalArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
        "the ARN of an IAM role or user, arn:aws:iam::ACCOUNT:role/NAME",
    ),
]
HttpsUrl = Annotated[str, _shaped(r"https://[\w.-]+(/[\w./~%-]*)?", "a URL that begins with https://")]
Origin = Annotated[
    str,
    _shaped(
        r"https://[\w.-]+(:\d{1,5})?|http://localhost(:\d{1,5})?",
        "a web page's origin: https://HOST without a path (every origin at once, *, is none)",
    ),
]
Email = Annotated[str, _shaped(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
PinnedImage = Annotated[
    str,
    _shaped(
        r"[\w.:/-]+@sha256:[0-9a-f]{64}",
        "an image pinned by digest (REPOSITORY@sha256:… and 64 hexadecimal digits): a tag can be moved under a running "
        "schedule. Find it with: aws ecr describe-images --repository-name NAME --query imageDetails[].imageDigest",
    ),
]
ResourceId = Annotated[
    str,
    _shaped(
        r"(db|cluster|prx)-[A-Z0-9a-z]+",
        "the database's resource id (db-…, cluster-… or prx-…): what rds-db:connect is granted on; its name is not. "
        "Find it with: aws rds describe-db-instances --query DBInstances[].DbiResourceId",
    ),
]
ShortName = Annotated[
    str,
    _shaped(
        r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,15}",
        (
            "a short name: a lower-case letter, then up to 15 letters, digits or single hyphens (names of "
            "alarms, rules and log groups are made of it)"
        ),
    ),
]
