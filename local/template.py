"""template.yaml, made ready for moto: expanded by samtranslator, less what moto must not see or does not make.

What is taken out is not lost: its properties go back in as outputs, so that moto resolves every `!Ref`, `!GetAtt`,
`!Sub` and `!If` in them, by the same rules as in the rest of the template.
"""

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from local import made_before, packaging
from local.made_before import HTTP_API, LAYER, SECRET

PUMPED: Final = "AWS::Lambda::EventSourceMapping"  # moto else hands each message to its own Lambda as it is sent
PERMISSION: Final = "AWS::Lambda::Permission"
STAGE: Final = "AWS::ApiGatewayV2::Stage"
RULE_SET: Final = "AWS::SES::ReceiptRuleSet"
RULE: Final = "AWS::SES::ReceiptRule"
SCHEDULE: Final = "AWS::Scheduler::Schedule"
INVOKE_CONFIG: Final = "AWS::Lambda::EventInvokeConfig"
MADE_BY_API: Final = (
    RULE_SET,
    RULE,
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
    "AWS::CloudWatch::Alarm",
    HTTP_API,  # made before the stack; its routes after it
    STAGE,
    PERMISSION,
    SCHEDULE,
    INVOKE_CONFIG,
)
NOT_MADE: Final = "not made"  # the output of a resource whose condition is false
_CODE: Final = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}

Resource = dict[str, Any]


class TemplateError(Exception):
    """A template that the local stack cannot be made from."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A template for moto, and the names of the outputs that hold what was taken out of it, by logical id."""

    template: dict[str, Any]
    taken_out: Mapping[str, str]  # logical id -> resource type
    made_before: Mapping[str, str]  # logical id -> physical id: made before the stack, since that needs it
    folders: Mapping[str, Path]  # logical id of a function or layer -> its code

    def body(self) -> str:
        """Return the template as CloudFormation takes it."""
        return json.dumps(self.template)


def output_name(logical_id: str) -> str:
    """Return the output that holds the properties of the resource `logical_id`, which was taken out."""
    return f"TakenOut{logical_id}"


def expand(path: Path, parameters: Mapping[str, str]) -> Expanded:
    """Return the template at `path`, expanded with `parameters`, with its code uploaded and its layers published.

    Raises `TemplateError`.
    """
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # else it warns that it kept no statistics of itself
    source = yaml_parse(path.read_text("utf-8"))
    packaging.make_bucket()
    folders = dict(_upload_code(source, path.parent))
    template = transform(source, dict(parameters), _NoManagedPolicies())
    made = _make_before(template["Resources"])
    taken = _take_out(template)
    _resolve(template, taken, made)
    # samtranslator puts a hash behind a layer's logical id; the template's own reader looks for the name it wrote.
    named = {next((own for own in folders if name.startswith(own)), name): made_id for name, made_id in made.items()}
    return Expanded(template, {name: part["Type"] for name, part in taken.items()}, named, folders)


class _NoManagedPolicies:
    """samtranslator asks IAM for AWS's managed policies by name; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def _upload_code(source: dict[str, Any], root: Path) -> Iterator[tuple[str, Path]]:
    """Replace each local folder of code by its place in a bucket, as `sam package` does, and yield the folders."""
    for logical_id, resource in source["Resources"].items():
        name = _CODE.get(resource["Type"])
        if name is None:
            continue
        folder = root / resource["Properties"][name]
        if not folder.is_dir():
            raise TemplateError(f"{logical_id}'s {name} is {folder}, which is no folder")
        resource["Properties"][name] = packaging.upload(folder)
        yield logical_id, folder


def _make_before(resources: dict[str, Resource]) -> dict[str, str]:
    """Make what the stack needs; what is whole is thereby no resource of the template. Return the physical ids."""
    made = made_before.make_all(resources)
    for name in made:
        if resources[name]["Type"] in (LAYER, SECRET):
            del resources[name]
    return made


def _take_out(template: dict[str, Any]) -> dict[str, Resource]:
    """Move what moto must not see or does not make from the resources to the outputs, and return it."""
    resources: dict[str, Resource] = template["Resources"]
    taken = {name: part for name, part in resources.items() if part["Type"] in (PUMPED, *MADE_BY_API)}
    outputs = template.setdefault("Outputs", {})
    for name, part in taken.items():
        del resources[name]
        properties: Any = {"Fn::ToJsonString": part.get("Properties", {})}
        if "Condition" in part:  # not as the output's own condition, which moto does not judge
            properties = {"Fn::If": [part["Condition"], properties, NOT_MADE]}
        outputs[output_name(name)] = {"Value": properties}
    return taken


def _resolve(template: dict[str, Any], taken: Mapping[str, Resource], made: Mapping[str, str]) -> None:
    """Replace each reference to what is no longer in the template."""
    for part in template["Resources"].values():
        _drop_dependencies(part, taken.keys() | made.keys())
    stand_for = {**{name: _ref(name, part) for name, part in taken.items()}, **made}
    for section in ("Resources", "Outputs"):
        template[section] = _without_refs(template[section], stand_for)


def _drop_dependencies(resource: Resource, taken: Collection[str]) -> None:
    wanted = resource.pop("DependsOn", [])
    kept = [name for name in ([wanted] if isinstance(wanted, str) else wanted) if name not in taken]
    if kept:
        resource["DependsOn"] = kept


def _ref(logical_id: str, resource: Resource) -> Any:
    """Return what a `!Ref` of a resource that was taken out stands for: for SES's two, their names."""
    properties = resource.get("Properties", {})
    if resource["Type"] == RULE_SET:
        return properties.get("RuleSetName", {"Fn::Sub": f"${{AWS::StackName}}-{logical_id}"})
    if resource["Type"] == RULE:
        return properties["Rule"].get("Name", {"Fn::Sub": f"${{AWS::StackName}}-{logical_id}"})
    return logical_id


def _without_refs(part: Any, names: Mapping[str, Any]) -> Any:
    """Return `part` of a template with each reference to a resource of `names` replaced by what it stands for."""
    if isinstance(part, list):
        return [_without_refs(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("Ref") in names and len(part) == 1:
        return names[part["Ref"]]
    if "Fn::GetAtt" in part and part["Fn::GetAtt"][0] in names:
        raise TemplateError(f"nothing can tell {part['Fn::GetAtt']}: the local stack makes that resource by API")
    if isinstance(part.get("Fn::Sub"), str):
        text = part["Fn::Sub"]
        meant = {name: value for name, value in names.items() if f"${{{name}}}" in text}
        return {"Fn::Sub": [text, meant]} if meant else part
    return {name: _without_refs(value, names) for name, value in part.items()}
