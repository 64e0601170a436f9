"""Botocore's errors as visitors see them."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from app.core.errors import EngineUnavailable, StatementFailed, StatementStopped
from app.engines.dynamodb.errors import translated


def client_error(code: str, message: str, status: int) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Scan")  # type: ignore[arg-type]


def test_dynamodbs_own_words_are_kept() -> None:
    with pytest.raises(StatementFailed) as caught, translated(1_000):
        raise client_error("ValidationException", "The table does not have the specified index: x", 400)
    assert caught.value.code == "ValidationException"
    assert caught.value.message == "The table does not have the specified index: x"


@pytest.mark.parametrize(("code", "status"), [("500", 500), ("InternalError", 502), ("", 400), ("404", 404)])
def test_the_emulators_html_is_never_shown(code: str, status: int) -> None:
    with pytest.raises(StatementFailed) as caught, translated(1_000):
        raise client_error(code, "<html><body>Traceback (most recent call last)</body></html>", status)
    assert "<" not in caught.value.message
    assert caught.value.code == "InternalServerError"


def test_a_server_that_is_gone_is_unavailable_and_a_slow_one_stops_at_the_limit() -> None:
    with pytest.raises(EngineUnavailable), translated(1_000):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(StatementStopped) as caught, translated(1_000):
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1:1")
    assert caught.value.limit == ("max_run_ms", 1_000)
