"""Services on engines that the tests started already."""

from app.core.engine import Engine
from app.playground.engines import Engines


class Standing(Engines):
    """Entered by nobody: the engines are started and ended elsewhere."""

    def __init__(self, engines: dict[str, Engine]) -> None:
        super().__init__(engines)
        for offer in self:
            offer.ready = True
