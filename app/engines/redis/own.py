"""Commands that Sandtable answers itself: HELP, those of ACL that see or change users, and the one setting that may be changed."""

from redis.exceptions import ResponseError

from app.core.errors import StatementFailed
from app.core.results import Statement
from app.engines.redis.accounts import acl_reply, goes_through_us
from app.engines.redis.manual import Manual
from app.engines.redis.policy import VISITOR_USER
from app.engines.redis.replies import Reply, as_words
from app.engines.redis.server import SandboxServer
from app.engines.redis.standing import Standing

SETS_KEY_EVENTS = [b"CONFIG", b"SET", b"NOTIFY-KEYSPACE-EVENTS"]


async def own_reply(
    server: SandboxServer, manual: Manual, standing: Standing, words: list[bytes], statement: Statement
) -> Reply | None:
    """The reply, or None where the server is to be asked. Raises StatementFailed and StatementRefused."""
    if words[0].upper() == b"HELP":
        asked = [as_words(word) for word in words[1:]]
        text = await manual.help(asked)
        if text is None:
            raise StatementFailed(
                f"The manual has nothing on {' '.join(asked)[:100]}.",
                code="no_help",
                hint="HELP lists the groups of commands; HELP @string those of one group.",
                offset=statement.start,
            )
        return Reply("verbatim", text.encode())
    if standing.transaction != "none" or standing.user != VISITOR_USER:
        return None
    if [word.upper() for word in words[:3]] == SETS_KEY_EVENTS and len(words) == len(SETS_KEY_EVENTS) + 1:
        try:
            await server.notify_of_keys(as_words(words[3]))
        except ResponseError as exc:
            raise StatementFailed(f"ERR {exc}", code="ERR", offset=statement.start) from exc
        return Reply("status", b"OK")
    if goes_through_us(words):
        return await acl_reply(server, words, statement)
    return None
