"""Where Python stands in a source of Redis commands: from a line that can be no command, to the end of its block."""

import re

_STARTS = re.compile(
    r"""(?: (?:import|from|def|class|if|for|while|with|async|await|raise|assert|global)\s
          | (?:try|pass|return)\b(?=\s*:|\s*$|\s*\w)
          | @\w
          | [A-Za-z_]\w*(?:\.\w+)*\(           # r.get(
          | [A-Za-z_]\w*\s*(?::[^=\n]*)?=\s*(?:await\s+)?[A-Za-z_][\w.]*\(   # name = r.get(
          | [a-z_]\w*\s*=\s*[^\s=]             # key = 'user:1'
        )""",
    re.VERBOSE | re.MULTILINE,
)
_TOKEN = re.compile(
    r"""(?P<long>(\"\"\"|''')(?:\\.|(?!\2).)*+(?:\2|\Z))|(?P<text>"(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?)|(?P<comment>\#[^\n]*)"""
    r"""|(?P<joined>\\\n)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\n)|(?P<other>[^"'\#\\()\[\]{}\n]+|.)""",
    re.DOTALL,
)
_NEXT_PART = re.compile(r"(?:elif|else|except|finally)\b")
_COMMANDS = re.compile(r"(?:set|get|del|append|incr|decr|echo|type|keys|ttl|publish|select|auth)\s*=", re.IGNORECASE)


def region(source: str, at: int) -> int | None:
    """Where the Python that begins at `at` ends; None where a command of redis-cli stands there."""
    if not _STARTS.match(source, at) or (_COMMANDS.match(source, at) and "(" not in _line(source, at)):
        return None
    indent = at - (source.rfind("\n", 0, at) + 1)
    end, opens_block = _logical_line(source, at)
    while opens_block or source[at] == "@":
        end = _block(source, end, indent, decorated=not opens_block)
        following = _next_line(source, end)
        if following is None or _indent(source, following) != indent:
            break
        start = following + indent
        if not _NEXT_PART.match(source, start):
            break
        end, opens_block = _logical_line(source, start)
    return end


def _logical_line(source: str, at: int) -> tuple[int, bool]:
    """The end of the line, brackets and long strings included, and whether a block follows."""
    depth, last = 0, ""
    for token in _TOKEN.finditer(source, at):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
        elif token.lastgroup == "end" and depth <= 0:
            return token.start(), last.endswith(":")
        if token.lastgroup not in ("comment", "end") and token.group().strip():
            last = token.group().rstrip()
    return len(source), last.endswith(":")


def _block(source: str, end: int, indent: int, *, decorated: bool) -> int:
    """The end of what is indented deeper than its head; behind a decorator, of the definition."""
    while (start := _next_line(source, end)) is not None:
        deeper = _indent(source, start) > indent
        if not deeper and not decorated:
            break
        end, opens = _logical_line(source, start + _indent(source, start))
        if decorated and opens:
            decorated = False
    return end


def _next_line(source: str, end: int) -> int | None:
    """The start of the next line that is neither blank nor a comment."""
    while end < len(source):
        start = end + 1
        stop = source.find("\n", start)
        stop = len(source) if stop < 0 else stop
        text = source[start:stop].strip()
        if text and not text.startswith("#"):
            return start
        end = stop
    return None


def _indent(source: str, start: int) -> int:
    end = start
    while end < len(source) and source[end] in " \t":
        end += 1
    return end - start


def _line(source: str, at: int) -> str:
    end = source.find("\n", at)
    return source[at:] if end < 0 else source[at:end]
