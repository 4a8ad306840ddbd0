"""What template.yaml lets each of its roles do."""

from typing import Any, Final

from tests.stack.expanded import listed, of_type, referred

ROLES: Final = of_type("AWS::IAM::Role")


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy that allow something."""
    written = policy["PolicyDocument"]["Statement"]
    # One that depends on a parameter is taken as if it were always there; the other branch is none.
    parts = [part["Fn::If"][1] if "Fn::If" in part else part for part in written]
    assert all(part["Fn::If"][2] == {"Ref": "AWS::NoValue"} for part in written if "Fn::If" in part)
    return [part for part in parts if part["Effect"] == "Allow"]


def granted(role: str) -> dict[str, set[str]]:
    """Return what `role` may do, by the logical id or the `!Sub` text of what it may do it to."""
    rights: dict[str, set[str]] = {}
    for policy in ROLES[role]["Policies"]:
        for statement in statements(policy):
            for resource in listed(statement["Resource"]):
                name = resource["Fn::Sub"] if "Fn::Sub" in resource else referred(resource)
                rights.setdefault(name, set()).update(listed(statement["Action"]))
    return rights
