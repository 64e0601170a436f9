"""The engines on offer. An engine is one folder here and one name in ENGINES."""

from importlib import import_module

from app.config import Settings
from app.core.engine import Engine
from app.core.places import Places

ENGINES = ("postgres", "mongodb", "redis", "dynamodb")


def load(slug: str) -> type[Engine]:
    """The engine class of a slug; its driver is imported only now."""
    if slug not in ENGINES:
        raise KeyError(slug)
    engine: type[Engine] = import_module(f"app.engines.{slug}.engine").ENGINE
    return engine


def create(slug: str, settings: Settings, places: Places) -> Engine:
    """An engine for these settings. Nothing is started until it is entered."""
    return load(slug)(settings, places)
