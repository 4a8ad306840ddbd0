"""The counter of units where moto alone can be asked: dynalite knows neither transactions nor PartiQL."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack import units
from tests.stack.things import GROW, KEY, TABLE, thing, things


@pytest.fixture
def moto() -> Iterator[Any]:
    with things(None) as client:
        yield client


def test_a_transaction_costs_twice(moto: Any) -> None:
    """By the guide's "Amazon DynamoDB Transactions", capacity management."""
    moto.put_item(TableName=TABLE, Item=thing(3000))
    moto.put_item(TableName=TABLE, Item=thing(5000, s="2"))
    other = {"TableName": TABLE, "Key": {**KEY, "s": {"S": "2"}}}
    writes = [
        {"Put": {"TableName": TABLE, "Item": thing(2000, kind={"S": "x"})}},
        {"Update": {**other, **GROW}},
        {"Delete": {"TableName": TABLE, "Key": {**KEY, "s": {"S": "none"}}}},
    ]
    with units.counted() as used:
        moto.transact_write_items(TransactItems=writes)
    assert used.by_operation == {"TransactWriteItems": 2 * (3 + 1 + 6 + 1)}
    assert used.by_index == {f"{TABLE}/by-kind": 2}
    check = {"ConditionCheck": {**other, "ConditionExpression": "attribute_not_exists(p)"}}
    with units.counted() as used, pytest.raises(ClientError, match="TransactionCanceled"):
        moto.transact_write_items(TransactItems=[check, {"Put": {"TableName": TABLE, "Item": thing(30)}}])
    assert used.by_operation == {"TransactWriteItems": 2 * (6 + 2)}
    with units.counted() as used:
        moto.transact_get_items(TransactItems=[{"Get": other}, {"Get": {"TableName": TABLE, "Key": KEY}}])
    assert used.by_operation == {"TransactGetItems": 2 * (2 + 1)}


def test_partiql_is_refused_rather_than_left_out(moto: Any) -> None:
    with units.counted(), pytest.raises(NotImplementedError, match="PartiQL"):
        moto.execute_statement(Statement=f'SELECT * FROM "{TABLE}"')
