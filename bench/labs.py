"""Whether each ready lab comes out in the same order every time: python -m bench.labs [TIMES]."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from app.config import Settings
from app.core.places import Places
from app.engines import ENGINES, create
from app.playground import services
from app.playground.engines import Engines
from app.playground.labs import labs
from app.stores.memory import MemoryStore
from tests.labs.test_labs import interleaving


async def main(times: int, folder: Path) -> bool:
    """Whether all were equal each time."""
    settings = Settings(data_dir=folder)
    with Places(folder) as places:
        async with Engines({slug: create(slug, settings, places) for slug in ENGINES}) as engines:
            built = services.build(settings, engines, MemoryStore(), b"secret")
            await built.store.open_session("bench")
            equal = 0
            for lab in labs.catalogue().values():
                began = time.perf_counter()
                found: Counter[str] = Counter()
                for _ in range(times):
                    found[str(interleaving(await built.labs.play("bench", lab.engine, lab.source)))] += 1
                equal += len(found) == 1
                most, each_ms = found.most_common(1)[0][1], (time.perf_counter() - began) * 1000 / times
                print(f"{lab.engine:<9} {lab.slug:<34} {most} of {times} equal, {each_ms:,.0f} ms each", flush=True)
            await built.labs.close()
            await built.sandboxes.close()
            await built.runner.close()
    print(f"{equal} of {len(labs.catalogue())} labs came out in the same order {times} of {times} times")
    return equal == len(labs.catalogue())


if __name__ == "__main__":
    data = Path(tempfile.mkdtemp(prefix="sandtable-bench-"))
    data.chmod(0o755)
    try:
        ok = asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, data))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    sys.exit(not ok)
