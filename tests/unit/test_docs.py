"""The documents say what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from app import __version__
from app.config import Settings

ROOT = Path(__file__).parents[2]


def settings_table() -> str:
    """The table in docs/settings.md, as it must be."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = (
            "none"
            if default in (None, "")
            else f"{default:,}"
            if type(default) is int and name != "port"
            else str(default)
        )
        rows.append(f"| `{name}` | {shown} | {field.description} |")
    return "\n".join(rows)


def test_every_setting_is_documented_with_its_default() -> None:
    assert settings_table() in (ROOT / "docs/settings.md").read_text()


def test_every_number_in_a_setting_has_its_unit_in_the_name() -> None:
    units = re.compile(
        r"(_ms|_bytes|_per_second|_per_hour|_days$|^max_|_max_|port$|_processes|^workers$|_burst|^ready_sandboxes)"
    )
    numbers = [name for name, field in Settings.model_fields.items() if type(field.default) is int]
    assert [name for name in numbers if not units.search(name)] == []


def test_every_runtime_dependency_has_its_reason() -> None:
    decisions = (ROOT / "docs/decisions.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.match(r"[a-z0-9-]+", requirement).group() for requirement in project["dependencies"]}  # type: ignore[union-attr]
    assert sorted(name for name in names if f"`{name}`" not in decisions) == []


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} -> {target}"


def test_paths_named_in_the_architecture_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    for path in re.findall(r"`((?:app|templates|tests|docs)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_pins_name_no_host() -> None:
    for name in ("constraints.txt", "package-lock.json", ".npmrc"):
        assert not re.search(r"https?://|file:", (ROOT / name).read_text()), name


DESTRUCTIVE = re.compile(
    r"\bdrop\s+(table|column|constraint)|\brename\b|\balter\s+column\b.*\b(type|set\s+not\s+null)|\btruncate\b"
    r"|\badd\s+column\b(?!.*\bdefault\b).*\bnot\s+null\b",
    re.IGNORECASE,
)


def test_migrations_are_safe_while_the_version_before_runs() -> None:
    """They add. What would break the old code beside them goes one release later, with its file listed here."""
    released_later = {"0002_playgrounds.sql"}  # before the first release
    for file in sorted((ROOT / "app/stores/migrations").glob("*.sql")):
        for statement in re.sub(r"--[^\n]*", "", file.read_text()).split(";"):
            found = DESTRUCTIVE.search(" ".join(statement.split()))
            assert found is None or file.name in released_later, f"{file.name}: {found and found.group()}"


@pytest.mark.parametrize(
    ("sql", "breaks"),
    [
        ("alter table runs add column more text", False),
        ("alter table runs add column more text not null default ''", False),
        ("alter table runs add column more text not null", True),
        ("alter table runs drop column source", True),
        ("alter table runs rename to history", True),
        ("alter table runs alter column total_ms type integer", True),
        ("create index on runs (engine)", False),
    ],
)
def test_what_counts_as_breaking_the_version_before(sql: str, breaks: bool) -> None:
    assert bool(DESTRUCTIVE.search(sql)) is breaks


def test_the_changelog_has_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
