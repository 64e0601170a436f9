"""Documented complexities with real sizes put in."""

import pytest

from app.engines.redis.complexity import Sizes, bind

SIZES = Sizes(lengths=(1_000, 200), key_count=50_000, asked=3, returned=10)


@pytest.mark.parametrize(
    ("complexity", "text"),
    [
        ("O(1)", "O(1)"),
        ("O(N) where N is the size of the hash.", "O(N) with N = 1,000: about 1,000 steps"),
        ("O(N) where N is the set cardinality.", "O(N) with N = 1,000: about 1,000 steps"),
        ("O(N) with N being the number of keys in the database, under the assumption that the key names are short.", "O(N) with N = 50,000: about 50,000 steps"),
        ("O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.", "O(log(N)+M) with N = 1,000, M = 10: about 20 steps"),
        ("O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.", "O(log(N)*M) with N = 1,000, M = 10: about 100 steps"),
        ("O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.", "O(M*log(N)) with M = 3, N = 1,000: about 30 steps"),
        ("O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.", "O(N*M) with N = 200, M = 2: about 400 steps"),
        ("O(N) where N is the total number of elements in all given sets.", "O(N) with N = 1,200: about 1,200 steps"),
        ("O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.", "O(N) + O(M*log(M)) with N = 1,200, M = 10: about 1,233 steps"),
        ("O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.", "O(N*K) + O(M*log(M)) with N = 200, K = 2, M = 10: about 433 steps"),
        ("O(N) where N is the number of fields being requested.", "O(N) with N = 3: about 3 steps"),
        ("O(N) where N is the number of specified fields", "O(N) with N = 3: about 3 steps"),
        ("O(log(N))", "O(log(N)) with N = 1,000: about 10 steps"),
        ("O(log(N)) where N is the number of elements.", "O(log(N)) with N = 1,000: about 10 steps"),
        ("O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "O(1) for each with N = 3: about 3 steps"),
        ("O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.", "O(S+N) with N = 10: at least 10 steps"),
        ("O(N+M) where N is the length of the list and M is the number of elements removed.", "O(N+M) with N = 1,000: at least 1,000 steps"),
    ],
)  # fmt: skip
def test_sizes_are_put_in(complexity: str, text: str) -> None:
    bound = bind(complexity, SIZES)
    assert bound is not None
    assert bound.text == text


@pytest.mark.parametrize("complexity", ["", "N/A", "Depends on the script that is executed.", "Depends on subcommand."])
def test_no_formula(complexity: str) -> None:
    assert bind(complexity, SIZES) is None


def test_nothing_is_made_up_where_there_is_no_key() -> None:
    bound = bind("O(N) where N is the size of the hash.", Sizes((), 5, 1, 0))
    assert bound is not None
    assert (bound.text, bound.steps) == ("O(N)", None)
