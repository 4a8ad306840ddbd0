"""The deployed HTTP API, as API Gateway reads it: its routes, and the function behind each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from local.template import TemplateError

PAYLOAD = "2.0"


@dataclass(frozen=True, slots=True)
class Route:
    """One route: `POST /path`, the ARN of its function, and the seconds that it may take."""

    key: str
    function_arn: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HttpApi:
    """An HTTP API and its routes, by their keys."""

    api_id: str
    routes: Mapping[str, Route]

    @classmethod
    def of(cls, api_id: str) -> "HttpApi":
        """Return the API `api_id`. Raises `TemplateError` where it has what the door does not do."""
        gateway = boto3.client("apigatewayv2")
        integrations = {its["IntegrationId"]: its for its in gateway.get_integrations(ApiId=api_id)["Items"]}
        routes = {}
        for told in gateway.get_routes(ApiId=api_id)["Items"]:
            integration = integrations[told["Target"].rpartition("/")[2]]
            routes[told["RouteKey"]] = _route(told["RouteKey"], integration)
        return cls(api_id, routes)

    def route(self, method: str, path: str) -> Route | None:
        """Return the route of a request; None where there is none."""
        return self.routes.get(f"{method} {path}")


def _route(key: str, integration: Any) -> Route:
    if "{" in key or "$default" in key:
        raise TemplateError(f"the door knows no route with a variable, this is {key}")
    if integration["IntegrationType"] != "aws_proxy" or integration.get("PayloadFormatVersion") != PAYLOAD:
        raise TemplateError(f"the door hands requests to functions, in format {PAYLOAD}; {key} has {integration}")
    uri = integration["IntegrationUri"]
    arn = uri.partition("/functions/")[2].removesuffix("/invocations")
    return Route(key, arn, integration["TimeoutInMillis"] / 1000)
