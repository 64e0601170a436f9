"""Every place by name, for the command palette."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from app.playground import scenes
from app.playground.labs import labs
from app.playground.tasks import tasks
from app.web.deps import ServicesDep

router = APIRouter(include_in_schema=False)


@router.get("/palette.json")
async def places(services: ServicesDep) -> Response:
    """Entries as `{"label", "group", "href"}`, in menu order: pages, engines, examples, labs, tasks, scenes of live events."""
    pages = [
        ("Home", "/"),
        ("Tasks", "/tasks"),
        ("Topics", "/topics"),
        ("Comparison of the engines", "/comparison"),
        ("Compare", "/compare"),
        ("Labs", "/labs"),
        ("Scripts across engines", "/scripts"),
        ("Paste a plan", "/explain"),
        ("Your runs", "/history"),
        ("Import a file", "/import"),
        ("API", "/api/docs"),
    ]
    engines = [offer.engine for offer in services.engines]
    entries = [(label, "page", href) for label, href in pages]
    entries += [(engine.label, "engine", f"/{engine.slug}") for engine in engines]
    entries += [
        (f"{engine.label}: {example.title}", "example", f"/{engine.slug}?example={example.slug}")
        for engine in engines
        for example in engine.examples()
    ]
    entries += [
        (f"{services.engines.offer(lab.engine).engine.label}: {lab.title}", "lab", f"/labs/{lab.engine}/{lab.slug}")
        for lab in labs.catalogue().values()
        if lab.engine in {engine.slug for engine in engines}
    ]
    entries += [(task.title, "task", f"/tasks/{task.slug}") for task in tasks.catalogue()]
    entries += [
        (f"{engine.label}, live events: {scene.title}", "events", f"/events/{engine.slug}/{scene.slug}")
        for engine in engines
        for scene in scenes.scenes(engine.slug)
    ]
    return JSONResponse([{"label": label, "group": group, "href": href} for label, group, href in entries])
