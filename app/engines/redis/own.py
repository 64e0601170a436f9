"""Commands that Sandtable answers itself: HELP, and those of ACL that see or change users."""

from app.core.errors import StatementFailed
from app.core.results import Statement
from app.engines.redis.accounts import acl_reply, goes_through_us
from app.engines.redis.manual import Manual
from app.engines.redis.policy import VISITOR_USER
from app.engines.redis.replies import Reply, as_words
from app.engines.redis.server import SandboxServer
from app.engines.redis.standing import Standing


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
    if goes_through_us(words) and standing.transaction == "none" and standing.user == VISITOR_USER:
        return await acl_reply(server, words, statement)
    return None
