"""template.yaml as written, and as samtranslator expands it into CloudFormation's own resources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT: Final = Path(__file__).resolve().parents[2]

Properties = dict[str, Any]


def written() -> dict[str, Any]:
    """Return template.yaml as it is written, with its intrinsic functions in their long form."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return template


def expanded() -> dict[str, Any]:
    """Return the template that CloudFormation gets to see."""
    template = written()
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][name] = "s3://bucket/key"
    session = boto3.Session(region_name="eu-west-1")
    result: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})
    return result


WRITTEN: Final = written()
EXPANDED: Final = expanded()
RESOURCES: Final[dict[str, dict[str, Any]]] = EXPANDED["Resources"]


def of_type(kind: str) -> dict[str, Properties]:
    """Return the properties of every resource of the type `kind`, by logical id."""
    return {name: part.get("Properties", {}) for name, part in RESOURCES.items() if part["Type"] == kind}


def walk(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key of `part` of a template with its value, at any depth."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield name, value
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)


def listed(value: Any) -> list[Any]:
    """Return `value` as a list, as IAM reads one thing where it takes several."""
    return value if isinstance(value, list) else [value]


def referred(value: Any) -> str:
    """Return the logical id that `value` refers to, by `!Ref` or `!GetAtt`."""
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])
