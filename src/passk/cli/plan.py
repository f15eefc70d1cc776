"""`passk plan`: samples, tokens, GPU hours, disk and interval widths, before anything runs."""

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from passk.config.composition import compose
from passk.config.composition_sources import STUDY
from passk.config.paths import PARAMS
from passk.config.study import Study, check_study
from passk.core.machine import read_machine
from passk.core.yaml_files import ParameterError, read
from passk.planning.plan import plan
from passk.planning.plans import ArmPlan, ComparisonPlan, DrawPlan, StudyPlan
from passk.planning.throughput import throughput
from passk.planning.warnings import list_warnings
from passk.provenance.ledger import read_ledger

_WIDTH = 200  # of a table that is not shown on a terminal


def main(
    path: Annotated[Path, typer.Argument(help="A parameter file, or a study.yaml.")] = PARAMS,
    gpu: Annotated[
        str, typer.Option(help="GPU that hours are of: A100-40, A100, H100, H200, L40S.")
    ] = "H100",
    speeds: Annotated[
        Path | None,
        typer.Option(
            "--throughput",
            metavar="FILE",
            help="YAML file of your own figures, tokens a second and GPU by billions of weights: "
            "'7': 9000. They come before those of machine.yaml (`throughput`).",
        ),
    ] = None,
    differences: Annotated[
        bool,
        typer.Option("--comparisons", help="Say how wide a difference's interval can be at most."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all numbers, with where each is from.")
    ] = False,
) -> None:
    """Say what a study costs and what its sizes buy, before the first hour is spent.

    For each draw: problems, samples, tokens, GPU hours, disk, and half the width of the intervals
    of pass@1 and of pass@k at k = n; for each arm its rollouts and hours. Tokens and variances are
    those of finished tables where there are some, else priors, marked with `~`. Nothing runs, and
    no model is needed.

    Hours of GPUs follow from data sheets (src/passk/planning/throughput.yaml) unless you state what
    you measured: trust them to a factor of two or three. docs/paper.md has the formulas.

    Example: passk plan

    Example: passk plan studies/paper/study.yaml --gpu H200

    Example: passk plan --json | jq .totals
    """
    root = path.parent
    machine = read_machine(root)
    measured = {**machine.throughput, **_speeds(speeds)}
    values = compose(path) if path.name == STUDY else read(path)
    with contextlib.chdir(root):
        study = check_study(values, str(path))
        past = {r.stage: r.execution.seconds for r in read_ledger().records.values()}
        made = plan(study, throughput(gpu, _by_size(measured)), Path(), past)
        made.warnings.extend(list_warnings(study, made, machine, Path()))
    if as_json:
        typer.echo(json.dumps(_nulls(asdict(made)), indent=2))
        return
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _WIDTH
    _show(console, made, study, differences=differences)


def _speeds(path: Path | None) -> Mapping[str, float]:
    """Figures of a file.

    Raises:
        ParameterError: it is unreadable, or holds something else.
    """
    if path is None:
        return {}
    values = read(path)
    for key, value in values.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
            raise ParameterError(
                f"{path}: {key} = {value!r}: legal: tokens a second and GPU, above 0"
            )
    return {str(key): float(value) for key, value in values.items()}


def _by_size(measured: Mapping[str, float]) -> dict[float, float]:
    """Sizes as numbers: `7` and `7B` are one.

    Example:
        >>> _by_size({"7B": 9000, "0.5": 60000})
        {7.0: 9000, 0.5: 60000}
    """
    sizes = {}
    for key, value in measured.items():
        try:
            sizes[float(key.upper().removesuffix("B"))] = value
        except ValueError:
            raise ParameterError(
                f"throughput.{key}: legal: billions of weights as in a model's name, such as '7'"
            ) from None
    return sizes


def _nulls(value: Any) -> Any:  # noqa: ANN401
    """Values with null for what is not a number: JSON has no NaN."""
    if isinstance(value, dict):
        return {str(key): _nulls(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_nulls(entry) for entry in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


def _show(console: Console, made: StudyPlan, study: Study, *, differences: bool) -> None:
    console.print(f"{made.study}: GPU hours of {made.gpu}; ~ prior, = measured\n")
    console.print(_draw_table(made.draws))
    if made.arms:
        console.print(_arm_table(made.arms))
    if differences:
        console.print(_comparison_table(made.comparisons, made.level))
    console.print(describe_totals(made))
    declined = [name for name, entry in study.report.experiments.items() if not entry.is_run]
    if declined:
        console.print(f"not run, see report.experiments: {', '.join(declined)}")
    for warning in made.warnings:
        console.print(f"warning: {warning}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < 2 else "right")
    return table


def _draw_table(draws: Iterable[DrawPlan]) -> Table:
    table = _table(
        "draw", "set", "problems", "n", "samples", "held", "tokens each", "tokens", "± pass@1",
        "± pass@n", "GPUs", "GPU hours", "GB",
    )  # fmt: skip
    for draw in draws:
        for index, part in enumerate(draw.sets):
            widths = [*part.half_widths.values(), None, None][:2] if part.half_widths else []
            last = index == len(draw.sets) - 1
            table.add_row(
                draw.name if index == 0 else "",
                part.name,
                _whole(part.problems),
                _whole(draw.n),
                _large(part.samples),
                _large(part.held) if part.held else "",
                f"{_mark(part.tokens_from)}{part.tokens:,.0f}",
                _large(part.samples * part.tokens),
                *(_width(width, part.variance_from) for width in [*widths, None, None][:2]),
                str(draw.gpus) if last and draw.gpus else "",
                _hours(draw.gpu_hours, draw.recorded_hours) if last else "",
                f"{draw.disk / 1e9:,.1f}" if last else "",
            )
    return table


def _arm_table(arms: Iterable[ArmPlan]) -> Table:
    table = _table(
        "arm", "", "steps", "rollouts", "tokens each", "tokens", "GPU hours, rollouts",
        "GPU hours, training", "GB",
    )  # fmt: skip
    for arm in arms:
        table.add_row(
            arm.name, "", _whole(arm.steps), _large(arm.rollouts),
            f"{_mark(arm.tokens_from)}{arm.tokens / arm.rollouts:,.0f}", _large(arm.tokens),
            _hours(arm.sampling_hours, arm.recorded_hours), _hours(arm.training_hours, None),
            f"{arm.disk / 1e9:,.0f}",
        )  # fmt: skip
    return table


def _comparison_table(comparisons: Iterable[ComparisonPlan], level: float) -> Table:
    table = _table("comparison", "set", "problems", "± at k = 1", "± at k = n")
    table.title = f"half of a difference's {level:.0%} interval, at most"
    table.title_justify = "left"
    for entry in comparisons:
        widths = [f"{width:.3f}" for width in entry.half_widths.values()]
        table.add_row(entry.name, entry.set, _whole(entry.problems), *widths[:2])
    return table


def describe_totals(made: StudyPlan) -> str:
    """The sums in one line."""
    t = made.totals
    parts = [
        f"in total: {_large(t['samples'])} samples of {_large(t['tokens'])} tokens",
        f"{t['sampling_gpu_hours']:,.0f} GPU hours to draw them",
    ]
    if made.arms:
        parts.append(
            f"{_large(t['rollouts'])} rollouts of {_large(t['rollout_tokens'])} tokens, "
            f"{t['rollout_gpu_hours']:,.0f} GPU hours to draw and {t['training_gpu_hours']:,.0f} "
            "to train"
        )
    parts.append(f"{t['judging_core_hours']:,.0f} core hours to judge")
    parts.append(
        f"{(t['samples_bytes'] + t['models_bytes']) / 1e9:,.0f} GB of disk "
        f"({t['models_bytes'] / 1e9:,.0f} of models)"
    )
    return "; ".join(parts)


def _mark(words: str) -> str:
    """Whether a number is a prior or was measured."""
    return "~" if words.startswith("prior") else "="


def _width(width: float | None, words: str) -> str:
    return "" if width is None or width != width else f"{_mark(words)}{width:.3f}"  # noqa: PLR0124


def _whole(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _large(number: float) -> str:
    """A number in three digits or so.

    Example:
        >>> _large(950), _large(354048), _large(1.99e8), _large(2.3e10)
        ('950', '354 k', '199 M', '23.0 G')
    """
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if number >= size:
            scaled = number / (1e3 if unit == " k" else size)
            return f"{scaled:.1f}{unit}" if scaled < 100 else f"{scaled:.0f}{unit}"
    return f"{number:,.0f}"


def _hours(gpu: float | None, recorded: float | None) -> str:
    """GPU hours, or the time that a stage took on this machine's processors."""
    if gpu is not None:
        return f"{gpu:,.1f}"
    return "–" if recorded is None else f"({recorded * 60:,.0f} min)"
