"""botocore and moto, without what would be most of the tests' time and is not what they test.

moto finds out anew at each call what methods a class has and by which names an answer's parts may go, looks through a
whole table for one key, finds out all about a queue to see whether a message of it is days old, and draws 52 random
letters for an answer's id; botocore signs each request and says what it is at length. A call of DynamoDB or SQS, which
are most, goes to the method of moto's that answers it, with no way there.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any, Final
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from botocore.loaders import JSONFileLoader
from botocore.useragent import UserAgentString
from moto.core import DEFAULT_ACCOUNT_ID, responses
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.sqs import models
from moto.sqs.models import SQSBackend
from moto.sqs.responses import SQSResponse


@contextmanager
def quick() -> Iterator[None]:
    """Have moto, and the clients of this process, do no more than they must meanwhile."""
    names, words = cache(responses.method_names_from_class), cache(responses.camelcase_to_underscores)
    keys = XFormedAttributePicker.get_possible_keys
    with (
        mock.patch.object(responses, "method_names_from_class", names),
        mock.patch.object(responses, "camelcase_to_underscores", words),
        mock.patch.object(models, "camelcase_to_underscores", words),
        mock.patch.object(SQSBackend, "is_message_valid_based_on_retention_period", lambda *_: True),
        mock.patch.object(XFormedAttributePicker, "get_possible_keys", _found_once(keys)),
        mock.patch.object(Table, "query", _query_of_one_key(Table.query)),
        mock.patch.object(BotocoreStubber, "process_request", _answered_at_once(BotocoreStubber.process_request)),
        mock.patch.object(responses, "gen_amzn_requestid_long", _request_id),
        mock.patch.object(SigV4Auth, "add_auth", _sign),
        mock.patch.object(JSONFileLoader, "load_file", _load_file_once),
        mock.patch.object(UserAgentString, "to_string", lambda _: "test"),
    ):
        yield


def quick_clients() -> None:
    """Have the clients of this process do no more than they must, from now on."""
    SigV4Auth.add_auth = _sign
    JSONFileLoader.load_file = _load_file_once
    URLLib3Session.send = _sent_at_once
    UserAgentString.to_string = lambda _: "test"
    collect_seldom()


def collect_seldom() -> None:
    """Have the garbage collector look less often through what stays: moto's items are many."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _request_id(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = "0" * 52
    return "0" * 52


_load_file: Final = cache(JSONFileLoader().load_file)


def _load_file_once(_: JSONFileLoader, path: str) -> Any:
    """Return what botocore's file `path` says of a service: each session reads it again, for a second together."""
    return _load_file(path)


_urllib3_send: Final = URLLib3Session.send
_connections: Final = threading.local()


def _sent_at_once(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
    """Send a request of DynamoDB or SQS and return the answer, which the door beside it says the length of.

    By urllib3, which reads an answer's headers as those of a mail, it takes longer than the door takes to answer.
    """
    if "X-Amz-Target" not in request.headers:
        return _urllib3_send(session, request)
    url = urlsplit(request.url)
    headers = "".join(f"{name}: {_text(value)}\r\n" for name, value in request.headers.items())
    head = f"{request.method} {url.path or '/'} HTTP/1.1\r\nHost: {url.netloc}\r\n{headers}\r\n"
    try:
        if getattr(_connections, "to", None) != url.netloc:
            _connections.socket = socket.create_connection((url.hostname, url.port))
            _connections.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connections.answers = _connections.socket.makefile("rb")
            _connections.to = url.netloc
        _connections.socket.sendall(head.encode("latin-1") + request.body)
        return _answered(request.url, _connections.answers)
    except OSError as error:
        _connections.to = None
        raise ConnectionClosedError(endpoint_url=request.url, error=error) from error


def _answered(url: str, answers: io.BufferedReader) -> AWSResponse:
    status = answers.readline()
    if not status:
        raise ConnectionResetError("no answer")
    headers = {}
    while (line := answers.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name] = value.strip()
    body = answers.read(int(headers["Content-Length"]))
    return AWSResponse(url, int(status.split()[1]), headers, MockRawResponse(body))


_add_auth: Final = SigV4Auth.add_auth


def _sign(signer: SigV4Auth, request: Any) -> None:
    """Say in `request` for which service it is, with a signature that nobody looks at; S3's says how a body is sent."""
    if signer._service_name == "s3":
        _add_auth(signer, request)
        return
    scope = f"20261124/{signer._region_name}/{signer._service_name}/aws4_request"
    del request.headers["Authorization"]
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=0"


def _found_once(possible_keys: Any) -> Any:
    """Return `possible_keys`, by which moto looks for the parts of an answer, finding each kind of part's once."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def found_once(picker: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
        place = (type(context.obj), context.key, context.shape)
        if place not in known:
            known[place] = tuple(possible_keys(picker, context))
        return known[place]

    return found_once


def _query_of_one_key(query: Any) -> Any:
    def query_of_one_key(table: Table, hash_key: Any, *arguments: Any, **named: Any) -> Any:
        index_name = named.get("index_name", arguments[6] if len(arguments) > 6 else None)
        if index_name is not None:
            return query(table, hash_key, *arguments, **named)
        whole = table.items
        table.items = {hash_key: whole[hash_key]} if hash_key in whole else {}
        try:
            return query(table, hash_key, *arguments, **named)
        finally:
            table.items = whole

    return query_of_one_key


def _answered_at_once(process_request: Any) -> Any:
    """Return `process_request` with a shorter way for what DynamoDB and SQS carry out.

    What they refuse changes nothing and is asked the whole way, which words the refusal; bytes too, which moto holds in
    another form than requests have them.
    """

    def answered_at_once(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        action = _text(request.headers.get("X-Amz-Target", ""))
        if action not in _ACTIONS or ".amazonaws.com/" not in request.url or b'"B": ' in request.body:
            return process_request(stubber, request)
        with _one_at_a_time if action.startswith("DynamoDB") else nullcontext():
            try:
                result = _result(action, request)
            except Exception:  # noqa: BLE001 - whatever it is, moto says it
                return process_request(stubber, request)
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(result, default=_in_base64).encode()

    return answered_at_once


_one_at_a_time: Final = threading.Lock()
"""DynamoDB looks at a condition and writes in one step, moto in two, between which it would carry out another call."""


_HANDLERS: Final = {"DynamoDB_20120810": DynamoHandler, "AmazonSQS": SQSResponse}
_ACTIONS: Final = frozenset(
    {f"DynamoDB_20120810.{what}Item" for what in ("Get", "Put", "Update", "Delete", "BatchGet", "BatchWrite")}
    | {f"DynamoDB_20120810.{what}" for what in ("Query", "Scan", "TransactWriteItems", "TransactGetItems")}
    | {f"AmazonSQS.{what}Message{batch}" for what in ("Send", "Delete") for batch in ("", "Batch")}
    | {"AmazonSQS.ReceiveMessage", "AmazonSQS.ChangeMessageVisibility"}
)


def _result(action: str, request: AWSPreparedRequest) -> Any:
    service, _, name = action.partition(".")
    handler: Any = _HANDLERS[service]()
    handler.body = handler.params = json.loads(request.body)
    handler.uri_match = {}
    handler.current_account = DEFAULT_ACCOUNT_ID
    handler.region = _text(request.headers["Authorization"]).split("/")[2]
    return getattr(handler, _method(name))().result


_method: Final = cache(camelcase_to_underscores)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
