"""What a connection holds that is lost with it, told by the statements that completed on it."""

TRANSACTION = "open transaction"
LISTENING = "LISTEN"
PREPARED = "prepared statements"
TEMPORARY = "temporary tables"
CURSORS = "cursors"
SETTINGS = "settings"


_BY_WORD = {"listen": LISTENING, "prepare": PREPARED, "declare": CURSORS, "set": SETTINGS}


def kept_by(words: tuple[str, ...]) -> str | None:
    """What a statement with these first words leaves in its connection."""
    if words[:1] == ("create",) and {"temp", "temporary"} & set(words):
        return TEMPORARY
    if words[:1] == ("set",) and words[1:2] in (("local",), ("transaction",), ("constraints",)):
        return None
    return _BY_WORD.get(words[0]) if words else None


def lost(held: set[str], *, rolled_back: bool) -> str | None:
    """What is said when the connection was closed while nobody used it; None when nothing was lost."""
    parts = []
    if held:
        *most, last = sorted(held)
        verb = "is" if held == {LISTENING} else "are"
        parts.append(f"its {', '.join(most) + ' and ' if most else ''}{last} {verb} gone")
    if rolled_back:
        parts.append(f"its {TRANSACTION} was rolled back")
    return f"This connection was closed while nobody used it: {'; '.join(parts)}." if parts else None
