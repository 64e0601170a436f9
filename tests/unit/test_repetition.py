"""The N+1 pattern: where it is seen, and near misses."""

import pytest

from app.core.repetition import repeated, shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT * FROM t WHERE id = 1", "select *  from t\nwhere id = 22;"),
        ("SELECT 'a''b'", "SELECT 'c'"),
        ("GET user:1:name", "GET user:22:name"),
        ('db.t.findOne({_id: "x"})', "db.t.findOne({_id: 'y'})"),
        ("f('65f0c0ffee65f0c0ffeeabcd')", "f('x')"),
    ],
)
def test_values_are_left_out_of_a_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ([f"select * from t where id = {n}" for n in range(5)], 5),
        ([f"GET user:{n}" for n in range(30)] + ["PING"], 30),
        ([f"select {n}" for n in range(5)] + [f"select name from t where id = {n}" for n in range(7)], 7),
    ],
)
def test_it_is_seen(texts: list[str], count: int) -> None:
    found = repeated(texts)
    assert found
    assert found.message.startswith(f"{count} statements")


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [f"select * from t where id = {n}" for n in range(4)],
        ["select * from t where id = 1"] * 50,
        ["select now()"] * 50,
        [f"select * from t{n} where a = b" * 100 for n in range(50)],
        ["select a from t where x = 1", "select b from t where x = 1", "select c from t where x = 1", "select d from t where x = 2", "select e from t where x = 1"],
    ],
)  # fmt: skip
def test_near_misses(texts: list[str]) -> None:
    assert repeated(texts) is None
