"""PostgreSQL's own regression SQL through the splitter and the client, beside psql on the same server as the same kind of role.

`python -m bench.regress PATH [file ...]`, where PATH is `src/test/regress` of a PostgreSQL source package and `psql` is on the path.
It prints statement counts, errors and every difference. Each file has two fresh sandboxes, one for psql and one for us.
"""

import asyncio
import difflib
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.config import Settings
from app.core.errors import EngineUnavailable, StatementError
from app.core.limits import Limits
from app.core.places import Places
from app.core.results import Result
from app.core.sandbox import Sandbox
from app.engines.postgres.admin import name_of
from app.engines.postgres.engine import PostgresEngine
from bench.serving import run

FILE_S = 90
STATEMENT_MS = 20_000
# What only the program psql has: its variables and conditions, files of the machine it runs on, other connections.
ONLY_PSQL = re.compile(
    r"^\\(?:if|elif|else|endif|copy|c|connect|i|ir|o|w|e|ef|ev|sf|sv|lo_\w+|!|getenv|setenv|quit|q|prompt|password|errverbose|bind|p|r|warn|gdesc|gexec)\b"
    r"|\\(?:gset|gdesc|gexec|crosstabview|watch|bind|;)|\\g [|\w]|(?<!:):['\"]?[A-Za-z_]\w*['\"]?(?=[\s;,)])",
    re.MULTILINE,
)
# What sets how psql prints, which has no meaning here: left out for both.
PRINTING = re.compile(r"^\\(?:pset|set|unset|a|t|echo|qecho|timing|x)\b[^\n]*\n", re.MULTILINE)
CATALOG = re.compile(r"^\\(?:d|z|l|s)\w*", re.MULTILINE)
DATA = re.compile(r"^\\set filename :abs_srcdir '([^']+)'\nCOPY (.*?) FROM :'filename'(.*?);$", re.MULTILINE)
ERROR = re.compile(r"^psql:[^\n]*?: ERROR:  (\w{5}): (.*)$|^psql:[^\n]*?: error: (Did not find any .*)$", re.MULTILINE)
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] (?=[A-Z]+:  )", re.MULTILINE)
UNSTEADY = re.compile(r"sbx_[a-z0-9]{20}(?:_\w+)?|-?\b\d{5,}\b|pg_temp_\d+|pg_toast_temp_\d+")

Told = tuple[str, str]


@dataclass
class Side:
    """What one of the two did with a file. `sent` is None where nobody counted."""

    sent: int | None
    errors: list[Told]
    rows: str = ""


@dataclass
class Sums:
    files: int = 0
    statements: int = 0
    counts_compared: int = 0
    counts_equal: int = 0
    errors: int = 0
    equal_errors: int = 0
    same_rows: int = 0
    rows_compared: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)


def told(code: str, message: str) -> Told:
    return code, UNSTEADY.sub("#", message.partition("\n")[0])


async def ours(engine: PostgresEngine, sandbox: Sandbox, source: str) -> Side:
    """Statement after statement, going on after errors as psql does."""
    limits = Limits(max_run_ms=STATEMENT_MS, left_ms=STATEMENT_MS, max_rows=1_000_000, max_reply_bytes=50_000_000)
    errors: list[Told] = []
    rows: list[str] = []
    try:
        statements = engine.split(source)
    except StatementError as exc:
        return Side(None, [("split", exc.message)])
    client = await engine.client(sandbox)
    await client.begin(source, limits)
    for statement in statements:
        try:
            async for event in client.run(statement, limits):
                if isinstance(event, Result):
                    rows += printed(event)
        except StatementError as exc:
            errors.append(told(exc.code, exc.message))
        except EngineUnavailable as exc:
            errors.append(told("gone", exc.message))
            client = await engine.client(sandbox)
            await client.begin(source, limits)
    await client.finish()
    return Side(len(statements), errors, "\n".join(rows))


def printed(result: Result) -> Iterable[str]:
    """As `psql -qAt` prints it."""
    if result.text is not None:
        return result.text.splitlines()
    return ["|".join(cell or "" for cell in row) for row in result.rows or ()]


async def theirs(engine: PostgresEngine, sandbox: Sandbox, source: str, folder: Path, log: Path) -> Side:
    """Run by psql. How many statements it sends is read off the server's log, which is told to have them for this role."""
    role = name_of(sandbox)
    file = folder / "source.sql"
    file.write_text(source)
    for setting, value in (
        ("log_statement", "all"),
        ("log_min_messages", "error"),
        ("log_min_error_statement", "error"),
    ):
        await engine.admin.fetch(f"ALTER ROLE {role} SET {setting} = '{value}'")
    at = engine.server.tenant_arguments(role, sandbox.secret)
    assert engine._connector
    options = {**engine._connector._defaults, "statement_timeout": str(STATEMENT_MS)}
    before = await asyncio.to_thread(lambda: log.stat().st_size)
    process = await asyncio.create_subprocess_exec(
        *("psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=verbose", "-f", str(file)),
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": at["host"],
            "PGPORT": str(at["port"]),
            "PGUSER": role,
            "PGDATABASE": role,
            "PGPASSWORD": sandbox.secret,
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in options.items()),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, said = await asyncio.wait_for(process.communicate(), FILE_S)
    except TimeoutError:
        process.kill()
        out, said = await process.communicate()
    with log.open(errors="replace") as lines:
        lines.seek(before)
        sent = count_sent(engine, lines.read())
    found = ERROR.findall(said.decode(errors="replace"))
    errors = [told(code or "42P01", message or missing) for code, message, missing in found]
    return Side(sent, errors, out.decode(errors="replace"))


def count_sent(engine: PostgresEngine, log: str) -> int:
    """How many statements the log has; those that can't be parsed are only there with their error."""
    sent, last = 0, ""
    for entry in ENTRY.split(log):
        kind, _, text = entry.partition(":  ")
        text = text.removeprefix("statement: ").strip()
        if kind == "LOG" or (kind == "STATEMENT" and text != last):
            sent += not is_comment(engine, text)
            last = text
    return sent


def is_comment(engine: PostgresEngine, text: str) -> bool:
    try:
        return not engine.split(text)
    except StatementError:
        return False


async def compare(engine: PostgresEngine, file: Path, setup: str, folder: Path, sums: Sums) -> None:
    source = await asyncio.to_thread(file.read_text, errors="replace")
    if ONLY_PSQL.search(source):
        sums.left_out.append(file.stem)
        return
    source = PRINTING.sub("", source)
    two = [engine.new_sandbox() for _ in range(2)]
    assert engine.server.process
    log = engine.server.process.log_path
    try:
        for sandbox in two:
            await engine.create(sandbox)
            await theirs(engine, sandbox, setup, folder, log)
        by_us = await ours(engine, two[0], source)
        by_psql = await theirs(engine, two[1], source, folder, log)
    finally:
        for sandbox in two:
            await engine.close_clients(sandbox)
            await engine.drop(sandbox)
    sums.files += 1
    sums.statements += by_us.sent or 0
    counted = not CATALOG.search(source)
    sums.counts_compared += counted
    sums.counts_equal += counted and by_us.sent == by_psql.sent
    sums.errors += len(by_psql.errors)
    marks = difflib.SequenceMatcher(None, by_us.errors, by_psql.errors, autojunk=False)
    sums.equal_errors += sum(block.size for block in marks.get_matching_blocks())
    said_same = UNSTEADY.sub("#", by_us.rows).split() == UNSTEADY.sub("#", by_psql.rows).split()
    sums.rows_compared += counted
    sums.same_rows += counted and said_same
    count = f"{by_us.sent}" if not counted or by_us.sent == by_psql.sent else f"{by_us.sent}, psql {by_psql.sent}"
    print(
        f"{file.stem:<24}{count:>16} statements {len(by_us.errors):>5} errors, psql {len(by_psql.errors):<5}"
        f"{'rows the same' if said_same else 'rows differ' if counted else ''}",
        flush=True,
    )
    if counted and not said_same and os.environ.get("SHOW_ROWS"):
        show_rows(by_us.rows, by_psql.rows)
    for tag, a, b, c, d in marks.get_opcodes():
        if tag != "equal":
            for sign, errors in (("us  ", by_us.errors[a:b]), ("psql", by_psql.errors[c:d])):
                for code, message in errors:
                    sums.differences[f"{sign} {code} {message[:90]}"] += 1
                    print(f"    {sign} {code} {message[:150]}")


def show_rows(by_us: str, by_psql: str) -> None:
    lines = difflib.unified_diff(
        UNSTEADY.sub("#", by_psql).splitlines(), UNSTEADY.sub("#", by_us).splitlines(), "psql", "us", n=0, lineterm=""
    )
    for line in list(lines)[:12]:
        print(f"      {line[:150]}")


def setup_of(root: Path) -> str:
    """The file that makes the tables all others use, with its COPY from the server's files read by psql instead."""
    text = (root / "sql" / "test_setup.sql").read_text()
    text = DATA.sub(lambda found: f"\\copy {found[2]} from '{root}{found[1]}'{found[3]}", text)
    return text.replace("\\getenv", "\\echo")


async def main(folder: Path) -> None:
    if len(sys.argv) < 2 or not shutil.which("psql"):
        raise SystemExit(__doc__)
    root, wanted = Path(os.path.realpath(sys.argv[1])), sys.argv[2:]  # noqa: ASYNC240
    files = sorted(path for path in (root / "sql").glob("*.sql") if path.stem != "test_setup")
    files = [path for path in files if not wanted or path.stem in wanted]
    settings = Settings(data_dir=folder / "data", max_run_ms=STATEMENT_MS, postgres_quota_bytes=2_000_000_000)
    sums = Sums()
    with Places(settings.data_dir) as places:
        async with PostgresEngine(settings, places) as engine:
            for file in files:
                await compare(engine, file, setup_of(root), folder, sums)
        shutil.rmtree(places.runtime, ignore_errors=True)
    print(
        f"\n{sums.files} files, {sums.statements:,} statements; left out, since they need psql itself: {len(sums.left_out)}"
    )
    print(
        f"statement counts as psql's: {sums.counts_equal} of {sums.counts_compared} files without commands that ask the catalog"
    )
    print(
        f"errors as psql's: {sums.equal_errors:,} of {sums.errors:,}; rows as psql's: {sums.same_rows} of {sums.rows_compared} files"
    )
    for difference, count in sums.differences.most_common():
        print(f"{count:>5}  {difference}")
    print("left out:", " ".join(sums.left_out))


if __name__ == "__main__":
    run(main)
