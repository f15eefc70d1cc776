"""Do intervals cover, and do claims' rules err as seldom as they say? By simulation, vectorised.

    python benchmarks/inference.py          # 2,000 replicates, ten minutes on one core
    python benchmarks/inference.py --replicates 200 --only subset differences

Four parts, each a table:
- `curves`: coverage of pass@k at 30 problems by k, over populations; as the bootstrap gives limits,
  and as the page shows them (never falling with k). Counted as passed or failed where the true
  pass@k lies in [.15, .85]; reported elsewhere.
- `differences`: how often two draws of one model are told apart, by k, by the interval alone and by
  interval and sign flips as claims judge it, and at k = n by McNemar's mid-p.
- `subset`: claim 2's rule for two draws of one model, also at 500 hard problems, and where it is
  true and false.
- `rules`: that every rule comes out each way on constructed data.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import polars as pl
from tqdm import tqdm

from passk.analysis.bootstrap import bootstrap_curve, draw_problems
from passk.analysis.evaluation_groups import group_counts
from passk.analysis.proportions import mcnemar_mid_p, sign_flip_p
from passk.analysis.questions import coverage, crossover, difference, spread
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.settings import Analysis
from passk.report.claims.registry import CLAIMS
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDABLE,
    UNDECIDED,
    ClaimSubjects,
)

LEVEL, INSIDE = 0.95, (0.15, 0.85)
VERDICTS = (SUPPORTED, NOT_SUPPORTED, UNDECIDED, UNDECIDABLE)
Population = Callable[[int, np.random.Generator], np.ndarray]
POPULATIONS: dict[str, Population] = {
    "Beta(.3, 1.2)": lambda m, rng: rng.beta(0.3, 1.2, m),
    "Beta(.2, .3), 20% never": lambda m, rng: rng.beta(0.2, 0.3, m) * (rng.random(m) > 0.2),
    "Beta(1, 1.5)": lambda m, rng: rng.beta(1, 1.5, m),
    "Beta(.1, 8)": lambda m, rng: rng.beta(0.1, 8, m),
    "Beta(.5, 20), 30% never": lambda m, rng: rng.beta(0.5, 20, m) * (rng.random(m) > 0.3),
}
SOLVERS: dict[str, Population] = {  # of solvable problems, and of hard ones
    "Beta(.1, 8)": POPULATIONS["Beta(.1, 8)"],
    "Beta(.3, 1.2)": POPULATIONS["Beta(.3, 1.2)"],
    "all p = 2/128": lambda m, rng: np.full(m, 2 / 128),
}
K = [1, 2, 4, 8, 16, 32, 64, 128]
N = 128


def main() -> None:
    """Run the parts that are asked for, and print their tables."""
    parts = {
        "curves": cover_curves, "differences": tell_apart, "subset": judge_subsets,
        "rules": come_out,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    options = parser.parse_args()
    for name in options.only:
        start = time.process_time()
        parts[name](options.replicates)
        print(f"{name}: {time.process_time() - start:.0f} s of processor time\n", flush=True)


def cover_curves(replicates: int, problems: int = 30, resamples: int = 500) -> None:
    """Share of intervals that hold the true pass@k, pointwise and as shown."""
    print(f"coverage of pass@k, {problems} problems, n = {N}, {replicates} replicates")
    print(f"{'population':<24} {'k':>4} {'true':>6} {'plain':>6} {'shown':>6}")
    worst, together = 1.0, []
    grid = np.array(K)
    for name, draw in POPULATIONS.items():
        rng = np.random.default_rng(11)
        p = draw(1_000_000, rng)
        truth = np.array([np.mean(1 - (1 - p) ** k) for k in K])
        plain, shown, every = np.zeros(grid.size), np.zeros(grid.size), 0
        for _ in tqdm(range(replicates), desc=name, leave=False):
            c = rng.binomial(N, draw(problems, rng))
            drawn = draw_problems(problems, resamples, rng)
            curve = bootstrap_curve(np.full(problems, N), c, grid, drawn, rng)
            low, high = curve.interval(LEVEL)
            plain += (low <= truth) & (truth <= high)
            rising = np.maximum.accumulate(low), np.maximum.accumulate(high)
            holds = (rising[0] <= truth) & (truth <= rising[1])
            shown += holds
            every += bool(holds.all())
        together.append(every / replicates)
        for k, true, one, two in zip(K, truth, plain / replicates, shown / replicates, strict=True):
            inside = INSIDE[0] <= true <= INSIDE[1]
            worst = min(worst, two) if inside else worst
            print(f"{name:<24} {k:>4} {true:>6.3f} {one:>6.3f} {two:>6.3f}{'' if inside else ' *'}")
    print(f"* true pass@k outside {INSIDE}; least inside: {worst:.3f} (wanted .93)")
    print(f"all k at once: {', '.join(f'{share:.3f}' for share in together)} (pointwise limits)")


def tell_apart(replicates: int, problems: int = 30, resamples: int = 500) -> None:
    """How often two draws of one model are told apart, by k."""
    print(
        f"two draws of one model told apart, {problems} problems, n = {N}, {replicates} replicates"
    )
    heads = " ".join(f"{k:>6}" for k in K)
    print(f"{'population':<24} {'told apart by':<15} {heads}  mid-p at n")
    worst, grid = 0.0, np.array(K)
    for name, draw in POPULATIONS.items():
        rng = np.random.default_rng(12)
        apart, judged, exact = np.zeros(grid.size), np.zeros(grid.size), 0
        for _ in tqdm(range(replicates), desc=name, leave=False):
            p = draw(problems, rng)
            counts = [rng.binomial(N, p) for _ in range(2)]
            drawn = draw_problems(problems, resamples, rng)
            curves = [bootstrap_curve(np.full(problems, N), c, grid, drawn, rng) for c in counts]
            ahead = curves[1] - curves[0]
            low, high = ahead.interval(LEVEL)
            flipped = sign_flip_p(ahead.problems, resamples, rng)
            apart += (low > 0) | (high < 0)
            judged += ((low > 0) | (high < 0)) & (flipped <= 1 - LEVEL)
            solved = [c > 0 for c in counts]
            alone = [int((solved[i] & ~solved[1 - i]).sum()) for i in range(2)]
            exact += mcnemar_mid_p(*alone) <= 1 - LEVEL
        worst = max(worst, (judged / replicates)[grid * 4 <= N].max(), exact / replicates)
        for what, shares in (("interval alone", apart), ("and sign flips", judged)):
            shown = " ".join(f"{share:>6.3f}" for share in shares / replicates)
            print(f"{name:<24} {what:<15} {shown}  {exact / replicates:.3f}")
    print(f"largest at a judged k (up to n/4, and mid-p at n): {worst:.3f} (at most .06)")


def judge_subsets(replicates: int) -> None:
    """Claim 2: two draws of one model, an RL that narrows, one that expands by 12%, a mixed one."""
    print(f"claim 2 over {replicates} replicates, n = {N}: share of each verdict")
    print(f"{'case':<44} {'problems':>8} " + " ".join(f"{v[:13]:>13}" for v in VERDICTS))
    worst = 0.0
    for case, problems, models in _subset_cases():
        rng = np.random.default_rng(13)
        outcomes = dict.fromkeys(VERDICTS, 0)
        for _ in tqdm(range(replicates), desc=case, leave=False):
            base, rl = models(problems, rng)
            outcomes[subset_verdict(rng.binomial(N, base), rng.binomial(N, rl))] += 1
        shares = [outcomes[v] / replicates for v in VERDICTS]
        if case.startswith("one model"):
            worst = max(worst, shares[1])
        print(f"{case:<44} {problems:>8} " + " ".join(f"{share:>13.3f}" for share in shares))
    print(f"largest false 'not supported' for one model: {worst:.3f} (at most .06)")


def _subset_cases() -> Iterator[tuple[str, int, Callable[..., tuple[np.ndarray, np.ndarray]]]]:
    for name, draw in SOLVERS.items():
        for problems in (48, 125, 500):
            yield f"one model, {name}", problems, _same(draw)
    for problems in (48, 125, 200, 500):
        yield "true: RL sharpens what base can, drops 25%", problems, _sharpen
    for problems in (48, 125, 500):
        yield "false: RL alone solves 20% (q = .3)", problems, _expand(0.2, 0.3)
    for problems in (125, 500):
        yield "false, weak: RL alone solves 20% (q = .03)", problems, _expand(0.2, 0.03)
    yield "at the edge: RL alone solves 5% (q = .3)", 500, _expand(0.05, 0.3)


def _same(draw: Population) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    def models(problems: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        p = draw(problems, rng)
        return p, p

    return models


def _sharpen(problems: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    base = rng.beta(0.8, 2.0, problems)
    return base, np.where(rng.random(problems) < 0.25, base * 0.01, np.minimum(1, base * 2.5))


def _expand(share: float, rate: float) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """A share of the problems is out of the base's reach; RL solves it at a rate."""

    def models(problems: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        base = rng.beta(0.8, 2.0, problems)
        new = rng.random(problems) < share
        return np.where(new, 0.0, base), np.where(new, rate, np.minimum(1, base * 1.5))

    return models


def subset_verdict(base: np.ndarray, rl: np.ndarray) -> str:
    """Claim 2 on counts of correct samples, by the code of the page."""
    n, kept = np.full(len(base), N), np.ones(len(base), dtype=bool)
    solver, other = SimpleNamespace(n=n, c=rl), SimpleNamespace(n=n, c=base)
    row = coverage.describe_solver(solver, other, LEVEL, kept)
    alone = int(((rl > 0) & (base == 0)).sum())
    key = {"comparison": "pair", "set": "s"}
    rows = [
        key | row | {"category": "candidate_only", "problems": alone},
        key | dict.fromkeys(row) | {"category": "neither", "problems": len(base) - alone},
    ]
    table = pl.DataFrame(rows, infer_schema_length=None)
    (verdict,) = CLAIMS["subset"].judge({"coverage": table}, ClaimSubjects({"rl": ["pair"]}))
    return verdict.verdict


def come_out(_: int, problems: int = 400) -> None:
    """Every rule on constructed counts that should support, refute and leave it open."""
    print(f"rules on constructed data, {problems} problems, n = {N}")
    rng = np.random.default_rng(14)
    for name, role, wanted, counts in _constructed(problems, rng):
        verdicts = judge(name, role, counts)
        right = "" if wanted in verdicts else "   WRONG"
        print(f"{name:<14} {role:<12} wanted {wanted:<16} got {', '.join(verdicts)}{right}")


def _constructed(m: int, rng: np.random.Generator) -> Iterator[tuple[str, str, str, list]]:
    """Claim, role, verdict, and success rates of a reference and its candidates."""
    p = rng.beta(0.8, 2.0, m)
    dropped = np.where(rng.random(m) < 0.25, 0.0, np.minimum(1, p * 2.5))
    better = np.minimum(1, p * 2.0 + 0.1)
    new = np.where(rng.random(m) < 0.2, 0.0, p)
    hurt = np.where(rng.random(m) < 0.2, 0.0, np.minimum(1, p * 1.25))
    little = np.where(rng.random(m) < 0.95, p, np.maximum(p, 0.3))
    reach = np.where(rng.random(m) < 0.06, 0.0, p)  # what a reference lacks by a little
    other = np.where(rng.random(m) < 0.2, 0.0, p)  # lacks as much as `new`, and something else
    yield from (
        ("crossover", "rl", SUPPORTED, [p, dropped]),
        ("crossover", "rl", NOT_SUPPORTED, [p * 0.2, better]),
        ("crossover", "rl", UNDECIDED, [p, p]),
        ("subset", "rl", SUPPORTED, [p, dropped]),
        ("subset", "rl", NOT_SUPPORTED, [new, better]),
        ("subset", "rl", UNDECIDABLE, [p * 0.02, p * 0.02]),
        ("longer", "longer", SUPPORTED, [p, dropped]),
        ("longer", "longer", NOT_SUPPORTED, [p, p * 0.5]),
        ("longer", "longer", UNDECIDED, [p, p]),
        ("ablations", "rollouts", SUPPORTED, [reach, np.maximum(reach, little)]),
        ("ablations", "rollouts", SUPPORTED, [reach, p]),
        ("ablations", "rollouts", NOT_SUPPORTED, [p, dropped]),
        ("ablations", "rollouts", UNDECIDED, [p, p]),
        ("ablations", "kl", SUPPORTED, [p, hurt]),
        ("ablations", "kl", NOT_SUPPORTED, [p, better]),
        ("ablations", "kl", UNDECIDED, [p, p]),
        ("distillation", "distilled", SUPPORTED, [new * 0.5, better]),
        ("distillation", "distilled", NOT_SUPPORTED, [p, dropped]),
        ("distillation", "distilled", NOT_SUPPORTED, [new, new]),
        ("distillation", "distilled", UNDECIDED, [new, other]),
        ("algorithms", "algorithms", SUPPORTED, [p, *[p**1.2] * 3]),
        ("algorithms", "algorithms", NOT_SUPPORTED, [p, p**1.2, better, p * 0.3]),
        ("algorithms", "algorithms", NOT_SUPPORTED, [p, p, hurt, dropped * 0.4]),
        ("algorithms", "algorithms", UNDECIDED, [p, p**1.2, np.minimum(1, p**1.2 * 1.45)]),
    )


def judge(name: str, role: str, rates: list[np.ndarray]) -> list[str]:
    """A claim's verdicts on counts drawn at given rates, by the questions and rules of a study."""
    rng = np.random.default_rng(15)
    draws = {f"d{i}": rng.binomial(N, rate) for i, rate in enumerate(rates)}
    tables = [
        pl.DataFrame(
            {"draw": draw, "set": "s", "model": draw, "temperature": 0.6, "n": N, "c": c,
             "problem_id": [f"{i:06}" for i in range(len(c))], "index": range(len(c)),
             "unknown": 0}
        )
        for draw, c in draws.items()
    ]  # fmt: skip
    counts = pl.concat(tables)
    compared = {f"c{i}": {"reference": "d0", "candidate": f"d{i}"} for i in range(1, len(rates))}
    groups = {"all": list(compared)} if len(compared) > 1 else {}
    analysis = Analysis(
        questions={}, k=K, comparisons=compared, groups=groups, efficiency_k=N,
        bootstrap={"resamples": 1000, "level": LEVEL},
    )  # fmt: skip
    counts = counts.with_columns(arm=pl.col("draw"), step=pl.lit(None, pl.Int64))
    inputs = QuestionInputs(analysis, 0, counts=counts, groups=group_counts(counts))
    results = {
        question.QUESTION.table.name: question.QUESTION.answer(inputs)
        for question in (difference, crossover, coverage, spread)
    }
    subjects = list(groups) if CLAIMS[name].of_groups else ["c1"]
    verdicts = CLAIMS[name].judge(results, ClaimSubjects({role: subjects}, LEVEL))
    return [verdict.verdict for verdict in verdicts]


if __name__ == "__main__":
    main()
