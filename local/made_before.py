"""Makes what must be there before the stack: moto's CloudFormation makes it not, or cannot tell a `!Ref` of it.

Its properties refer to nothing else of the template, or to what only `made_by_api` needs once the stack is there.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3

from local import packaging

LAYER: Final = "AWS::Lambda::LayerVersion"
SECRET: Final = "AWS::SecretsManager::Secret"
HTTP_API: Final = "AWS::ApiGatewayV2::Api"

Properties = dict[str, Any]


def make_all(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Make each of `resources` that is of a type above; return what a `!Ref` of it stands for, by logical id."""
    return {
        name: _MAKERS[part["Type"]](part.get("Properties", {}), name)
        for name, part in resources.items()
        if part["Type"] in _MAKERS
    }


def _layer(properties: Properties, _name: str) -> str:
    return packaging.publish_layer(properties)


def _secret(properties: Properties, name: str) -> str:
    """Make a secret whose text is generated, as CloudFormation does: one key of a JSON object."""
    its = properties["GenerateSecretString"]
    secrets = boto3.client("secretsmanager")
    generated = secrets.get_random_password(
        PasswordLength=its.get("PasswordLength", 32), ExcludePunctuation=its.get("ExcludePunctuation", False)
    )["RandomPassword"]
    text = json.dumps({**json.loads(its["SecretStringTemplate"]), its["GenerateStringKey"]: generated})
    made = secrets.create_secret(Name=name, Description=properties.get("Description", ""), SecretString=text)
    return str(made["ARN"])


def _http_api(_properties: Properties, name: str) -> str:
    """Make an API without routes: those name functions, and come when the functions are there."""
    return str(boto3.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP")["ApiId"])


_MAKERS: Final[dict[str, Callable[[Properties, str], str]]] = {LAYER: _layer, SECRET: _secret, HTTP_API: _http_api}
