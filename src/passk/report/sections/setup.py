"""The set-up: draws, sets, arms, as the parameters state them."""

from dataclasses import replace

from passk.models.naming import parse
from passk.report.context import ReportContext
from passk.report.entries import ReportedArm
from passk.report.html.sourced_values import Part, SourcedValue, cite, to_text
from passk.report.html.tables import Cells, HtmlTable, TableCell
from passk.report.sections.section import PaperFigure, Section
from passk.training.algorithms.registry import ALGORITHMS

FRAMEWORK = "TRL"  # passk.training subclasses its trainers


def tabulate_draws(context: ReportContext) -> HtmlTable:
    """How every draw was sampled."""
    rows: list[Cells] = []
    for name, entry in context.draws.items():
        arm = parse(entry.model).arm
        trained = context.train.get(arm)
        rows.append(
            [
                [context.styles[name].label],
                [_model(context, entry.model)],
                [_start(context, arm)],
                ["SFT" if arm in context.sft else _algorithm(trained)],
                [FRAMEWORK if trained or arm in context.sft else "–"],
                [_n(context, name)],
                [_stated(entry.temperature)],
                [_stated(entry.top_p)],
                [_stated(entry.max_new_tokens)],
                [_stated(entry.template)],
                [_stated(entry.engine)],
            ]
        )
    columns = [
        "Draw", "Model", "Start model", "Algorithm", "Framework", "n", "Temperature", "Top-p",
        "New tokens", "Template", "Engine",
    ]  # fmt: skip
    return _drop_empty_columns(HtmlTable(columns, rows, frozenset({0, 1, 2, 3, 4, 9, 10})))


def _start(context: ReportContext, arm: str) -> str:
    """What a model was trained from."""
    if arm in context.pretrain:
        return "from scratch"
    entry = context.train.get(arm) or context.sft.get(arm)
    return "–" if entry is None else _model(context, entry.start)


def _model(context: ReportContext, name: str) -> str:
    """A model as its arm is called, with its step."""
    arm, _, step = name.partition("/step-")
    label = context.label(arm)
    return context.params.labels.get(name, f"{label}, step {step}" if step else label)


def _algorithm(arm: ReportedArm | None) -> str:
    """The objective as the literature spells it."""
    if arm is None:
        return "–"
    return ALGORITHMS[arm.algorithm.name].label


def _drop_empty_columns(table: HtmlTable) -> HtmlTable:
    """The table without the columns that hold nothing but dashes."""
    kept = [
        i for i in range(len(table.columns)) if any(to_text(row[i]) != "–" for row in table.rows)
    ]
    return replace(
        table,
        columns=[table.columns[i] for i in kept],
        rows=[[row[i] for i in kept] for row in table.rows],
        wide=frozenset(new for new, i in enumerate(kept) if i in table.wide),
    )


def _n(context: ReportContext, draw: str) -> str:
    """Samples per problem: the draw's own n, or for imported samples those found."""
    if (n := context.draws[draw].n) is not None:
        return str(n)
    counted = sorted({row["n"] for row in context.rows("pass_at_k", draw=draw)})
    return ", ".join(map(str, counted)) or "–"


def tabulate_sets(context: ReportContext) -> HtmlTable:
    """The sets, their sizes and filters."""
    rows: list[Cells] = []
    for name in context.every_set:
        sizes = context.rows("pass_at_k", set=name) or context.rows("greedy", set=name)
        size: TableCell = ["–"]
        if sizes:
            entry = sizes[0]
            key = {c: entry[c] for c in ("draw", "set", "k") if c in entry}
            table = "pass_at_k" if "k" in entry else "greedy"
            count = entry["problems"]
            size = [SourcedValue(str(count), count, cite(table, "problems", **key))]
        filters = _filters(context, name)
        if (view := context.analysis.views.get(name)) is not None:
            filters = [f"a view of {context.label(view.set)}"]
        rows.append([[context.label(name)], size, filters])
    return HtmlTable(["Set", "Problems", "Filters"], rows, frozenset({0, 2}))


def _filters(context: ReportContext, name: str) -> TableCell:
    """Each filter of a set with the problems before and after it, and why those left out are."""
    at = cite("validation", "filters", kind="problems")
    parts: list[Part] = []
    for step in context.filtered(name):
        before, after = (SourcedValue(str(n), n, at) for n in (step.rows_in, step.rows_out))
        kind = step.filter.replace("_", " ")
        why = f" ({step.reason})" if before.value != after.value else ""
        parts += ["; " if parts else "", f"{kind} ", before, " → ", after, why]
    filters = context.sets[name].filters if name in context.sets else ()
    return parts or [str(len(filters)) if filters else "none"]


def tabulate_arms(context: ReportContext) -> HtmlTable:
    """How every arm was trained."""
    columns = {
        "start": "Start model", "algorithm": "Algorithm", "set": "Training set", "steps": "Steps",
        "prompts": "Prompts a step", "rollouts": "Rollouts a prompt", "temperature": "Temperature",
        "learning_rate": "Learning rate", "beta": "KL weight",
    }  # fmt: skip
    rows: list[Cells] = []
    for name, arm in context.train.items():
        words = {key: _stated(getattr(arm, key)) for key in columns}
        words["algorithm"] = _algorithm(arm)
        words["start"] = _model(context, words["start"])
        words["set"] = context.label(words["set"])
        rows.append([[context.label(name)], *([text] for text in words.values())])
    return _drop_empty_columns(HtmlTable(["Arm", *columns.values()], rows, frozenset({0, 1, 2, 3})))


def fine_tuning_table(context: ReportContext) -> HtmlTable:
    """How every model was fine-tuned."""
    columns = {
        "start": "Start model", "demonstrations": "Demonstrations", "steps": "Updates",
        "batch": "Demonstrations an update", "learning_rate": "Learning rate",
    }  # fmt: skip
    rows: list[Cells] = []
    for name, arm in context.sft.items():
        words = {key: _stated(getattr(arm, key)) for key in columns}
        words["start"] = _model(context, words["start"])
        rows.append([[context.label(name)], *([text] for text in words.values())])
    return _drop_empty_columns(
        HtmlTable(["Fine-tuned", *columns.values()], rows, frozenset({0, 1, 2}))
    )


def _stated(value: object) -> str:
    """A parameter as it is, or a dash where the file does not say."""
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


SECTION = Section(
    title="Set-up",
    caption=(
        "From the study's parameters; set sizes from the count tables. Filters, in order: "
        "problems before and after each, and why the others went."
    ),
    reads=("pass_at_k", "greedy"),
    paper=PaperFigure(
        where="Table 1",
    ),
    tables=lambda context: [
        tabulate_draws(context),
        tabulate_sets(context),
        tabulate_arms(context),
        fine_tuning_table(context),
    ],
)
