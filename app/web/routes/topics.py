"""The subject's topics with their true state, and the comparison of the four engines."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.playground.tasks import tasks, topics
from app.web import render
from app.web.deps import ServicesDep, SessionDep

router = APIRouter(include_in_schema=False)


@router.get("/topics")
async def topics_page(request: Request, services: ServicesDep, session: SessionDep) -> Response:
    rows = topics.topics()
    cells = [cell for row in rows for cell in row.cells.values()]
    counts = {state: sum(cell.state == state for cell in cells) for state in ("task", "lab", "none")}
    counts["labs"] = sum(bool(cell.labs) for cell in cells if cell.state == "lab")
    return render.page(request, "topics", rows=rows, counts=counts, task_count=len(tasks.catalogue()))


@router.get("/comparison")
async def comparison_page(request: Request, services: ServicesDep, session: SessionDep) -> Response:
    return render.page(request, "comparison", aspects=topics.comparison())
