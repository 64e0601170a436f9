"""Sessions and addresses that may run nothing for a while, by the operator's word."""

import ipaddress
from datetime import UTC, datetime, timedelta

from app.core.errors import PlaygroundError
from app.playground.store import Ban, Store

IPV6_PREFIX = 64
"""An IPv6 household has a network of this size, so addresses are counted by it."""


class Banned(PlaygroundError):
    http_status = 403
    code = "banned"


def address_group(address: str) -> str:
    """What is counted and banned as one: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))


class Bans:
    """The store's bans, kept here and read again by the janitor, so that one holds in every process within a round."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bans: dict[str, Ban] = {}

    async def refresh(self) -> None:
        self._bans = {ban.subject: ban for ban in await self._store.bans()}

    def current(self) -> list[Ban]:
        """Those in force, the ones that end first at the top."""
        now = datetime.now(UTC)
        return sorted((ban for ban in self._bans.values() if ban.until > now), key=lambda ban: ban.until)

    async def ban_session(self, session_id: str, minutes: int, reason: str) -> None:
        await self._add(f"session {session_id}", minutes, reason)

    async def ban_address(self, address: str, minutes: int, reason: str) -> None:
        await self._add(f"address {address_group(address)}", minutes, reason)

    async def lift(self, subject: str) -> None:
        await self._store.lift_ban(subject)
        self._bans.pop(subject, None)

    def check(self, session_id: str, address: str) -> None:
        """Raises Banned, with the time of its end."""
        for subject in (f"session {session_id}", f"address {address_group(address)}"):
            ban = self._bans.get(subject)
            if ban is not None and ban.until > datetime.now(UTC):
                raise Banned(
                    f"Running is switched off for you until {ban.until:%H:%M} UTC on {ban.until:%d %B %Y}.",
                    hint=ban.reason or None,
                )

    async def _add(self, subject: str, minutes: int, reason: str) -> None:
        ban = Ban(subject, datetime.now(UTC) + timedelta(minutes=minutes), reason)
        await self._store.add_ban(ban)
        self._bans[subject] = ban
