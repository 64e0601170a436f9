"""Stream records: read page by page within the limits of a run, or watched as they arrive."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

from app.core.errors import StatementFailed, StatementStopped
from app.core.limits import Limits
from app.core.results import Message, More, Result, Statement, Stats, Truncated
from app.engines.dynamodb.calls import Halt
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import plain_map

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

RECORDS_PER_PAGE = 25
"""A record may carry two images of 400 kB."""
POLL_S = 0.25
SHARDS_ANEW_S = 10.0
MAX_SHARDS = 20
MAX_TEXT_CHARS = 2_000
_IMAGES = ("Keys", "NewImage", "OldImage")
_STARTS = ("LATEST", "TRIM_HORIZON")


async def read_records(send: Send, statement: Statement, call: Call, limits: Limits) -> Result:
    """GetRecords: as many records as were asked for and fit, and how they go on."""
    left = call.parameters.get("Limit", 1_000)
    iterator: str | None = call.parameters["ShardIterator"]
    records: list[dict[str, Any]] = []
    size = 0
    truncated = None
    while iterator and left > 0 and truncated is None:
        asked = {"ShardIterator": iterator, "Limit": min(left, RECORDS_PER_PAGE)}
        answer = await send("GetRecords", asked)
        page = answer.get("Records", [])
        more = sum(len(json.dumps(record)) for record in page)
        if records and (size + more > limits.max_reply_bytes or len(records) + len(page) > limits.max_rows):
            truncated = _cut(size + more > limits.max_reply_bytes, limits, len(records))
            break
        records += page
        size, left, iterator = size + more, left - len(page), answer.get("NextShardIterator")
        if len(page) < asked["Limit"]:
            break
    result = Result(
        kind="documents",
        statement=statement,
        documents=records,
        plain=[_plain(record) for record in records],
        status=f"GetRecords: {len(records):,} record{'' if len(records) == 1 else 's'}",
        truncated=truncated,
        reply_bytes=size,
    )
    if iterator:
        result.more = More("Next records", f"GetRecords {json.dumps({'ShardIterator': iterator})}")
    return result


def _cut(by_bytes: bool, limits: Limits, shown: int) -> Truncated:
    if by_bytes:
        return Truncated(
            "max_reply_bytes",
            limits.max_reply_bytes,
            shown,
            f"Cut at the reply limit of {limits.max_reply_bytes} bytes; there are more records.",
        )
    return Truncated("max_rows", limits.max_rows, shown, f"The first {shown} records are shown; there are more.")


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record with its images as plain values."""
    change = record.get("dynamodb", {})
    images = {name: plain_map(change[name]) for name in _IMAGES if name in change}
    return {"eventName": record.get("eventName"), **images, "SequenceNumber": change.get("SequenceNumber")}


def check_watch(call: Call) -> tuple[str, str]:
    """The table to watch and where to begin. Raises StatementFailed."""
    for name in call.parameters:
        if name not in ("TableName", "From"):
            raise StatementFailed(
                f"Unknown parameter: {name}.",
                code="ValidationException",
                hint="Watch takes TableName, and From: LATEST or TRIM_HORIZON.",
                offset=call.offset((name,)),
            )
    table, start = call.parameters.get("TableName"), call.parameters.get("From", "LATEST")
    if not isinstance(table, str):
        raise StatementFailed("Watch needs a TableName.", code="ValidationException", offset=call.start)
    if start not in _STARTS:
        raise StatementFailed(
            f"From is one of {', '.join(_STARTS)}.", code="ValidationException", offset=call.offset(("From",))
        )
    return table, start


class Watch:
    """Follows the stream of a table until it is stopped or its time is up."""

    def __init__(
        self,
        send: Send,
        halt: Halt,
        table: dict[str, Any],
        start: str,
        call: Call,
        next_write: Callable[[], asyncio.Event],
    ) -> None:
        self._send = send
        self._next_write = next_write
        self._halt = halt
        self._table = str(table["TableName"])
        self._start = start
        self._iterators: dict[str, str | None] = {}
        self._looked = 0.0
        self._records = 0
        spec = table.get("StreamSpecification", {})
        if not spec.get("StreamEnabled"):
            raise StatementFailed(
                f"{self._table} has no stream.",
                code="ValidationException",
                hint=f'UpdateTable {{ TableName: "{self._table}", StreamSpecification: '
                '{ StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } }',
                offset=call.offset(("TableName",)),
            )
        self._arn = str(table["LatestStreamArn"])

    async def events(self, statement: Statement, limits: Limits) -> AsyncIterator[Message | Result]:
        began = monotonic()
        truncated = None
        try:
            async for record in self._follow():
                yield Message(self._table, told(record), (monotonic() - began) * 1000)
                if self._records >= limits.max_messages:
                    why = f"The first {limits.max_messages} records are shown."
                    truncated = Truncated("max_messages", limits.max_messages, self._records, why)
                    break
        except StatementStopped as exc:
            if exc.limit:
                why = f"Watching ended after {limits.max_stream_ms / 1000:g} s."
                truncated = Truncated("max_stream_ms", limits.max_stream_ms, self._records, why)
        yield Result(
            kind="status",
            statement=statement,
            status=f"Watch: {self._records:,} record{'' if self._records == 1 else 's'} of {self._table}",
            truncated=truncated,
            stats=Stats(total_ms=(monotonic() - began) * 1000, row_count=self._records),
        )

    async def _follow(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            write = self._next_write()
            if monotonic() - self._looked > SHARDS_ANEW_S:
                await self._look_for_shards()
            got = 0
            for shard, iterator in list(self._iterators.items()):
                if iterator is None:
                    continue
                answer = await self._send("GetRecords", {"ShardIterator": iterator, "Limit": RECORDS_PER_PAGE})
                self._iterators[shard] = answer.get("NextShardIterator")
                for record in answer.get("Records", ()):
                    got += 1
                    self._records += 1
                    yield record
            if not got:
                await self._wait_for(write)
            self._halt.check()

    async def _wait_for(self, write: asyncio.Event) -> None:
        """Until something is written in this sandbox. What others write, and what expires, is seen a little later."""
        waits = asyncio.ensure_future(write.wait())
        either: set[asyncio.Future[Any]] = {self._halt.stopped, waits}
        try:
            timeout = min(POLL_S, self._halt.left_s)
            await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits.cancel()

    async def _look_for_shards(self) -> None:
        """Shards that were not there before are read from their beginning, the first ones from where the visitor asked."""
        start = "TRIM_HORIZON" if self._looked else self._start
        described = (await self._send("DescribeStream", {"StreamArn": self._arn}))["StreamDescription"]
        for shard in described.get("Shards", ())[-MAX_SHARDS:]:
            name = shard["ShardId"]
            if name not in self._iterators:
                asked = {"StreamArn": self._arn, "ShardId": name, "ShardIteratorType": start}
                self._iterators[name] = (await self._send("GetShardIterator", asked))["ShardIterator"]
        self._looked = monotonic()


def told(record: dict[str, Any]) -> str:
    """`MODIFY {"pk": "a"}: {"n": 1} → {"n": 2}`: what changed, in one line."""
    shown = _plain(record)
    images = [shown[name] for name in ("OldImage", "NewImage") if name in shown]
    keys = shown.get("Keys", {})
    rest = [{name: value for name, value in image.items() if name not in keys} for image in images]
    text = f"{shown['eventName']} {_json(keys)}"
    return text + (f": {' → '.join(_json(one) for one in rest)}" if rest else "")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_TEXT_CHARS else f"{text[:MAX_TEXT_CHARS]}..."
