"""Throttling of provisioned tables, ours: a token bucket per table and index, since the emulator never throttles."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from app.core.errors import StatementFailed

BURST_S = 10
"""How long unused units are saved. AWS saves up to 300 seconds of them; here throttling is to be seen within a few calls."""
Kind = Literal["Read", "Write"]

HINT = (
    "The throttling is Sandtable's own, after DynamoDB's rules: a bucket that fills by the provisioned units every second and "
    f"holds {BURST_S} seconds of them (300 at AWS). Wait a moment, or raise the units with UpdateTable."
)


@dataclass(slots=True)
class Bucket:
    rate: float
    tokens: float
    at: float

    def fill(self, rate: float, now: float) -> None:
        """Add what came in since the last look. A higher rate begins with a second's worth."""
        self.tokens = min(rate * BURST_S, self.tokens + (now - self.at) * self.rate)
        if rate > self.rate:
            self.tokens = max(self.tokens, rate)
        self.rate, self.at = rate, now


@dataclass(slots=True)
class Throttle:
    """The buckets of one sandbox."""

    buckets: dict[tuple[str, str | None, Kind], Bucket] = field(default_factory=dict)

    def admit(self, table: dict[str, Any], index: str | None, kind: Kind, offset: int) -> None:
        """Raises StatementFailed in DynamoDB's words when the units are used up. A call may overdraw: it is asked before it is known."""
        bucket = self._bucket(table, index, kind)
        if bucket is None or bucket.tokens > 0:
            return
        what = f"index {index}" if index else "table"
        raise StatementFailed(
            f"The level of configured provisioned throughput for the {what} was exceeded. "
            "Consider increasing your provisioning level with the UpdateTable API.",
            code="ProvisionedThroughputExceededException",
            hint=HINT,
            offset=offset,
        )

    def charge(self, table: dict[str, Any], index: str | None, kind: Kind, units: float) -> None:
        bucket = self._bucket(table, index, kind)
        if bucket is not None:
            bucket.tokens -= units

    def _bucket(self, table: dict[str, Any], index: str | None, kind: Kind) -> Bucket | None:
        rate = _rate(table, index, kind)
        key = (str(table["TableName"]), index, kind)
        if not rate:
            self.buckets.pop(key, None)
            return None
        now = monotonic()
        bucket = self.buckets.setdefault(key, Bucket(rate, rate * BURST_S, now))
        bucket.fill(rate, now)
        return bucket


def _rate(table: dict[str, Any], index: str | None, kind: Kind) -> float:
    """Units per second; 0 where the table is billed by request. A local index uses its table's."""
    described = table
    for one in table.get("GlobalSecondaryIndexes", ()):
        if one["IndexName"] == index:
            described = one
    if table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return 0.0
    return float(described.get("ProvisionedThroughput", {}).get(f"{kind}CapacityUnits", 0))
