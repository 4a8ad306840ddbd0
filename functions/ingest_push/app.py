"""A request to the push door -> its body in S3 -> reports of its records, on the report queue; or a mail, as SES's."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from bounces import settings
from bounces.aws import clients, http_api, push_door, push_tokens, telemetry
from bounces.aws.deadline import Deadline
from bounces.aws.http_api import Request
from bounces.aws.push_door import Answer
from bounces.aws.push_tokens import PushTokens
from bounces.records import Source
from bounces.settings import PushSettings

# Shippers wait 10 s, the way to the door and back included, and then send the same again.
ANSWER_SECONDS: Final = 8

app: Final = APIGatewayHttpResolver()
app.exception_handler(Exception)(http_api.refusal)


@cache
def _settings() -> PushSettings:
    clients.hurry()  # somebody waits
    return settings.read(PushSettings)


@cache
def _tokens() -> PushTokens:
    return PushTokens(partial(push_tokens.fetch, _settings().push_secret))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the request in `event`: with 200 only when all that it brings is safe."""
    try:
        return app.resolve(event, context)
    finally:
        telemetry.flush()


@app.post("/v1/push/powermta")
def _powermta() -> Response[str]:
    return _taken(partial(push_door.take_records, Source.POWERMTA))


@app.post("/v1/push/kumomta")
def _kumomta() -> Response[str]:
    return _taken(partial(push_door.take_records, Source.KUMOMTA))


@app.post("/v1/push/mail")
def _mail() -> Response[str]:
    return _taken(push_door.take_mail)


def _taken(take: Callable[[Request, PushSettings, Deadline], Answer]) -> Response[str]:
    """Return the answer once the sender is known and `take` has taken what the request brings."""
    deadline = Deadline(ANSWER_SECONDS)
    deadline.run(partial(_tokens().check, app.current_event.headers.get("authorization")))
    return http_api.answer(200, take(Request.of(app.current_event), _settings(), deadline))
