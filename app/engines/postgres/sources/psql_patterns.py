"""Name patterns of psql's commands (`s*.t?`, `"Quoted Name"`) as regular expressions for the catalog."""

from app.core.errors import StatementFailed

_SPECIAL = frozenset("|*+?()[]{}.^\\")


def regexes(pattern: str) -> tuple[str, str]:
    """The regular expressions of the name and of the schema, which is empty when the pattern has none.

    Raises StatementFailed for a pattern with too many dots.
    """
    parts = [""]
    quoted = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == '"':
            if quoted and pattern[at : at + 1] == '"':
                parts[-1] += '"'
                at += 1
            else:
                quoted = not quoted
        elif char == "." and not quoted:
            parts.append("")
        else:
            parts[-1] += _regex(char, quoted=quoted)
    if len(parts) > 2:
        raise StatementFailed(
            f"{pattern} has too many dots: a name is schema.name at most.",
            code="42601",
            hint="Put a dot that is part of a name in double quotes.",
        )
    schema = f"^({parts[0]})$" if len(parts) == 2 else ""
    return f"^({parts[-1]})$", schema


def _regex(char: str, *, quoted: bool) -> str:
    if char == "$" or (quoted and char in _SPECIAL):
        return f"\\{char}"
    if quoted:
        return char
    return {"*": ".*", "?": "."}.get(char, char.lower())
