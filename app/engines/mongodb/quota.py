"""The sandbox's quota, held from outside: MongoDB has none of its own."""

import time
from typing import Any

from app.core.errors import StatementRefused
from app.engines.mongodb.admin import Admin
from app.engines.mongodb.commands import Order

FRESH_S = 0.1
SLICE_BYTES = 1_000_000
MAX_INDEXES = 64
OVERRUN = 1.1
"""A single command may overrun the quota by this factor before it is ended."""


class Ledger:
    """What a sandbox holds, as far as known, and what it may. Asked before each command that grows it."""

    def __init__(self, admin: Admin, namespace: str, *, max_bytes: int, max_collections: int) -> None:
        self._admin = admin
        self._namespace = namespace
        self.max_bytes = max_bytes
        self.max_collections = max_collections
        self._figures: dict[str, Any] = {}
        self._asked_at = float("-inf")
        self._since_bytes = 0
        self._known: set[str] = set()

    def begin(self) -> None:
        """A run begins: what is known may be old."""
        self._asked_at = float("-inf")
        self._known.clear()

    async def before(self, order: Order, n_bytes: int, done: int) -> None:
        """Raises StatementRefused when the command would outgrow the quota. `done`: what its statement wrote before."""
        if time.monotonic() - self._asked_at > FRESH_S or self._since_bytes > SLICE_BYTES:
            await self.ask()
        if self._bytes + n_bytes + _capped_size(order) > self.max_bytes:
            raise self.too_big(done)
        if order.target is not None and order.target not in self._known:
            await self.ask()
            if self._objects >= self.max_collections and not await self._admin.has(self._namespace, order.target):
                raise self._too_many()
            self._known.add(order.target)
        if order.name == "createIndexes":
            await self.ask()
            wanted = len(order.command.get("indexes") or ())
            if self._figures["indexes"] - self._figures["collections"] + wanted > MAX_INDEXES:
                raise StatementRefused(
                    f"A sandbox may have {MAX_INDEXES} indexes beside those on _id.",
                    code="max_indexes",
                    hint="Drop some with dropIndex().",
                    limit=("max_indexes", MAX_INDEXES),
                )
        self._since_bytes += n_bytes

    def passes(self, order: Order, n_bytes: int) -> bool:
        """Whether what is known suffices to let a command through; it then counts. False: ask with `before`."""
        fresh = time.monotonic() - self._asked_at <= FRESH_S and self._since_bytes <= SLICE_BYTES
        if not fresh or order.target not in self._known or self._bytes + n_bytes > self.max_bytes:
            return False
        self._since_bytes += n_bytes
        return True

    async def ask(self) -> None:
        self._figures = await self._admin.figures(self._namespace)
        self._asked_at = time.monotonic()
        self._since_bytes = 0

    async def overrun(self) -> bool:
        """Whether a command going on has grown the sandbox well over its quota."""
        await self.ask()
        return self._bytes > self.max_bytes * OVERRUN

    def too_big(self, done: int = 0) -> StatementRefused:
        return StatementRefused(
            f"The sandbox would hold more than {self.max_bytes / 1e6:g} MB; it holds {self._bytes / 1e6:.1f} MB.",
            code="mongodb_quota_bytes",
            hint="Delete documents or drop collections, or press Reset.",
            detail=f"{done:,} documents of this statement were written before." if done else None,
            limit=("mongodb_quota_bytes", self.max_bytes),
        )

    def _too_many(self) -> StatementRefused:
        return StatementRefused(
            f"A sandbox may have {self.max_collections} collections.",
            code="mongodb_max_collections",
            hint="Drop some with drop().",
            limit=("mongodb_max_collections", self.max_collections),
        )

    @property
    def _bytes(self) -> int:
        return int(self._figures["dataSize"] + self._figures["indexSize"]) + self._since_bytes

    @property
    def _objects(self) -> int:
        return int(self._figures["collections"] + self._figures["views"])


def _capped_size(order: Order) -> int:
    """What a capped collection would be allowed to hold."""
    command = order.command
    sizes = {
        "create": command.get("size") if command.get("capped") else None,
        "convertToCapped": command.get("size"),
        "collMod": command.get("cappedSize"),
    }
    size = sizes.get(order.name)
    return int(min(size, 1e18)) if isinstance(size, int | float) and size > 0 else 0
