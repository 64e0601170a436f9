"""A shared playground as data, as Markdown, and as one file that replays it: made here, read again by `sandtable replay`."""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app import __version__
from app.core.errors import InvalidRequest
from app.playground.engines import Engines
from app.playground.files.exports import markdown_cell
from app.playground.files.markdown import fenced, plan_line, run_as_markdown
from app.playground.sharing.snapshots import OpenPlayground

FORMAT = "sandtable-playground-1"
MAX_PACKED_BYTES = 16_000_000
DOCUMENT = "playground.json"

_SERVERS = {
    "postgres": """
  postgres:
    image: postgres:18
    profiles: [servers]
    environment: {POSTGRES_HOST_AUTH_METHOD: trust}
    ports: ["127.0.0.1:5432:5432"]
""",
    "mongodb": """
  mongodb:
    image: mongo:6.0
    profiles: [servers]
    ports: ["127.0.0.1:27017:27017"]
""",
    "redis": """
  redis:
    image: redis:8.2
    profiles: [servers]
    ports: ["127.0.0.1:6379:6379"]
""",
    "dynamodb": """
  dynamodb:
    image: amazon/dynamodb-local
    profiles: [servers]
    ports: ["127.0.0.1:8000:8000"]
""",
}
_COMPOSE = f"""# Replays this playground in sandboxes of Sandtable: docker compose run --rm replay
# The image is built from Sandtable's own repository: docker build -t sandtable:{__version__} .
# With the profile `servers` you get bare servers instead, for psql, mongosh and redis-cli: docker compose --profile servers up
services:
  replay:
    image: sandtable:{__version__}
    command: [sandtable, replay, /playground]
    volumes: [".:/playground:ro"]
"""


@dataclass(frozen=True, slots=True)
class Language:
    """What an engine's sources are called and how their files end."""

    label: str
    mode: str
    extension: str


def languages(engines: Engines) -> dict[str, Language]:
    return {
        offer.engine.slug: Language(offer.engine.label, offer.engine.editor_mode, offer.engine.file_extension)
        for offer in engines
    }


def document(opened: OpenPlayground, link: str) -> dict[str, Any]:
    """The playground as JSON: what the API gives, and what a pack holds."""
    playground = opened.playground
    return {
        "format": FORMAT,
        "id": opened.id,
        "revision": opened.revision,
        "revisions": len(opened.revised_at),
        "link": link,
        "title": opened.title,
        "notes": opened.notes,
        "created_at": opened.created_at.isoformat(),
        "expires_at": playground.expires_at.isoformat() if playground.expires_at else None,
        "parent": playground.parent,
        "listed": playground.listed,
        "panes": opened.panes,
    } | {name: asdict(alone) for name in ("pasted", "lab") if (alone := getattr(opened, name))}


def as_markdown(opened: OpenPlayground, link: str, known: dict[str, Language]) -> str:
    parts = [f"# {markdown_cell(opened.title) or 'A shared playground'}\n"]
    if opened.notes:
        parts.append(opened.notes + "\n")
    for pane in opened.panes:
        language = known.get(pane["engine"], Language(pane["engine"], "", "txt"))
        parts.append(run_as_markdown(language.label, language.mode, pane["source"], pane["seed"], pane["run"]))
    if opened.pasted is not None:
        parts += [fenced(opened.pasted.text), plan_line(opened.pasted.plan)]
    if opened.lab is not None:
        language = known.get(opened.lab.engine, Language(opened.lab.engine, "", "txt"))
        parts += [f"A lab of {language.label}, two connections.\n", fenced(opened.lab.source, language.mode)]
        parts += [_step_line(step) for step in (opened.lab.run or {"steps": []})["steps"]] + [""]
    parts.append(f"---\n\n{link} · shared {opened.created_at:%Y-%m-%d %H:%M} UTC · results as they were then\n")
    return "\n".join(parts)


def _step_line(step: dict[str, Any]) -> str:
    """`4. B: UPDATE ... (waits for A: ...; released by step 5): done`."""
    waited = ""
    if step["waits_for"]:
        by = f"; released by step {step['released_by']}" if step["released_by"] else ""
        waited = f" ({step['waits_for']}{by})"
    return f"{step['number']}. {step['client']}: {markdown_cell(step['statement']['text'])}{waited}: {step['state']}"


def packed(opened: OpenPlayground, link: str, known: dict[str, Language]) -> bytes:
    """A zip with seed and source of each engine, a README, a compose file, and the whole as JSON. The same bytes each time."""
    files = {
        "README.md": as_markdown(opened, link, known)
        + "\nTo run it again: `sandtable replay .` in this folder, or see compose.yaml.\n",
        DOCUMENT: json.dumps(document(opened, link), ensure_ascii=False, indent=1),
        "compose.yaml": _COMPOSE + "".join(_SERVERS.get(pane["engine"], "") for pane in opened.panes),
    }
    for pane in opened.panes:
        extension = known[pane["engine"]].extension if pane["engine"] in known else "txt"
        for name in ("seed", "source"):
            if pane[name]:
                files[f"{pane['engine']}/{name}.{extension}"] = pane[name]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, opened.created_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode("utf-8", "replace"))
    return buffer.getvalue()


def unpacked(path: Path) -> dict[str, Any]:
    """The playground in a pack, or in the folder it was unpacked to, with what its files say now. Raises InvalidRequest."""
    try:
        if path.is_dir():
            data = json.loads((path / DOCUMENT).read_bytes())
            _take_edits(data, path)
        else:
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo(DOCUMENT).file_size > MAX_PACKED_BYTES:
                    raise InvalidRequest(f"{DOCUMENT} in {path} has more than {MAX_PACKED_BYTES:,} bytes.")
                data = json.loads(archive.read(DOCUMENT))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as exc:
        raise InvalidRequest(f"{path} is not a playground of Sandtable: {exc}") from exc
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InvalidRequest(f"{path} is not a playground of a kind that this Sandtable reads ({FORMAT}).")
    return data


def _take_edits(data: dict[str, Any], folder: Path) -> None:
    for pane in data["panes"]:
        for name in ("seed", "source"):
            for file in (folder / pane["engine"]).glob(f"{name}.*"):
                pane[name] = file.read_text()
