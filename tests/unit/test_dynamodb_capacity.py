"""Capacity units by DynamoDB's rules, and the buckets of provisioned tables."""

from typing import Any

import pytest

from app.core.errors import StatementFailed
from app.engines.dynamodb.costs import capacity, prices, throttle
from app.engines.dynamodb.costs.throttle import BURST_S, Throttle

KB = 1_024


@pytest.mark.parametrize(
    ("size", "consistent", "transactional", "units"),
    [
        (0, False, False, 0.5),
        (1, True, False, 1),
        (4 * KB, False, False, 0.5),
        (4 * KB + 1, False, False, 1),
        (4 * KB + 1, True, False, 2),
        (8 * KB, True, True, 4),
        (400 * KB, False, False, 50),
    ],
)
def test_one_item_read(size: int, consistent: bool, transactional: bool, units: float) -> None:
    factor = capacity.read_factor(consistent=consistent, transactional=transactional)
    assert capacity.item_read(size, factor) == units


@pytest.mark.parametrize(
    ("size", "units", "pages"),
    [
        (0, 0.5, 1),
        (4 * KB, 0.5, 1),
        (5 * KB, 1, 1),
        (1_024 * KB, 128, 1),
        (1_024 * KB + 1, 128.5, 2),
        (2_048 * KB, 256, 2),
    ],
)
def test_a_page_is_rounded_once(size: int, units: float, pages: int) -> None:
    assert capacity.page_read(size, 0.5) == units
    assert capacity.pages(size) == pages


@pytest.mark.parametrize(("sizes", "units"), [((), 1), ((1,), 1), ((KB,), 1), ((KB + 1,), 2), ((10, 3 * KB), 3)])
def test_one_item_written(sizes: tuple[int, ...], units: float) -> None:
    assert capacity.item_write(*sizes) == units


def table(projection: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "TableName": "t",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_a",
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "Projection": projection or {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
        "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1},
        "BillingModeSummary": {"BillingMode": "PROVISIONED"},
    }


def item(**attributes: str) -> dict[str, Any]:
    return {"pk": {"S": "x"}, **{name: {"S": value} for name, value in attributes.items()}}


@pytest.mark.parametrize(
    ("projection", "old", "new", "units"),
    [
        ("ALL", None, item(b="1"), {}),
        ("ALL", None, item(a="1"), {"by_a": 1}),
        ("ALL", item(a="1"), None, {"by_a": 1}),
        ("ALL", item(a="1"), item(a="1"), {}),
        ("ALL", item(a="1", b="1"), item(a="1", b="2"), {"by_a": 1}),
        ("ALL", item(a="1"), item(a="2"), {"by_a": 2}),
        ("ALL", None, item(a="1", b="x" * 2 * KB), {"by_a": 3}),
        ("KEYS_ONLY", None, item(a="1", b="x" * 2 * KB), {"by_a": 1}),
        ("KEYS_ONLY", item(a="1", b="1"), item(a="1", b="2"), {}),
    ],
)
def test_what_an_index_costs(projection: str, old: Any, new: Any, units: dict[str, float]) -> None:
    assert capacity.index_writes(table({"ProjectionType": projection}), old, new) == units


def test_a_bucket_holds_its_burst_and_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(throttle, "monotonic", lambda: now)
    buckets = Throttle()
    for _ in range(2 * BURST_S):
        buckets.admit(table(), None, "Read", 0)
        buckets.charge(table(), None, "Read", 1)
    with pytest.raises(StatementFailed) as caught:
        buckets.admit(table(), None, "Read", 7)
    assert caught.value.code == "ProvisionedThroughputExceededException"
    assert "UpdateTable API" in caught.value.message
    assert "Sandtable's own" in (caught.value.hint or "")
    assert caught.value.offset == 7
    buckets.admit(table(), None, "Write", 0)
    buckets.admit(table(), "by_a", "Read", 0)
    now += 0.5
    buckets.admit(table(), None, "Read", 0)


def test_on_demand_is_never_throttled() -> None:
    buckets = Throttle()
    described = table() | {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}
    buckets.charge(described, None, "Read", 1e9)
    buckets.admit(described, None, "Read", 0)


def test_prices_are_those_of_a_million() -> None:
    assert prices.said(1, "WCU") == "0.62 USD" or prices.said(1, "WCU") == "0.63 USD"
    assert prices.said(0.5, "RCU") == "0.0625 USD"
    assert prices.said(128, "RCU") == "16.00 USD"
