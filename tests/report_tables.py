"""Result tables of a made-up study, through the real contracts: base and RL models that cross."""

from dataclasses import replace
from typing import Any

import polars as pl

from passk.analysis.metrics import HISTOGRAM_LABELS
from passk.analysis.proportions import mcnemar_mid_p, sign_test, wilson
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.data.expectations.results import SuiteResult
from passk.report.context import ReportContext
from passk.report.entries import (
    ReportedArm,
    ReportedDraw,
    ReportedFineTuning,
    ReportedSet,
)
from passk.report.settings import ReportSettings

K = [1, 2, 4, 8, 16, 32, 64, 128, 256]
LABELS = {"base": "Base", "grpo": "GRPO", "indomain": "In-domain", "outdomain": "Out-of-domain"}
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
SUITE = {"success": True, "expectations": [{"name": "keys are unique", "success": True}]}
VALID = SuiteResult.parse(SUITE)


def report(**changes: Any) -> dict[str, Any]:
    """The section `report`."""
    return {
        "title": "A made-up study", "subtitle": "for tests", "caveat": "Made up",
        "comparisons": [], "sets": [], "panels": {}, "claims": {}, "counterparts": {},
        "labels": LABELS, "colours": {"base": "#0072B2", "grpo": "#D55E00"}, "palette": PALETTE,
        "panel_width": 4.2, "panel_height": 3.1, "paper": True,
    } | changes  # fmt: skip


def analysis(
    comparisons: dict[str, dict[str, str]], groups: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """The section `analysis`."""
    questions = dict.fromkeys([*tables({"a": (0.5, 1.0)}, {}, ["s"]), "seeds"], "counts")
    return {
        "questions": questions | {"training": "training", "cost": "training"}, "k": K,
        "views": {}, "coverage_excludes": [],
        "comparisons": comparisons, "groups": groups or {}, "efficiency_k": 256,
        "bootstrap": {"resamples": 1000, "level": 0.95},
    }  # fmt: skip


def curve(single: float, share: float, k: int) -> float:
    """Pass@k of a model that can solve a share of the problems, each with one probability."""
    return share * (1 - (1 - single / share) ** k)


def tables(
    models: dict[str, tuple[float, float]],
    comparisons: dict[str, dict[str, str]],
    sets: list[str],
    groups: dict[str, list[str]] | None = None,
) -> dict[str, pl.DataFrame]:
    """All tables made of counts; models: draw -> (pass@1, share of problems in reach)."""
    table_rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("pass_at_k", "difference", "crossover", "greedy", "coverage",
                              "histogram", "efficiency", "spread")
    }  # fmt: skip
    for name in sets:
        for draw, (single, share) in models.items():
            for k in K:
                value = curve(single, share, k)
                table_rows["pass_at_k"].append(
                    {"draw": draw, "model": draw, "arm": draw, "step": None, "set": name,
                     "temperature": 0.6, "k": k, "pass_at_k": value, "low": max(0, value - 0.04),
                     "high": min(1, value + 0.04),
                     "fixed": value if k == 1 else None,
                     "fixed_low": value - 0.01 if k == 1 else None,
                     "fixed_high": value + 0.01 if k == 1 else None,
                     "bound_high": min(1, value + 0.01), "n": 256, "problems": 120}
                )  # fmt: skip
            table_rows["greedy"].append(
                {"draw": f"{draw}-greedy", "model": draw, "set": name, "accuracy": single,
                 "low": single - 0.05, "high": single + 0.05, "problems": 120}
            )  # fmt: skip
            unsolved = round(120 * (1 - share))
            sizes = [unsolved, *[(120 - unsolved) // 11] * 11]
            for i, label in enumerate(HISTOGRAM_LABELS):
                table_rows["histogram"].append(
                    {"draw": draw, "model": draw, "set": name, "bin": i, "label": label,
                     "problems": sizes[i], "share": sizes[i] / 120}
                )  # fmt: skip
        for comparison, names in comparisons.items():
            base, rl = models[names["reference"]], models[names["candidate"]]
            crossed = None
            for k in K:
                value = curve(*rl, k) - curve(*base, k)
                crossed = crossed or (float(k) + 0.3 if value < 0 else None)
                table_rows["difference"].append(
                    {"comparison": comparison, "set": name, "k": k, "difference": value,
                     "low": value - 0.05, "high": value + 0.05, "band_low": value - 0.07,
                     "band_high": value + 0.07, "flip_p": 0.001 if abs(value) > 0.05 else 0.4,
                     "problems": 120, "n": 256,
                     "candidate_only": None, "reference_only": None, "mid_p": None}
                )  # fmt: skip
            more, fewer = (1, 40) if value < 0 else (12, 1)
            table_rows["difference"][-1].update(
                candidate_only=more, reference_only=fewer, mid_p=mcnemar_mid_p(more, fewer)
            )
            table_rows["crossover"].append(
                {"comparison": comparison, "set": name, "crossover_k": crossed,
                 "low": crossed and crossed - 1, "high": crossed and crossed + 2,
                 "p_none": 0.002 if crossed else 0.97}
            )  # fmt: skip
            start = 0
            for category, size in SOLVED.items():
                indices = list(range(start, start + size))
                table_rows["coverage"].append(
                    {"comparison": comparison, "set": name, "category": category, "problems": size,
                     "share": size / 120, "indices": indices, "excluded": 0,
                     "problem_ids": [f"{i:016x}" for i in indices], **outside(category)}
                )  # fmt: skip
                start += size
            gap = curve(*base, 256) - curve(*rl, 1)
            table_rows["efficiency"].append(
                {"comparison": comparison, "set": name, "k": 256, "efficiency_gap": gap,
                 "low": gap - 0.05, "high": gap + 0.05}
            )  # fmt: skip
        for group, members in (groups or {}).items():
            gaps = [
                curve(*models[comparisons[name]["reference"]], 256)
                - curve(*models[comparisons[name]["candidate"]], 1)
                for name in members
            ]
            width = max(gaps) - min(gaps)
            for quantity, k in (("efficiency_gap", 256), ("pass_at_k", 64), ("closed", 1)):
                table_rows["spread"].append(
                    {"group": group, "set": name, "quantity": quantity, "k": k,
                     "comparisons": len(members), "problems": 120,
                     "spread": width, "noise": 0.06, "low": max(0.0, width - 0.06),
                     "high": width + 0.06,
                     "smallest": min(gaps), "smallest_low": min(gaps) - 0.05,
                     "smallest_high": min(gaps) + 0.05,
                     "largest": max(gaps), "largest_low": max(gaps) - 0.05,
                     "largest_high": max(gaps) + 0.05}
                )  # fmt: skip
    return {name: _checked(name, rows) for name, rows in table_rows.items()}


SOLVED = {"both": 70, "reference_only": 40, "candidate_only": 1, "neither": 9}
ONE_SIDED = (
    "certain", "certain_p", "beyond_luck", "sign_p", "solvable", "robust_from", "robust",
    "robust_solvable", "outside", "outside_low", "outside_high", "same_n",
)  # fmt: skip


def outside(
    category: str, sizes: dict[str, int] = SOLVED, beyond: int | None = None
) -> dict[str, Any]:
    """Columns of `coverage` for problems that one draw solves and the other does not."""
    if category not in ("reference_only", "candidate_only"):
        return dict.fromkeys(ONE_SIDED)
    alone, both = sizes[category], sizes["both"]
    back = sizes["candidate_only" if category == "reference_only" else "reference_only"]
    low, high = wilson(alone, both + alone)
    certain = (alone // 2 if category == "reference_only" else 0) if beyond is None else beyond
    values = (
        certain, 0.001 if certain else 1.0, certain, sign_test(alone, back), both + alone, 5, alone,
        both + alone, alone / (both + alone), low, high, True,
    )  # fmt: skip
    return dict(zip(ONE_SIDED, values, strict=True))


def seeds(names: list[str], draw: str = "grpo", comparison: str = "grpo") -> pl.DataFrame:
    """The result table `seeds` of a draw and a comparison with three seeds."""
    values = {
        ("pass_at_k", 1): [0.33, 0.35, 0.31], ("pass_at_k", 256): [0.7, 0.68, 0.72],
        ("difference", 1): [0.23, 0.25, 0.21], ("difference", 256): [-0.2, -0.22, -0.18],
        ("efficiency_gap", 256): [0.57, 0.55, 0.59],
    }  # fmt: skip
    rows = [
        {"name": draw if quantity == "pass_at_k" else comparison, "set": name, "quantity": quantity,
         "k": k, "seeds": 3, "mean": sum(by_seed) / 3, "sd": 0.02, "low": sum(by_seed) / 3 - 0.0497,
         "high": sum(by_seed) / 3 + 0.0497,
         "noise": 0.2347 if quantity == "efficiency_gap" else None,
         "train_seeds": [0, 1, 2], "values": by_seed, "draws": [draw, f"{draw}-s1", f"{draw}-s2"]}
        for name in names for (quantity, k), by_seed in values.items()
    ]  # fmt: skip
    return _checked("seeds", rows)


def training(arms: list[str], steps: int = 120) -> pl.DataFrame:
    """The result table `training`."""
    rows = [
        {"arm": arm, "step": step, "reward": 0.2 + step / 400 + 0.03 * ((step * 7) % 5 - 2) / 2,
         "length": 40 - step / 12 + (step * 3) % 4, "entropy": (1.2 + i / 20) * 0.98**step,
         "kl": step / 500 if step % 10 == 0 else None, "rollouts": 256, "tokens": 256 * 40,
         "rounds": 3 if arm == "dapo" else 1, "signal": 0.6, "trained": 0.5, "truncated": 0.0,
         "loss": None, "grad_norm": None, "clip_fraction": None,
         "critic_loss": 1 / step if arm == "ppo" else None,
         "explained_variance": 1 - 1 / step if arm == "ppo" else None}
        for i, arm in enumerate(arms) for step in range(1, steps + 1)
    ]  # fmt: skip
    return _checked("training", rows)


def cost(arms: list[str], steps: int = 120) -> pl.DataFrame:
    """The result table `cost` of such training."""
    rows = [
        {"arm": arm, "steps": steps, "rollouts": steps * 256 * (3 if arm == "dapo" else 1),
         "tokens": steps * 256 * 40, "rounds": 3.0 if arm == "dapo" else 1.0, "trained": 0.5,
         "reward": 0.5}
        for arm in arms
    ]  # fmt: skip
    return _checked("cost", rows)


def _checked(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    table = QUESTIONS[name].table
    return table.check(pl.DataFrame(rows, schema=dict(table.columns), orient="row"))


def draw(model: str, sets: list[str], **changes: Any) -> ReportedDraw:
    """One entry of `draws`."""
    entry = {
        "model": model, "sets": sets, "n": 256, "temperature": 0.6, "top_p": 0.95,
        "max_new_tokens": 64, "template": "plain", "engine": "step_loop", "replicate": 0,
    } | changes  # fmt: skip
    return ReportedDraw(**entry)


def compared(
    sets: tuple[str, ...] = ("indomain", "outdomain", "hard"), **changes: Any
) -> ReportContext:
    """A base model and an RL-trained one that cross."""
    models = {"base": (0.16, 0.95), "grpo": (0.34, 0.6)}
    comparisons = {"grpo": {"reference": "base", "candidate": "grpo"}}
    draws = {name: draw(name, list(sets)) for name in models}
    draws |= {
        f"{name}-greedy": draw(name, list(sets), n=1, temperature=0, top_p=1) for name in models
    }
    return ReportContext(
        params=ReportSettings(**report(**changes)),
        analysis=Analysis(**analysis(comparisons)),
        results=tables(models, comparisons, list(sets))
        | {"training": training(["grpo"]), "cost": cost(["grpo"]), "seeds": seeds([])},
        validation={"problems": VALID, "samples": VALID, "verdicts": VALID},
        draws=draws,
        sets={name: ReportedSet(name) for name in sets},
        train={
            "grpo": ReportedArm(
                algorithm={"name": "grpo"}, start="base", set="train", steps=120,
                prompts=32, rollouts=8, temperature=1.0, learning_rate=2e-4, beta=0.0,
            )
        },
    )  # fmt: skip


# Draw -> (pass@1, share in reach); what the default study has, made up.
MANY = {
    "base": (0.10, 0.9), "grpo-40": (0.24, 0.82), "grpo-80": (0.3, 0.74), "grpo": (0.33, 0.70),
    "ppo": (0.35, 0.71), "rloo": (0.34, 0.69), "reinforce_pp": (0.32, 0.73), "remax": (0.31, 0.68),
    "dapo": (0.37, 0.72), "pass-at-k": (0.25, 0.86), "pkpo": (0.27, 0.84),
    "grpo-n32": (0.35, 0.74), "grpo-kl": (0.33, 0.6), "base-llama": (0.12, 0.85),
    "grpo-llama": (0.3, 0.66), "base-wide": (0.15, 0.95), "grpo-wide": (0.4, 0.75),
    "teacher": (0.6, 1.0), "distilled": (0.4, 0.98), "instruct": (0.2, 0.5),
    "grpo-distilled": (0.6, 0.9),
}  # fmt: skip
MODELS = {"grpo-40": "grpo/step-40", "grpo-80": "grpo/step-80", "grpo": "grpo/step-120"}
STARTS = ("base", "base-llama", "base-wide", "teacher", "distilled", "instruct")
_SPELLED = {"reinforce_pp": "reinforce++", "pass-at-k": "pass_at_k"}  # arms -> algorithms
ALGORITHMS = ["grpo", "ppo", "rloo", "reinforce_pp", "remax", "dapo"]
COMPARED = {
    **{name: ("base", name) for name in [*ALGORITHMS, "grpo-40", "grpo-80", "instruct"]},
    "longer": ("grpo-40", "grpo"), "llama": ("base-llama", "grpo-llama"),
    "wide": ("base-wide", "grpo-wide"), "rollouts": ("grpo", "grpo-n32"),
    "kl": ("grpo", "grpo-kl"), "pass-at-k": ("grpo", "pass-at-k"), "pkpo": ("grpo", "pkpo"),
    "distilled": ("base", "distilled"), "grpo-distilled": ("distilled", "grpo-distilled"),
    "teacher": ("base", "teacher"),
}  # fmt: skip
STUDIED = ["indomain", "outdomain", "trained"]
PANELS = {
    "algorithms": {"comparisons": ALGORITHMS, "sets": STUDIED},
    "steps": {"comparisons": ["grpo-40", "grpo-80", "grpo"], "sets": STUDIED},
    "families": {"comparisons": ["grpo", "llama", "wide"], "sets": []},
    "distillation": {
        "comparisons": ["instruct", "grpo", "distilled", "grpo-distilled", "teacher"], "sets": [],
    },
    "ablations": {"comparisons": ["rollouts", "kl"], "sets": []},
    "objectives": {"comparisons": ["pass-at-k", "pkpo"], "sets": []},
}  # fmt: skip
CLAIMS = {
    "rl": ["grpo", "llama", "wide"], "algorithms": ["algorithms"], "longer": ["longer"],
    "rollouts": ["rollouts"], "kl": ["kl"], "distilled": ["distilled"],
}  # fmt: skip
COUNTERPARTS = {
    "algorithms": {
        "base": "Qwen2.5-7B", "grpo": "GRPO", "ppo": "PPO", "rloo": "RLOO", "remax": "ReMax",
        "reinforce_pp": "Reinforce++", "dapo": "DAPO",
    },
    "steps": {
        "base": "Qwen2.5-7B", "grpo-40": "GRPO-step150", "grpo-80": "GRPO-step300",
        "grpo": "GRPO-step450",
    },
    "sets": {
        "indomain": "Omni-MATH-Test", "outdomain": "MATH500", "trained": "Omni-MATH-Train",
    },
}  # fmt: skip


def many(
    names: tuple[str, ...] = ("indomain", "outdomain", "hard", "trained"), **changes: Any
) -> ReportContext:
    """A study with everything that a section can compare."""
    comparisons = {
        name: {"reference": base, "candidate": rl} for name, (base, rl) in COMPARED.items()
    }
    groups = {"algorithms": ALGORITHMS}
    models = {name: name if name in STARTS else f"{name}/step-60" for name in MANY} | MODELS
    arms = [
        *ALGORITHMS, "pass-at-k", "pkpo", "grpo-n32", "grpo-kl", "grpo-llama", "grpo-wide",
        "grpo-distilled",
    ]  # fmt: skip
    arm = {
        "start": "base", "set": "train", "steps": 60, "prompts": 32, "rollouts": 8,
        "temperature": 1.0, "learning_rate": 2e-4, "beta": 0.0,
    }  # fmt: skip
    defaults: dict[str, Any] = {
        "comparisons": ["grpo"], "sets": [name for name in names if name != "trained"],
        "panels": PANELS, "claims": CLAIMS, "counterparts": COUNTERPARTS,
    }  # fmt: skip
    return ReportContext(
        params=ReportSettings(**report(**(defaults | changes))),
        analysis=Analysis(**analysis(comparisons, groups)),
        results=tables(MANY, comparisons, list(names), groups)
        | {"seeds": seeds(list(names))}
        | {"training": training(arms, 60), "cost": cost(arms, 60)},
        validation={"problems": VALID, "samples": VALID, "verdicts": VALID},
        draws={name: draw(model, list(names)) for name, model in models.items()},
        sets={name: ReportedSet(name) for name in names},
        train={
            name: ReportedArm(**arm, algorithm={"name": _SPELLED.get(name, name.partition("-")[0])})
            for name in arms
        },
        sft={"distilled": ReportedFineTuning("base", "teacher", 400)},
    )


CODE = ("code-functions", "code-sentences")
REASONS = {
    "wrong output": ("wrong", 0.5), "error: TypeError": ("wrong", 0.1), "timeout": ("wrong", 0.02),
    "syntax error": ("wrong", 0.0004), "truncated": ("unknown", 0.01),
}  # fmt: skip


def failures(draws: list[str], sets: list[str]) -> pl.DataFrame:
    """The result table `failures`; every other draw fails half as often, and never of time."""
    rows = [
        {"draw": name, "set": set_name, "verdict": verdict, "reason": reason,
         "samples": round(share * 30720), "problems": 40, "share": share / (1 + i % 2)}
        for i, name in enumerate(draws) for set_name in sets
        for reason, (verdict, share) in REASONS.items() if i % 2 == 0 or reason != "timeout"
    ]  # fmt: skip
    return _checked("failures", rows)


def coded(**changes: Any) -> ReportContext:
    """The study with everything and a second domain: models, sets and a comparison of its own."""
    math = many()
    models = {"coder": (0.3, 0.9), "code-grpo": (0.5, 0.7)}
    comparisons = {"code": {"reference": "coder", "candidate": "code-grpo"}}
    views = {"late": {"set": CODE[0], "filters": [{"kind": "tagged", "tags": ["late"]}]}}
    extra = tables(models, comparisons, [*CODE, "late"])
    joined = {
        name: pl.concat([table, extra[name]]) if name in extra else table
        for name, table in math.results.items()
    }
    joined["failures"] = failures(["base", "grpo", *models], [*math.set_names, *CODE, "late"])
    joined["training"] = pl.concat([joined["training"], training(["code-grpo"], 60)])
    defaults: dict[str, Any] = {
        "comparisons": ["grpo"], "sets": math.set_names,
        "panels": PANELS | {"code": {"comparisons": ["code"], "sets": [*CODE, "late"]}},
        "claims": CLAIMS | {"rl": [*CLAIMS["rl"], "code"]},
        "counterparts": COUNTERPARTS
        | {
            "code": {"coder": "Qwen2.5-7B-Instruct-1M", "code-grpo": "CodeR1-Zero-Qwen2.5-7B"},
            "sets": COUNTERPARTS["sets"] | {"code-functions": "LiveCodeBench"},
        },
    }  # fmt: skip
    parameters = math.analysis.model_dump()
    arm = replace(math.train["grpo"], start="coder", set="code-train")
    return replace(
        math,
        params=ReportSettings(**report(**(defaults | changes))),
        analysis=Analysis(
            **parameters | {"comparisons": parameters["comparisons"] | comparisons, "views": views}
        ),
        results=joined,
        draws={
            **math.draws,
            "coder": draw("coder", list(CODE)),
            "code-grpo": draw("code-grpo/step-60", list(CODE)),
        },
        sets={**math.sets, **{name: ReportedSet(name) for name in CODE}},
        train={**math.train, "code-grpo": arm},
    )


SCENES = ("scenes", "charts")
CONTROL = "scenes-shuffled"


def seeing(**changes: Any) -> ReportContext:
    """The study with a third domain: images, a control that shuffles them, a filtered set."""
    before = coded()
    models = {"viewer": (0.2, 0.85), "visual-grpo": (0.45, 0.65)}
    comparisons = {"visual": {"reference": "viewer", "candidate": "visual-grpo"}}
    seen = tables(models, comparisons, list(SCENES))
    blind = tables({"viewer": (0.05, 0.6), "visual-grpo": (0.06, 0.3)}, comparisons, [CONTROL])
    joined = {
        name: pl.concat([table, seen[name], blind[name]]) if name in seen else table
        for name, table in before.results.items()
    }
    lost = failures(list(models), [*SCENES, CONTROL])
    joined["failures"] = pl.concat([joined["failures"], lost])
    panels = PANELS | {"visual": {"comparisons": ["visual"], "sets": []}}
    parameters = before.analysis.model_dump()
    scenes = ReportedSet("scenes", [{"kind": "free_form"}, {"kind": "image_present"}])
    steps = [
        {"set": "scenes", "order": 0, "filter": "free_form", "rows_in": 1000, "rows_out": 460,
         "reason": "has answer choices"},
        {"set": "scenes", "order": 1, "filter": "image_present", "rows_in": 460, "rows_out": 460,
         "reason": "has no image"},
    ]  # fmt: skip
    return replace(
        before,
        params=ReportSettings(**report(
            comparisons=["grpo"], sets=list(many().set_names), claims=CLAIMS,
            counterparts=COUNTERPARTS, panels=panels,
        ) | changes),
        analysis=Analysis(**parameters | {"comparisons": parameters["comparisons"] | comparisons}),
        results=joined,
        validation={**before.validation, "problems": SuiteResult.parse(SUITE | {"filters": steps})},
        draws={
            **before.draws,
            "viewer": draw("viewer", [*SCENES, CONTROL], template="image"),
            "visual-grpo": draw("visual-grpo/step-60", [*SCENES, CONTROL], template="image"),
        },
        sets={
            **before.sets, "scenes": scenes, "charts": ReportedSet("charts"),
            CONTROL: replace(scenes, images="shuffled"),
        },
        train={**before.train, "visual-grpo": replace(before.train["grpo"], start="viewer")},
    )  # fmt: skip


def alone() -> ReportContext:
    """One imported draw: no comparison, no training, no greedy decoding."""
    k = [1, 2, 4, 8]
    values = [0.91125, 0.935357, 0.956, 0.97]
    rows = [
        {"draw": "real", "model": "real", "arm": "real", "step": None, "set": "real",
         "temperature": None, "k": key, "pass_at_k": value, "low": value - 0.05,
         "high": min(1.0, value + 0.03), "fixed": value if key == 1 else None,
         "fixed_low": value - 0.01 if key == 1 else None,
         "fixed_high": value + 0.01 if key == 1 else None,
         "bound_high": value, "n": 8,
         "problems": 100}
        for key, value in zip(k, values, strict=True)
    ]  # fmt: skip
    sizes = [3, 1, 1, 1, 1, 1, 1, 2, 2, 3, 0, 84]
    bins = [
        {"draw": "real", "model": "real", "set": "real", "bin": i, "label": label,
         "problems": size, "share": size / 100}
        for i, (label, size) in enumerate(zip(HISTOGRAM_LABELS, sizes, strict=True))
    ]  # fmt: skip
    return ReportContext(
        params=ReportSettings(**report(labels={"real": "100 MATH problems"}, colours={})),
        analysis=Analysis(**analysis({})),
        results={
            name: _checked(
                name, rows if name == "pass_at_k" else bins if name == "histogram" else []
            )
            for name in analysis({})["questions"]
        },
        validation={"samples": VALID},
        draws={"real": draw("real", ["real"], n=None, engine="imported", temperature=None)},
        sets={"real": ReportedSet("real")},
    )
