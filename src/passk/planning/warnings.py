"""What a plan lacks: sets too small to decide a claim, engines and pins that are missing, disk."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

from passk.config.schema import Study
from passk.config.unready import list_unready
from passk.core.machine import Machine
from passk.planning.plans import StudyPlan
from passk.planning.problems import count_problems

# Problems that a claim needs before it can be decided, by its role under `report.claims`: below
# them "supported" cannot come out (measured in simulations, docs/paper.md).
NEEDED = {"rl": 125, "algorithms": 200, "kl": 130}
_WHAT = {
    "rl": "that RL solves (nearly) nothing that its start does not",
    "algorithms": "that algorithms differ little",
    "kl": "what a KL penalty costs at large k",
}
_OWN_ENVIRONMENT = ("vllm",)  # engines that the package itself does not bring
_GB = 1e9


def list_warnings(study: Study, plan: StudyPlan, machine: Machine, root: Path) -> Iterator[str]:
    """One line for each.

    Args:
        study: the parameters.
        plan: what it costs.
        machine: what this host has.
        root: the study's folder.
    """
    yield from _small_sets(study, root)
    yield from _unknown_sizes(plan)
    yield from _groups(plan)
    yield from _engines(study, machine)
    yield from _disk(plan, root)
    unready = list(list_unready(study))
    if unready:
        yield f"{len(unready)} models or files are missing; `passk check` lists them: {unready[0]}"


def _small_sets(study: Study, root: Path) -> Iterator[str]:
    for role, needed in NEEDED.items():
        small: dict[str, int] = {}
        for set_name in _claimed_sets(study, role):
            number = count_problems(study, set_name, root).number
            if number is not None and number < needed:
                small[set_name] = number
        if small:
            listed = ", ".join(f"{name} {number}" for name, number in small.items())
            yield (
                f"claims.{role}: {_WHAT[role]} needs about {needed} problems to be decided; "
                f"too few: {listed}"
            )


def _claimed_sets(study: Study, role: str) -> list[str]:
    """Sets on which the comparisons of a role are judged."""
    names = study.report.claims.get(role, study.report.comparisons if role == "rl" else [])
    groups = study.analysis.groups
    compared = [c for name in names for c in groups.get(name, [name])]
    entries = [study.analysis.comparisons[name] for name in compared]
    shared = [
        set_name
        for entry in entries
        for set_name in study.draws[entry.reference].sets
        if set_name in study.draws[entry.candidate].sets
    ]
    return list(dict.fromkeys(shared))


def _unknown_sizes(plan: StudyPlan) -> Iterator[str]:
    unknown = {
        part.name: None for draw in plan.draws for part in draw.sets if part.problems is None
    }
    if unknown:
        yield (
            f"sets {', '.join(unknown)}: nothing says how many problems they have, and they count "
            "as none; get their files, or run their stages benchmark and filter"
        )
    unfit = [
        draw.name
        for draw in plan.draws
        if draw.speed_from.startswith("does not fit") and not draw.advice
    ]
    if unfit:
        yield (
            f"draws {', '.join(unfit)}: the model does not fit 8 GPUs {plan.gpu}; take larger ones"
        )


def _groups(plan: StudyPlan) -> Iterator[str]:
    """Draws that another number of GPUs for one copy of the model makes far cheaper."""
    for draw in plan.draws:
        if draw.advice:
            stated = "they do not fit" if draw.gpu_hours is None else f"{draw.gpu_hours:,.1f}"
            yield f"draws.{draw.name}: {draw.advice}; as stated {stated}"


def _engines(study: Study, machine: Machine) -> Iterator[str]:
    for engine in _OWN_ENVIRONMENT:
        draws = [name for name, draw in study.draws.items() if draw.engine == engine]
        arms = [name for name, arm in study.train.items() if arm.engine == engine]
        importable = importlib.util.find_spec(engine) is not None
        if draws and engine not in machine.engines and not importable:
            yield (
                f"engine {engine} of {len(draws)} draws: not installed here, and machine.yaml "
                f"names no python or container for it (engines: {{{engine}: {{python: ...}}}})"
            )
        if arms and not importable:
            yield (
                f"engine {engine} of {len(arms)} arms: it rolls out in the training process, whose "
                "environment here has none; train where it is installed, or take another engine"
            )


def _disk(plan: StudyPlan, root: Path) -> Iterator[str]:
    models = plan.totals["models_bytes"]
    needed, free = plan.totals["samples_bytes"] + models, shutil.disk_usage(root).free
    if needed > free:
        yield (
            f"disk: about {needed / _GB:,.0f} GB are needed ({models / _GB:,.0f} for models), and "
            f"{free / _GB:,.0f} GB are free in {root.resolve()}"
        )
