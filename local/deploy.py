"""Deploys template.yaml into moto: what its CloudFormation makes by CloudFormation, the rest by API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3

from local import made_by_api
from local.schedule import Schedule
from local.template import NOT_MADE, PUMPED, SCHEDULE, Expanded, TemplateError, expand, output_name

ROOT: Final = Path(__file__).resolve().parent.parent
TEMPLATE: Final = ROOT / "template.yaml"
STACK: Final = "bounces"


@dataclass(frozen=True, slots=True)
class EventSource:
    """An event source mapping as the template has it: from which queue, to which function, how."""

    queue_arn: str
    function_name: str
    batch_size: int = 10
    window: float = 0.0  # seconds
    partial_failures: bool = False


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a stack came to: physical ids by logical id, outputs, event sources, the functions' folders, schedules."""

    resources: Mapping[str, str]
    outputs: Mapping[str, str]
    event_sources: tuple[EventSource, ...]
    folders: Mapping[str, Path] = field(default_factory=dict)
    schedules: tuple[Schedule, ...] = ()


def deploy(template: Path = TEMPLATE, stack: str = STACK, parameters: Mapping[str, str] | None = None) -> Deployed:
    """Deploy `template` as `stack` to the AWS that the environment leads to, and return what it came to.

    Raises `TemplateError` where a resource can be made neither by moto's CloudFormation nor by API.
    """
    given = dict(parameters or {})
    expanded = expand(template, given)
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=expanded.body(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {part["OutputKey"]: part["OutputValue"] for part in described.get("Outputs", [])}
    parts = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    resources = {part.get("LogicalResourceId", ""): part.get("PhysicalResourceId", "") for part in parts}
    properties = _taken_out(expanded, outputs)
    _require_all_made(expanded, resources)
    resources.update(made_by_api.make_all(stack, expanded.taken_out, properties, expanded.made_before))
    resources.update(expanded.made_before)
    sources = tuple(_event_source(properties[n]) for n, kind in expanded.taken_out.items() if kind == PUMPED)
    schedules = tuple(
        Schedule.of(resources[name], its) for name, its in properties.items() if expanded.taken_out[name] == SCHEDULE
    )
    return Deployed(resources, outputs, sources, expanded.folders, schedules)


def _taken_out(expanded: Expanded, outputs: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return, and take out of `outputs`, the resolved properties of what was taken out and whose condition is true."""
    resolved: dict[str, dict[str, Any]] = {}
    for logical_id in expanded.taken_out:
        text = outputs.pop(output_name(logical_id))
        if text != NOT_MADE:
            resolved[logical_id] = json.loads(text)
    return resolved


def _require_all_made(expanded: Expanded, resources: Mapping[str, str]) -> None:
    for logical_id, part in expanded.template["Resources"].items():
        if not resources.get(logical_id) and "Condition" not in part:
            raise TemplateError(
                f"{logical_id}: moto's CloudFormation did not make this {part['Type']}; "
                "add a way to make it by API to local/made_by_api.py"
            )


def _event_source(properties: dict[str, Any]) -> EventSource:
    known = {
        "BatchSize", "Enabled", "EventSourceArn", "FunctionName", "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds", "ScalingConfig", "Tags",
    }  # fmt: skip
    if properties.keys() - known:
        raise TemplateError(f"the pump does not know the event source mapping's {sorted(properties.keys() - known)}")
    return EventSource(
        queue_arn=properties["EventSourceArn"],
        function_name=properties["FunctionName"],
        batch_size=int(properties.get("BatchSize", 10)),
        window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
        partial_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
    )
