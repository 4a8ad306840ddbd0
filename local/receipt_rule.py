"""The active receipt rule, as SES reads it: for whom it takes mail, and where that goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from bounces.addresses import domain_of, key
from local.template import TemplateError


@dataclass(frozen=True, slots=True)
class ReceiptRule:
    """One enabled rule with one S3 action. No `recipients` means every recipient."""

    name: str
    recipients: tuple[str, ...]
    bucket: str
    prefix: str
    topic: str
    scans: bool

    @classmethod
    def active(cls) -> "ReceiptRule":
        """Return the first enabled rule of the active rule set. Raises `TemplateError` where there is none."""
        for rule in boto3.client("ses").describe_active_receipt_rule_set().get("Rules", []):
            for action in rule.get("Actions", []):
                if rule.get("Enabled") and "S3Action" in action:
                    return cls._read(rule, action["S3Action"])
        raise TemplateError("the active receipt rule set has no enabled rule that stores mail in S3")

    @classmethod
    def _read(cls, rule: Mapping[str, Any], action: Mapping[str, Any]) -> "ReceiptRule":
        if action.get("KmsKeyArn"):
            raise TemplateError("the receipt rule encrypts mail on SES's side (KmsKeyArn), which no function can read")
        return cls(
            name=rule["Name"],
            recipients=tuple(rule.get("Recipients", ())),
            bucket=action["BucketName"],
            prefix=action.get("ObjectKeyPrefix", ""),
            topic=action.get("TopicArn", ""),
            scans=bool(rule.get("ScanEnabled")),
        )

    def takes(self, recipient: str) -> bool:
        """Say whether the rule takes mail for `recipient`.

        A condition is an address (which takes its `+label` forms too), a domain, or `.domain` for its subdomains:
        https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html
        """
        return not self.recipients or any(_meets(condition, recipient) for condition in self.recipients)


def _meets(condition: str, recipient: str) -> bool:
    if "@" in condition:
        local, _, domain = key(recipient).rpartition("@")
        return key(condition) in (key(recipient), f"{local.partition('+')[0]}@{domain}")
    if condition.startswith("."):
        return domain_of(recipient).endswith(condition.lower())
    return domain_of(recipient) == domain_of(f"@{condition}")
