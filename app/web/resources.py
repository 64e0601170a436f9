"""Where templates and built assets lie: beside the package in a checkout, inside it in an installed wheel."""

from functools import cache
from pathlib import Path


@cache
def resource(name: str) -> Path:
    """The folder `templates` or `static`."""
    package = Path(__file__).parents[1]
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"There is no folder {name!r}: this installation is incomplete.")
