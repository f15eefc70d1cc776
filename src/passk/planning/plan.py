"""The plan of a study: what each draw, arm and model costs, and what a draw's sizes buy.

Formulas, with tokens from `lengths`, problems from `problems`, tokens a second from `throughput`:

    GPU hours of a draw       samples still to draw x tokens / tokens a second
    GPU hours of an arm       rollouts x tokens / tokens a second, and training: 6 operations a
                              weight and token for adapters (forward, forward again, backward), 8
                              for all weights, 2 more with a KL term
    disk                      blocks 12 bytes a token, tables 3 bytes a token and 300 a sample;
                              tables and models twice, in the folder and in DVC's cache

Prompts are read once for each problem and cost little beside responses: they count in the length
of a sequence, and not as tokens.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import NamedTuple

import polars as pl

from passk.config import paths
from passk.config.checks.lengths import find_origin
from passk.config.checks.names import arm_of
from passk.config.schema import Study
from passk.planning.lengths import ResponseLengths, domain_of
from passk.planning.plans import ArmPlan, ComparisonPlan, DrawPlan, SetPlan, StudyPlan
from passk.planning.precision import expected_variance, half_width, measured_variance
from passk.planning.priors import read_priors
from passk.planning.problems import count_problems, source_of
from passk.planning.throughput import ModelSize, Throughput
from passk.sampling.engines.registry import ENGINES

_HOUR = 3600.0
_MUCH_LESS = 0.7  # of the hours: another group of GPUs is advised
_COPIES = 2  # of models and tables: in the folder, and in DVC's cache


def plan(
    study: Study,
    throughput: Throughput,
    root: Path = Path(),
    recorded: Mapping[str, float] | None = None,
) -> StudyPlan:
    """The plan of a study, by its tables where they are there.

    Args:
        study: the parameters.
        throughput: of the GPU.
        root: the study's folder.
        recorded: stage -> seconds that it took, for models that no GPU is needed for.
    """
    planner = _Planner(study, throughput, root, ResponseLengths(study, root), recorded or {})
    draws = [planner.draw(name) for name in study.draws]
    arms = [planner.arm(name) for name in study.train]
    sizes = {name: throughput.size(entry.source) for name, entry in study.fetch.items()}
    models = {
        name: None if size is None else 2.0 * size.weights * _COPIES for name, size in sizes.items()
    }
    level, compared = study.analysis.bootstrap.level, list(_compare(study, draws))
    made = StudyPlan(study.study, throughput.gpu, level, draws, arms, compared, models)
    made.totals.update(_totals(made))
    return made


def _compare(study: Study, draws: Iterable[DrawPlan]) -> Iterator[ComparisonPlan]:
    """Differences of every comparison on the sets that it shares, as if both were unrelated."""
    parts = {draw.name: {part.name: part for part in draw.sets} for draw in draws}
    for name, entry in study.analysis.comparisons.items():
        one, other = parts[entry.reference], parts[entry.candidate]
        for set_name in (part for part in one if part in other):
            pair = (one[set_name].half_widths, other[set_name].half_widths)
            widths = {k: hypot(pair[0][k], pair[1][k]) for k in pair[0] if k in pair[1]}
            yield ComparisonPlan(name, set_name, one[set_name].problems, widths)


def _totals(made: StudyPlan) -> dict[str, float]:
    """Sums over draws, arms and models; what is unknown is not in them."""
    return {
        "samples": sum(draw.samples for draw in made.draws),
        "tokens": sum(draw.tokens for draw in made.draws),
        "sampling_gpu_hours": _sum(draw.gpu_hours for draw in made.draws),
        "rollouts": sum(arm.rollouts for arm in made.arms),
        "rollout_tokens": sum(arm.tokens for arm in made.arms),
        "rollout_gpu_hours": _sum(arm.sampling_hours for arm in made.arms),
        "training_gpu_hours": _sum(arm.training_hours for arm in made.arms),
        "judging_core_hours": sum(draw.judging_hours for draw in made.draws),
        "samples_bytes": sum(draw.disk for draw in made.draws),
        "models_bytes": _sum(made.models.values()) + sum(arm.disk for arm in made.arms),
    }


def _sum(values: Iterable[float | None]) -> float:
    return sum(value for value in values if value is not None)


class _Cost(NamedTuple):
    """GPU hours on groups of GPUs; None: they do not fit, or none is needed."""

    hours: float | None
    gpus: int
    source: str


_NO_GPU = _Cost(None, 0, "no GPU")


@dataclass(frozen=True)
class _Planner:
    study: Study
    throughput: Throughput
    root: Path
    lengths: ResponseLengths
    recorded: Mapping[str, float]

    def past(self, stage: str) -> float | None:
        """Hours that a stage took when it ran."""
        seconds = self.recorded.get(stage)
        return None if seconds is None else seconds / _HOUR

    def size(self, model: str) -> ModelSize | None:
        """The size of a model that was fetched, or trained from one; None for others."""
        fetched = self.study.fetch.get(find_origin(self.study, arm_of(model)))
        return None if fetched is None else self.throughput.size(fetched.source)

    def draw(self, name: str) -> DrawPlan:
        entry = self.study.draws[name]
        sets = [self.on_set(name, set_name) for set_name in entry.sets]
        drawn = ENGINES[entry.engine].blocks is not None
        size = self.size(entry.model) if drawn else None
        sizes = read_priors().bytes
        tokens = sum(part.samples * part.tokens for part in sets)
        table = tokens * sizes["table_token"] + sum(p.samples for p in sets) * sizes["sample"]
        cost = _NO_GPU if size is None else self.on_gpus(size, sets, entry.tensor_parallel)
        best = _NO_GPU if size is None else self.on_gpus(size, sets, None)
        advice = ""
        if best.hours is not None and (cost.hours is None or best.hours < _MUCH_LESS * cost.hours):
            advice = f"tensor_parallel: {best.gpus} takes {best.hours:,.1f} GPU hours"
        return DrawPlan(
            name, entry.model, entry.engine, entry.n, sets, cost.hours, cost.gpus, cost.source,
            advice, sum(self.judging(part) for part in sets),
            tokens * sizes["block_token"] * drawn + table * _COPIES, self.past(f"sample@{name}"),
        )  # fmt: skip

    def on_gpus(self, size: ModelSize, sets: Iterable[SetPlan], gpus: int | None) -> "_Cost":
        """What is left to draw, on groups of so many GPUs; None: on the best ones."""
        cost = _Cost(0.0, gpus or 1, "")
        for part in sets:
            length = self.prompt(part.name) + part.tokens / 2
            speed = self.throughput.decoding(size, length, gpus)
            if speed is None:
                return _Cost(None, gpus or 0, f"does not fit {self.throughput.gpu}")
            hours = (cost.hours or 0.0) + part.left / speed.tokens / _HOUR
            cost = _Cost(hours, max(cost.gpus, speed.gpus), speed.source)
        return cost

    def on_set(self, draw: str, name: str) -> SetPlan:
        problems = count_problems(self.study, name, self.root)
        guess = self.lengths.response(draw, name)
        held = self.lengths.drawn.get((draw, name))
        n = self.study.draws[draw].n
        samples = (problems.number or 0) * n if n else held.samples if held else 0
        widths, words = self.widths(draw, name, problems.number)
        return SetPlan(
            name, problems.number, problems.source, samples, held.samples if held else 0,
            guess.tokens, guess.source, widths, words,
        )  # fmt: skip

    def widths(self, draw: str, name: str, problems: int | None) -> tuple[dict[int, float], str]:
        """K -> half-width at k = 1 and k = n, by counts that are there or by the prior."""
        level, n = self.study.analysis.bootstrap.level, self.study.draws[draw].n
        path = self.root / paths.counts(self.study.study, draw)
        if path.exists():
            table = pl.read_parquet(path, columns=["set", "n", "c"]).filter(pl.col("set") == name)
            if not table.is_empty():
                counted, correct = table["n"].to_numpy(), table["c"].to_numpy()
                most = int(counted.min())
                return {
                    k: half_width(measured_variance(counted, correct, k), table.height, level)
                    for k in dict.fromkeys((1, most))
                }, "measured"
        if problems is None or n is None:
            return {}, "unknown"
        a, b = read_priors().shape(source_of(self.study, name))
        return {
            k: half_width(expected_variance(n, k, a, b), problems, level)
            for k in dict.fromkeys((1, n))
        }, f"prior, Beta({a:.2f}, {b:.2f})"

    def prompt(self, set_name: str) -> float:
        return float(read_priors().prompts[domain_of(self.study, set_name)])

    def judging(self, part: SetPlan) -> float:
        seconds = read_priors().judging.get(domain_of(self.study, part.name), 0.0)
        return part.samples * seconds / _HOUR

    def arm(self, name: str) -> ArmPlan:
        entry = self.study.train[name]
        guess = self.lengths.rollout(name)
        # ReMax draws a greedy response beside each group, DAPO up to so many rounds of them
        rounds = getattr(entry.algorithm, "rounds", 1)
        group = entry.rollouts + (entry.algorithm.name == "remax")
        rollouts = entry.steps * entry.prompts * group * rounds
        trained = entry.steps * entry.prompts * entry.rollouts * guess.tokens
        size = self.size(entry.start)
        if size is None:
            return ArmPlan(name, entry.steps, rollouts, rollouts * guess.tokens, guess.source,
                           None, None, 0.0, self.past(f"train@{name}"))  # fmt: skip
        share = entry.engine_options.gpu_share() if entry.engine_options else None
        length = self.prompt(entry.set) + guess.tokens / 2
        speed = self.throughput.decoding(size, length, 1, share)
        passes = (6.0 if entry.lora else 8.0) + 2.0 * (entry.beta > 0)
        seconds = self.throughput.training_seconds(size, trained * entry.num_iterations, passes)
        return ArmPlan(
            name, entry.steps, rollouts, rollouts * guess.tokens, guess.source,
            None if speed is None else rollouts * guess.tokens / speed.tokens / _HOUR,
            seconds / _HOUR,
            4.0 * size.weights * len(entry.checkpoints) * _COPIES,  # saved in float32
            self.past(f"train@{name}"),
        )  # fmt: skip
