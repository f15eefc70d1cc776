"""Tables of the page: rows of cells, each number with its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from passk.models.naming import parse
from passk.report.claims import crossing_parts, interval
from passk.report.material import Material, ordered
from passk.report.numbers import Number, Part, decimal, plain, shares_of_resamples, source

Cell = Sequence[Part]  # a sentence

FRAMEWORK = "TRL"  # passk.training subclasses its GRPOTrainer
CATEGORIES = {
    "both": "both",
    "base_only": "base only",
    "rl_only": "RL only",
    "neither": "neither",
}


@dataclass(frozen=True)
class View:
    """A table as it is shown.

    Attributes:
        columns: headings.
        rows: a cell per column.
        wide: columns that stand left and may wrap (words rather than numbers).
        details: (summary, text) pairs to unfold below the table.
        folded: a summary behind which the table itself is folded.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    wide: frozenset[int] = frozenset({0})
    details: Sequence[tuple[str, str]] = field(default_factory=tuple)
    folded: str = ""


def pass_at_k(material: Material) -> View:
    """Every point of the curves, draws as columns."""
    draws = material.curves
    rows = []
    for name in material.set_names:
        cells = {
            draw: {row["k"]: row for row in material.rows("pass_at_k", draw=draw, set=name)}
            for draw in draws
        }
        for k in sorted({k for found in cells.values() for k in found}):
            row: list[Cell] = [[material.label(name)], [str(k)]]
            row += [_point(cells[draw].get(k), draw, name) for draw in draws]
            rows.append(row)
    columns = ["Set", "k", *(material.looks[draw].label for draw in draws)]
    return View(columns, rows, folded="All points as numbers")


def _point(row: Mapping[str, Any] | None, draw: str, name: str) -> Cell:
    if row is None:
        return ["–"]
    return interval("pass_at_k", "pass_at_k", row, {"draw": draw, "set": name, "k": row["k"]})


def crossover(material: Material) -> View:
    """The crossover, and the difference at both ends, per pair and set."""
    rows = []
    for pair, name, found in material.pairs_and_sets("difference"):
        points = ordered(found, "k")
        ends = [points[0], points[-1]]
        row: list[Cell] = [[material.pair_label(pair)], [material.label(name)]]
        for end in ends:
            key = {"pair": pair, "set": name, "k": end["k"]}
            value = interval("difference", "difference", end, key, signed=True)
            row.append([f"k = {end['k']}: ", *value])
        crossing = material.row("crossover", pair=pair, set=name)
        crossed = crossing_parts(crossing, ends[-1]["k"]) if crossing else ["–"]
        row.append(shares_of_resamples(crossed, material.analysis.bootstrap.resamples))
        rows.append(row)
    columns = ["Pair", "Set", "RL − base, smallest k", "RL − base, largest k", "Crossover"]
    return View(columns, rows, frozenset({0, 1, 4}))


def coverage(material: Material) -> View:
    """Which problems both, one or neither solve, with their indices."""
    rows = []
    for pair, name, found in material.pairs_and_sets("coverage"):
        row: list[Cell] = [[material.pair_label(pair)], [material.label(name)]]
        by_category = {r["category"]: r for r in found}
        for category in CATEGORIES:
            entry = by_category.get(category)
            if entry is None:
                row.append(["–"])
                continue
            key = {"pair": pair, "set": name, "category": category}
            row.append(
                [
                    Number(str(entry["problems"]), entry["problems"],
                           source("coverage", "problems", **key)),
                    " (",
                    Number(f"{entry['share']:.1%}", entry["share"],
                           source("coverage", "share", **key)),
                    ")",
                ]
            )  # fmt: skip
        rows.append(row)
    titles = [title[0].upper() + title[1:] for title in CATEGORIES.values()]
    return View(["Pair", "Set", *titles], rows, frozenset({0, 1}))


def indices(material: Material) -> View:
    """The problems of each category by their index."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.pairs_and_sets("coverage"):
        for entry in sorted(found, key=lambda row: list(CATEGORIES).index(row["category"])):
            listed = " ".join(map(str, entry["indices"])) or "none"
            words = [material.pair_label(pair), material.label(name), CATEGORIES[entry["category"]]]
            rows.append([*([word] for word in words), [listed]])
    columns = ["Pair", "Set", "Solved by", "Indices"]
    return View(columns, rows, frozenset({0, 1, 2, 3}), folded="The problems by index")


def greedy(material: Material) -> View:
    """Greedy accuracy beside pass@1 of the same model's sampled draw."""
    rows = []
    for name in material.set_names:
        for entry in material.rows("greedy", set=name):
            draw = entry["draw"]
            if draw not in material.draws:
                continue
            key = {"draw": draw, "set": name}
            row: list[Cell] = [[material.looks[draw].label], [material.label(name)]]
            row.append(interval("greedy", "accuracy", entry, key))
            sampled = [
                (other, found)
                for other in material.draws
                if material.draws[other]["model"] == entry["model"]
                and (found := material.row("pass_at_k", draw=other, set=name, k=1)) is not None
            ]
            row.append(_point(sampled[0][1], sampled[0][0], name) if sampled else ["–"])
            rows.append(row)
    return View(["Greedy draw", "Set", "Greedy accuracy", "pass@1"], rows, frozenset({0, 1}))


def efficiency(material: Material) -> View:
    """The sampling efficiency gap, per pair and set."""
    rows: list[list[Cell]] = []
    for pair, name, found in material.pairs_and_sets("efficiency"):
        for entry in ordered(found, "k"):
            key = {"pair": pair, "set": name, "k": entry["k"]}
            value = interval("efficiency", "dse", entry, key, signed=True)
            rows.append(
                [[material.pair_label(pair)], [material.label(name)], [str(entry["k"])], value]
            )
    columns = ["Pair", "Set", "k", "ΔSE = pass@k(base) − pass@1(RL)"]
    return View(columns, rows, frozenset({0, 1}))


def bounds(material: Material) -> View:
    """What unknown verdicts could change: pass@k if all of them were correct."""
    rows: list[list[Cell]] = []
    for draw in material.curves:
        for name in material.set_names:
            for entry in material.ends(draw, name):
                key = {"draw": draw, "set": name, "k": entry["k"]}
                low, high = (
                    Number(decimal(entry[c]), entry[c], source("pass_at_k", c, **key))
                    for c in ("pass_at_k", "bound_high")
                )
                rows.append(
                    [[material.looks[draw].label], [material.label(name)], [str(entry["k"])],
                     [low], [high]]
                )  # fmt: skip
    columns = ["Draw", "Set", "k", "Unknown as not solved", "Unknown as solved"]
    return View(columns, rows, frozenset({0, 1}))


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
                [_algorithm(trained)],
                [FRAMEWORK if trained else "–"],
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
    start = material.train.get(arm, {}).get("start")
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
    name = str(arm["algorithm"]["name"])
    return {"remax": "ReMax", "pass_at_k": "pass@k"}.get(name, name.upper())


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
    for name in material.set_names:
        sizes = material.rows("pass_at_k", set=name) or material.rows("greedy", set=name)
        size: Cell = ["–"]
        if sizes:
            entry = sizes[0]
            key = {c: entry[c] for c in ("draw", "set", "k") if c in entry}
            table = "pass_at_k" if "k" in entry else "greedy"
            count = entry["problems"]
            size = [Number(str(count), count, source(table, "problems", **key))]
        filters = material.sets.get(name, {}).get("filters") or []
        rows.append([[material.label(name)], size, [str(len(filters)) if filters else "none"]])
    return View(["Set", "Problems", "Filters"], rows)


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
        rows.append([[material.arms[name].label], *([text] for text in said.values())])
    return _filled(View(["Arm", *shown.values()], rows, frozenset({0, 1, 2, 3})))


def validation(material: Material) -> View:
    """What was checked across tables before the analyses ran."""
    rows: list[list[Cell]] = []
    details = []
    for kind, suite in material.validation.items():
        checks = suite["expectations"]
        passed = sum(check["success"] for check in checks)
        at = source("validation", "expectations", kind=kind)
        rows.append(
            [
                [kind],
                [Number(f"{passed} of {len(checks)}", passed, at)],
                ["passed" if suite["success"] else "FAILED"],
            ]
        )
        listed = "; ".join(
            f"{'✓' if check['success'] else '✗'} {check['name']}" for check in checks
        )
        details.append((f"{kind}: what is expected", listed))
    return View(["Suite", "Expectations met", "Result"], rows, frozenset({0, 2}), details)


def _said(value: object) -> str:
    """A parameter as it is, or a dash where the file does not say."""
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
