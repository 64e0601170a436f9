"""A plan as text and as Markdown, to be copied."""

from app.web.views.plan_view import Step, View


def as_text(view: View) -> str:
    """The tree with a line for each step and its conditions below it."""
    lines = [" · ".join(f"{name} {value}{f' {unit}' if unit else ''}" for name, value, unit, _ in view.figures), ""]
    for step in view.steps:
        lines.append(f"{_indent(step)}{_name(step)}  ({_facts(step)})".removesuffix("  ()"))
        lines.append(f"{'  ' * step.depth}     {step.sentence}")
        lines += [
            f"{'  ' * step.depth}     {f'{label}: ' if label else ''}{text}" for label, text, _ in step.conditions
        ]
    return "\n".join([*lines, *_insights(view)]) + "\n"


def as_markdown(view: View) -> str:
    """A table with a row for each step, and what the figures suggest."""
    titles = ["step", *(title for _, title in view.columns)]
    rows = [titles, ["---", *("---:" for _ in view.columns)]]
    rows += [[_indented(step), *(_cell(step.cells[name]) for name, _ in view.columns)] for step in view.steps]
    summary = ", ".join(
        f"{name} **{_cell(value)}**{f' {unit}' if unit else ''}" for name, value, unit, _ in view.figures
    )
    return "\n".join([summary, "", *(f"| {' | '.join(row)} |" for row in rows), *_insights(view, "- ")]) + "\n"


def _indent(step: Step) -> str:
    return "  " * step.depth + ("-> " if step.depth else "")


def _indented(step: Step) -> str:
    return f"{'&nbsp;&nbsp;' * step.depth}{_cell(_name(step))}"


def _name(step: Step) -> str:
    by = f" by {step.index}" if step.index else ""
    role = f"{step.role}: " if step.role else ""
    return f"{role}{step.label}{f' {step.target}' if step.target else ''}{by}"


def _facts(step: Step) -> str:
    rows = f"{step.rows} rows" if step.rows else ""
    expected = f"{step.expected} expected" if step.expected else ""
    return ", ".join(
        part for part in (step.time, rows, expected, step.factor and f"{step.factor} than expected") if part
    )


def _insights(view: View, mark: str = "* ") -> list[str]:
    found = [f"{mark}{insight['title']}: {insight['message']}" for insight in view.insights]
    return ["", *found] if found else []


def _cell(text: str) -> str:
    """Text that can't end a cell of a Markdown table or begin markup in it."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
