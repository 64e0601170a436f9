"""The compare page: a pane per engine, each answering as it finishes; and what the answers have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.datastructures import FormData

from app.core.errors import InvalidRequest
from app.datasets import DATASETS, SIZES
from app.playground import datasets
from app.playground.comparing import answers, comparison, timing, writeup
from app.playground.comparing.comparison import Judgement
from app.playground.engines import Offer
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.sharing.snapshots import OpenPlayground
from app.playground.tasks import tasks
from app.playground.tasks.tasks import Task
from app.playground.translating import proving
from app.playground.translating.translation import REFERENCE, Translated
from app.web import render
from app.web.deps import (
    FormSessionDep,
    OfferDep,
    RunningSessionDep,
    ServicesDep,
    SessionDep,
    TextForm,
    engine_context,
    lines,
)
from app.web.views import translations

router = APIRouter(include_in_schema=False)

OPENING = "three-best"
"""The example that every engine has, and that opens with the page."""
LEAST_PANES = 2

EnginesQuery = Annotated[list[str] | None, Query()]
Pane = dict[str, Any]


@router.get("/compare")
async def compare(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    task: str = "",
    engine: EnginesQuery = None,
    dataset: str = "",
    size: str = "S",
    example: str | None = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
) -> Response:
    """A shared playground, a task's solutions, an example of every engine, or what was last compared here."""
    if from_ is not None:
        return await _copy(request, services, from_)
    offers = _chosen(services, engine)
    last = _last(services, session)
    if not (task or example or dataset) and last is not None:
        task, named = last["task"], last["dataset"]
    else:
        named = f"{dataset}:{size}" if dataset else ""
    found = tasks.find(task) if task else None
    if found is not None and found.dataset and (not named or not named.startswith(found.dataset)):
        named = f"{found.dataset}:{size}"
    if named:
        datasets.read_name(named)
    panes = [_opening(services, session, offer, found, named, example) for offer in offers]
    return _page(request, services, panes, found, named, example=example)


@router.post("/compare")
async def compare_form(request: Request, services: ServicesDep, session: RunningSessionDep) -> Response:
    """Run all, without JavaScript."""
    form = await request.form()
    task, requests = panes_asked_for(services, form)
    runs = await comparison.run_all(services.runner, session, [one for one in requests if one.source.strip()])
    panes = [_pane(services, one, runs.get(one.engine), task) for one in requests]
    parent = await services.snapshots.find(_text(form, "parent"))
    told = await translations.standing(_text(form, "translated"), _text(form, "data"), panes)
    return _page(request, services, panes, task, _text(form, "data"), judged=True, parent=parent, translation=told)


@router.post("/compare/markdown")
async def markdown_form(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    """The comparison as a file."""
    text = _markdown(services, session, await request.form())
    return PlainTextResponse(
        text, media_type="text/markdown", headers={"content-disposition": 'attachment; filename="comparison.md"'}
    )


@router.post("/partials/compare/markdown")
async def markdown_partial(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    return render.partial(request, "markdown", text=_markdown(services, session, await request.form()))


@router.post("/partials/compare/verdict")
async def verdict_partial(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    """Whether the answers that are there now are the same."""
    form = await request.form()
    task, requests = panes_asked_for(services, form)
    panes = [_pane(services, one, _last_of(services, session, one), task) for one in requests]
    told = await translations.standing(_text(form, "translated"), _text(form, "data"), panes)
    judged = _judged(panes, task, requests[0].dataset if requests else "")
    return render.partial(request, "verdict", **judged, translation=told)


@router.post("/partials/compare/{engine}/run")
async def pane_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    source: TextForm = "",
    seed: TextForm = "",
    data: TextForm = "",
    task: TextForm = "",
    page: TextForm = "",
) -> Response:
    found = tasks.find(task) if task else None
    wanted = _request(offer.engine.slug, lines(source), lines(seed), data, found)
    run = await services.runner.run(session, replace(wanted, page=page))
    pane = _pane(services, wanted, run, found)
    engine = engine_context(services, offer.engine.slug)
    return render.partial(request, "compare_run", engine=engine, run=run, pane=pane)


async def _copy(request: Request, services: Services, reference: str) -> Response:
    """A copy of a shared playground, to be changed."""
    parent = await services.snapshots.open_reference(reference)
    named = next((pane["dataset"] for pane in parent.panes if pane["dataset"]), "")
    texts = {pane["engine"]: (pane["source"], pane["seed"]) for pane in parent.panes}
    asked = [_request(o.engine.slug, *texts.get(o.engine.slug, ("", "")), named, None) for o in services.engines]
    panes = [_pane(services, one, None, None) for one in asked]
    return _page(request, services, panes, None, named, parent=parent)


def translation_requests(services: Services, found: Translated, dataset: str) -> list[RunRequest]:
    """What each engine runs of a translation; nothing where it could not be carried over."""
    return [
        _request(offer.engine.slug, proving.source_of(found, offer.engine.slug), "", dataset, None)
        for offer in services.engines
        if offer.engine.slug == REFERENCE or offer.engine.slug in found.carried
    ]


def translation_page(
    request: Request,
    services: Services,
    session: str,
    found: Translated,
    dataset: str,
    sql: str,
    runs: Mapping[str, Any] | None = None,
) -> Response:
    """A translation in the panes, with `runs`, or with the runs of it that this session has made."""
    panes = []
    for one in translation_requests(services, found, dataset):
        last = _last_of(services, session, one)
        run = last if last is not None and last["source"] == one.source and one.source else None
        run = run if runs is None else runs.get(one.engine)
        carried = found.carried.get(one.engine)
        panes.append(_pane(services, one, run, None) | {"losses": carried.losses if carried else ()})
    told = translations.told(found, sql, panes)
    return _page(request, services, panes, None, dataset, judged=True, translation=told)


def untranslated_page(request: Request, services: Services, form: FormData, problem: InvalidRequest) -> Response:
    """The form as it was sent, with why nothing was translated."""
    _, requests = panes_asked_for(services, form)
    panes = [_pane(services, one, None, None) for one in requests]
    told = {"sql": "", "changes": False, "proofs": [], "problem": problem}
    return _page(request, services, panes, None, _text(form, "data"), judged=True, translation=told)


def solved(services: Services, session: str, task: Task) -> list[Pane]:
    """A pane per engine with the task's solution, and with its run where this session has made it."""
    named = f"{task.dataset}:S" if task.dataset else ""
    return [_opening(services, session, offer, task, named, None) for offer in services.engines]


def _chosen(services: Services, wanted: list[str] | None) -> list[Offer]:
    """The engines asked for, in menu order; all where fewer than two are."""
    offers = list(services.engines)
    chosen = [offer for offer in offers if offer.engine.slug in (wanted or ())]
    return chosen if len(chosen) >= LEAST_PANES else offers


def _last(services: Services, session: str) -> dict[str, Any] | None:
    runs = (services.runner.last(session, offer.engine.slug) for offer in services.engines)
    return next((run for run in runs if run and run["origin"] == "compare"), None)


def _last_of(services: Services, session: str, asked: RunRequest) -> dict[str, Any] | None:
    """The last run made here of the same task and data, whatever the source."""
    last = services.runner.last(session, asked.engine)
    same = last and (last["origin"], last["task"], last["dataset"]) == ("compare", asked.task, asked.dataset)
    return last if same else None


def _opening(
    services: Services, session: str, offer: Offer, task: Task | None, dataset: str, example: str | None
) -> Pane:
    slug = offer.engine.slug
    asked = _request(slug, "", "", dataset, task)
    last = _last_of(services, session, asked) if example is None else None
    if last is not None:
        return _pane(services, replace(asked, source=last["source"], seed=last["seed"]), last, task)
    if task is not None:
        solution = task.solutions.get(slug)
        source, seed = (solution.source, solution.seed) if solution else ("", "")
        return _pane(services, replace(asked, source=source, seed=seed), None, task)
    examples = offer.engine.examples()
    chosen = next((entry for entry in examples if entry.slug == (example or OPENING)), examples[0])
    source, seed = ("", "") if dataset else (chosen.source, chosen.seed)
    return _pane(services, replace(asked, source=source, seed=seed), None, None)


def _request(slug: str, source: str, seed: str, dataset: str, task: Task | None) -> RunRequest:
    return RunRequest(
        slug,
        source,
        seed,
        explain=comparison.explain_of(task) if task else "plan",
        origin="compare",
        dataset=dataset,
        task=task.slug if task else "",
    )


def _text(form: FormData, name: str) -> str:
    return lines(str(form.get(name, "")))


def panes_asked_for(services: Services, form: FormData) -> tuple[Task | None, list[RunRequest]]:
    """The panes of the page's form. Raises NotFound for a task or dataset that isn't there."""
    task = tasks.find(_text(form, "task")) if form.get("task") else None
    dataset = _text(form, "data")
    if dataset:
        datasets.read_name(dataset)
    slugs = [offer.engine.slug for offer in services.engines if f"source_{offer.engine.slug}" in form]
    asked = [
        _request(slug, _text(form, f"source_{slug}"), _text(form, f"seed_{slug}"), dataset, task) for slug in slugs
    ]
    return task, asked


def _pane(services: Services, asked: RunRequest, run: Mapping[str, Any] | None, task: Task | None) -> Pane:
    engine = services.engines.offer(asked.engine).engine
    figures = comparison.figures(run, asked.source, engine.line_comment) if run else None
    solution = task.solutions.get(asked.engine) if task else None
    answer = answers.read(run, solution.reading if solution else answers.Reading()) if run else None
    verdict = None
    if run is not None and task is not None and solution is not None and _as_expected(asked.dataset):
        different = comparison.judge({asked.engine: run}, task).differences[asked.engine]
        verdict = "differs" if different else "same"
    return {
        "engine": asked.engine,
        "source": asked.source,
        "seed": asked.seed,
        "run": run,
        "figures": figures,
        "unnatural": task.unnatural.get(asked.engine) if task else None,
        "verdict": verdict,
        "losses": (),
        "rows": len(answer.rows) if answer and answer.rows is not None and solution else None,
    }


def _as_expected(dataset: str) -> bool:
    """Whether a task's expected answer holds: it was written for size S."""
    return not dataset or datasets.read_name(dataset)[1] == 1


def _judged(panes: Sequence[Pane], task: Task | None, dataset: str) -> dict[str, Any]:
    runs = {pane["engine"]: pane["run"] for pane in panes if pane["run"] is not None}
    judgement: Judgement | None = None
    if runs:
        judgement = comparison.judge(runs, task, as_expected=_as_expected(dataset))
    return {"judgement": judgement, "rules": answers.RULES, "waiting": len(panes) - len(runs), "task": task}


def _markdown(services: Services, session: str, form: FormData) -> str:
    task, requests = panes_asked_for(services, form)
    panes = []
    for one in requests:
        run = services.runner.last(session, one.engine)
        fresh = run if run and (run["source"], run["dataset"]) == (one.source, one.dataset) else None
        pane = _pane(services, one, fresh, task)
        engine = engine_context(services, one.engine)
        panes.append(pane | {"label": engine["label"], "version": engine["version"], "mode": engine["editor_mode"]})
    dataset = requests[0].dataset if requests else ""
    title = _text(form, "title").strip() or (task.title if task else "A comparison")
    return writeup.write(
        title, task.summary if task else "", panes, _judged(panes, task, dataset)["judgement"], dataset or None
    )


def _page(
    request: Request,
    services: Services,
    panes: list[Pane],
    task: Task | None,
    dataset: str,
    *,
    example: str | None = None,
    judged: bool = False,
    parent: OpenPlayground | None = None,
    translation: dict[str, Any] | None = None,
) -> Response:
    """`parent`: the shared playground whose copy is edited. `translation`: what the panes were made of, by `translations`."""
    listed = [{entry.slug: entry for entry in offer.engine.examples()} for offer in services.engines]
    shared = [entry for slug, entry in listed[0].items() if all(slug in others for others in listed)] if listed else []
    ran = judged or any(pane["run"] for pane in panes)
    return render.page(
        request,
        "compare",
        panes=panes,
        examples=shared,
        example=example,
        dataset=dataset,
        datasets=DATASETS,
        sizes=tuple(SIZES),
        catalogue=tasks.catalogue(),
        rounds=timing.ROUNDS,
        growth_s=timing.MAX_GROWTH_S,
        repeat_s=timing.MAX_REPEAT_S,
        verdict=_judged(panes, task, dataset) if ran else None,
        task=task,
        parent=parent,
        translation=translation,
    )
