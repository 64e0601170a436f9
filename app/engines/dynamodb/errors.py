"""Botocore's errors become ours here, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from app.core.errors import EngineUnavailable, StatementFailed, StatementStopped

MAX_MESSAGE_CHARS = 500
_HINTS = {
    "ConditionalCheckFailedException": "The item was not as the condition asks, so nothing was written.",
    "ResourceInUseException": "A table of this name exists already: use another name, or DeleteTable first.",
    "DuplicateItemException": "INSERT never replaces an item. Use UPDATE, or PutItem, which does.",
}


@contextmanager
def translated(max_run_ms: int) -> Iterator[None]:
    """Turn what botocore raises into StatementFailed, StatementStopped or EngineUnavailable."""
    try:
        yield
    except boto.ClientError as exc:
        raise _failed(exc) from exc
    except boto.ReadTimeoutError as exc:
        raise StatementStopped.by_time(max_run_ms) from exc
    except (boto.HTTPClientError, boto.ConnectionError, ResponseParserError, OSError) as exc:
        raise unavailable() from exc
    except boto.BotoCoreError as exc:
        raise StatementFailed(str(exc), code="ValidationException") from exc


def unavailable() -> EngineUnavailable:
    return EngineUnavailable(
        "DynamoDB does not answer right now.", hint="It is being started again; run once more in a few seconds."
    )


def _failed(error: boto.ClientError) -> StatementFailed:
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", "") or response.get("message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if status >= 500 or not code or code.isdigit() or "<" in message[:20]:
        return StatementFailed(
            "The DynamoDB emulator failed on this call and gave no reason.",
            code="InternalServerError",
            hint="The call is one it cannot handle; try it in another form.",
        )
    if len(message) > MAX_MESSAGE_CHARS:
        message = f"{message[:MAX_MESSAGE_CHARS]}..."
    return StatementFailed(message or code, code=code, hint=_HINTS.get(code), detail=_reasons(response))


def _reasons(response: dict[str, Any]) -> str | None:
    """Why a transaction was cancelled, item by item."""
    reasons = response.get("CancellationReasons")
    if not reasons:
        return None
    lines = []
    for number, reason in enumerate(reasons, 1):
        code = reason.get("Code", "None")
        told = f": {reason['Message']}" if reason.get("Message") else ""
        lines.append(f"{number}. {'ok' if code == 'None' else code}{told}")
    return "\n".join(lines)
