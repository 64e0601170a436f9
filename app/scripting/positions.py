"""Places in a source: characters for us and the page, lines and bytes for QuickJS."""


def column_of(source: str, start: int) -> int:
    """Where in its line a statement begins, as QuickJS counts: in bytes, from 1."""
    line_start = source.rfind("\n", 0, start) + 1
    return len(source[line_start:start].encode("utf-8", "replace")) + 1


def offset_of(source: str, line: int | None, column: int | None) -> int | None:
    """The character offset of a line and a column as QuickJS counts them."""
    if line is None or column is None:
        return None
    lines = source.split("\n")
    if line > len(lines):
        return None
    before = lines[line - 1].encode("utf-8", "replace")[: column - 1].decode("utf-8", "ignore")
    return sum(len(text) + 1 for text in lines[: line - 1]) + len(before)
