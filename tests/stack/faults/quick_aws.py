"""botocore and moto, without what would be most of the fault test's time and is not what it tests.

moto finds out anew at each call what methods a class has and by which names an answer's parts may go, looks through a
whole table for one key, and draws 52 random letters for an answer's id; botocore signs each request and says what it is
at length.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.useragent import UserAgentString
from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.dynamodb.models.table import Table
from moto.sqs import models


@contextmanager
def quick() -> Iterator[None]:
    """Have moto, and the clients of this process, do no more than they must meanwhile."""
    names, words = cache(responses.method_names_from_class), cache(responses.camelcase_to_underscores)
    keys = XFormedAttributePicker.get_possible_keys
    with (
        mock.patch.object(responses, "method_names_from_class", names),
        mock.patch.object(responses, "camelcase_to_underscores", words),
        mock.patch.object(models, "camelcase_to_underscores", words),
        mock.patch.object(XFormedAttributePicker, "get_possible_keys", _found_once(keys)),
        mock.patch.object(Table, "query", _query_of_one_key(Table.query)),
        mock.patch.object(responses, "gen_amzn_requestid_long", _request_id),
        mock.patch.object(SigV4Auth, "add_auth", _sign),
        mock.patch.object(UserAgentString, "to_string", lambda _: "test"),
    ):
        yield


def quick_clients() -> None:
    """Have the clients of this process do no more than they must, from now on."""
    SigV4Auth.add_auth = _sign
    UserAgentString.to_string = lambda _: "test"
    collect_seldom()


def collect_seldom() -> None:
    """Have the garbage collector look less often through what stays: moto's items are many."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _request_id(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = "0" * 52
    return "0" * 52


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
