"""The engines on offer. An engine is one folder here and one name in ENGINES."""

from importlib import import_module

from app.config import Settings
from app.core.engine import Engine
from app.core.places import Places
from app.engines.several import several, urls_of

ENGINES = ("postgres", "mongodb", "redis", "dynamodb")
ON_SEVERAL = ("postgres", "mongodb")
"""Those that place sandboxes on a list of servers. Redis has a server for each, and DynamoDB's endpoints are a pool of its own."""


def load(slug: str) -> type[Engine]:
    """The engine class of a slug; its driver is imported only now."""
    if slug not in ENGINES:
        raise KeyError(slug)
    engine: type[Engine] = import_module(f"app.engines.{slug}.engine").ENGINE
    return engine


def create(slug: str, settings: Settings, places: Places) -> Engine:
    """An engine for these settings. Nothing is started until it is entered."""
    kind = load(slug)
    urls = urls_of(getattr(settings, f"{slug}_url") or "") if slug in ON_SEVERAL else []
    return several(kind, settings, places, urls) if len(urls) > 1 else kind(settings, places)
