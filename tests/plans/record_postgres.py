"""Records EXPLAIN's output of a real PostgreSQL as test data: `python -m tests.plans.record_postgres psql -h HOST -U USER DATABASE`.

The database should be empty and yours; two parallel workers should be free.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "postgres"
FORMATS = {"text": "txt", "yaml": "yaml", "xml": "xml"}
IN_ALL_FORMATS = {
    "hash join",
    "sort on disk",
    "cte",
    "parallel",
    "init plan",
    "insert",
    "window",
    "values and functions",
}


def statements() -> dict[str, str]:
    parts = re.split(r"^-- name: (.+)$", (HERE / "statements.sql").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def record(psql: list[str]) -> None:
    def ask(text: str) -> str:
        command = [*psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    subprocess.run([*psql, "-Xq", "-v", "ON_ERROR_STOP=1", "-f", str(HERE / "subject.sql")], check=True)
    ask("VACUUM ANALYZE")
    version = ask("SHOW server_version").split()[0]
    into = HERE / version.split(".")[0]
    into.mkdir(exist_ok=True)
    plans = {}
    for name, text in statements().items():
        if (since := re.search(r" since (\d+)$", name)) and int(version.split(".")[0]) < int(since[1]):
            continue
        *settings, statement = text.split("; ")
        before = "; ".join(["BEGIN", *settings]) + "; "
        options = "ANALYZE, BUFFERS, WAL, SETTINGS, VERBOSE, FORMAT"
        plans[name] = json.loads(ask(f"{before}EXPLAIN ({options} JSON) {statement}; ROLLBACK"))
        for format_name, extension in FORMATS.items() if name in IN_ALL_FORMATS else ():
            said = ask(f"{before}EXPLAIN ({options} {format_name}) {statement}; ROLLBACK")
            (into / f"{name.replace(' ', '-')}.{extension}").write_text(said)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(plan)}" for name, plan in plans.items())
    (into / "plans.json").write_text(f"{{\n{lines}\n}}\n")
    print(f"PostgreSQL {version}: {len(plans)} plans")


if __name__ == "__main__":
    record(sys.argv[1:])
