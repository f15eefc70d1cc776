"""Tables of the set-up: draws, sets, arms, as the parameters state them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from passk.models.naming import parse
from passk.report.material import Material
from passk.report.numbers import Number, Part, plain, source
from passk.report.tables import Cell, View
from passk.training.algorithms.registry import ALGORITHMS

FRAMEWORK = "TRL"  # passk.training subclasses its trainers


def draws(material: Material) -> View:
    """How every draw was sampled."""
    rows: list[list[Cell]] = []
    for name, entry in material.draws.items():
        arm = parse(str(entry["model"])).arm
        trained = material.train.get(arm, {})
        rows.append(
            [
                [material.looks[name].label],
                [_model(material, str(entry["model"]))],
                [_start(material, arm)],
                ["SFT" if arm in material.sft else _algorithm(trained)],
                [FRAMEWORK if trained or arm in material.sft else "–"],
                [_n(material, name)],
                [_said(entry.get("temperature"))],
                [_said(entry.get("top_p"))],
                [_said(entry.get("max_new_tokens"))],
                [_said(entry.get("template"))],
                [_said(entry.get("engine"))],
            ]
        )
    columns = [
        "Draw", "Model", "Start model", "Algorithm", "Framework", "n", "Temperature", "Top-p",
        "New tokens", "Template", "Engine",
    ]  # fmt: skip
    return _filled(View(columns, rows, frozenset({0, 1, 2, 3, 4, 9, 10})))


def _start(material: Material, arm: str) -> str:
    """What a model was trained from."""
    if arm in material.pretrain:
        return "from scratch"
    start = {**material.sft, **material.train}.get(arm, {}).get("start")
    return "–" if start is None else _model(material, str(start))


def _model(material: Material, name: str) -> str:
    """A model as its arm is called, with its step."""
    arm, _, step = name.partition("/step-")
    label = material.label(arm)
    return material.params.labels.get(name, f"{label}, step {step}" if step else label)


def _algorithm(arm: Mapping[str, Any]) -> str:
    """The objective as the literature spells it."""
    if not arm:
        return "–"
    return ALGORITHMS[str(arm["algorithm"]["name"])].label


def _filled(view: View) -> View:
    """The table without the columns that hold nothing but dashes."""
    kept = [i for i in range(len(view.columns)) if any(plain(row[i]) != "–" for row in view.rows)]
    return replace(
        view,
        columns=[view.columns[i] for i in kept],
        rows=[[row[i] for i in kept] for row in view.rows],
        wide=frozenset(place for place, i in enumerate(kept) if i in view.wide),
    )


def _n(material: Material, draw: str) -> str:
    """Samples per problem: the draw's own n, or for imported samples those found."""
    if (asked := material.draws[draw].get("n")) is not None:
        return str(asked)
    found = sorted({row["n"] for row in material.rows("pass_at_k", draw=draw)})
    return ", ".join(map(str, found)) or "–"


def benchmarks(material: Material) -> View:
    """The sets, their sizes and filters."""
    rows: list[list[Cell]] = []
    for name in material.every_set:
        sizes = material.rows("pass_at_k", set=name) or material.rows("greedy", set=name)
        size: Cell = ["–"]
        if sizes:
            entry = sizes[0]
            key = {c: entry[c] for c in ("draw", "set", "k") if c in entry}
            table = "pass_at_k" if "k" in entry else "greedy"
            count = entry["problems"]
            size = [Number(str(count), count, source(table, "problems", **key))]
        said = _filters(material, name)
        if (view := material.analysis.views.get(name)) is not None:
            said = [f"a view of {material.label(view.set)}"]
        rows.append([[material.label(name)], size, said])
    return View(["Set", "Problems", "Filters"], rows, frozenset({0, 2}))


def _filters(material: Material, name: str) -> Cell:
    """Each filter of a set with the problems before and after it, and why those left out are."""
    at = source("validation", "filters", kind="problems")
    parts: list[Part] = []
    for step in material.filtered(name):
        before, after = (
            Number(str(step[column]), step[column], at) for column in ("rows_in", "rows_out")
        )
        kind = str(step["filter"]).replace("_", " ")
        why = f" ({step['reason']})" if before.value != after.value else ""
        parts += ["; " if parts else "", f"{kind} ", before, " → ", after, why]
    filters = material.sets.get(name, {}).get("filters") or []
    return parts or [str(len(filters)) if filters else "none"]


def arms(material: Material) -> View:
    """How every arm was trained."""
    shown = {
        "start": "Start model", "algorithm": "Algorithm", "set": "Training set", "steps": "Steps",
        "prompts": "Prompts a step", "rollouts": "Rollouts a prompt", "temperature": "Temperature",
        "learning_rate": "Learning rate", "beta": "KL weight",
    }  # fmt: skip
    rows: list[list[Cell]] = []
    for name, arm in material.train.items():
        said = {key: _said(arm.get(key)) for key in shown}
        said["algorithm"] = _algorithm(arm)
        said["start"] = _model(material, said["start"])
        said["set"] = material.label(said["set"])
        rows.append([[material.label(name)], *([text] for text in said.values())])
    return _filled(View(["Arm", *shown.values()], rows, frozenset({0, 1, 2, 3})))


def finetuned(material: Material) -> View:
    """How every model was fine-tuned."""
    shown = {
        "start": "Start model", "demonstrations": "Demonstrations", "steps": "Updates",
        "batch": "Demonstrations an update", "learning_rate": "Learning rate",
    }  # fmt: skip
    rows: list[list[Cell]] = []
    for name, arm in material.sft.items():
        said = {key: _said(arm.get(key)) for key in shown}
        said["start"] = _model(material, said["start"])
        rows.append([[material.label(name)], *([text] for text in said.values())])
    return _filled(View(["Fine-tuned", *shown.values()], rows, frozenset({0, 1, 2})))


def _said(value: object) -> str:
    """A parameter as it is, or a dash where the file does not say."""
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
