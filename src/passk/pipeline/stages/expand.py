"""Stage group `expand`: the exact chances of a draw's problems, and whether its samples fit them.

All responses that the draw could give are judged as samples are. The counts of its samples must
fit their chances: that validates the sampler, and a misfit stops the run.
"""

import sys
from collections.abc import Sequence
from typing import Any

import polars as pl
from tqdm import tqdm

from passk.config import paths
from passk.config.expansion_paths import expansions
from passk.core.schemas.expansions import EXPANSIONS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.verdicts import CORRECT, UNKNOWN, VERDICTS
from passk.data.prompts import encode, render
from passk.domains.settings import Verification
from passk.models.optional_imports import skip_unused_imports
from passk.pipeline.stages.fit import find_misfit
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.verify import ASKED, judge_samples
from passk.sampling import checkpoint
from passk.sampling.decoding import DecodingConfig
from passk.sampling.ends import find_ends
from passk.sampling.expansion_settings import Expanded
from passk.sampling.loaded_model import load_tokenizer, load_weights
from passk.sampling.settings import Draw, Sampling
from passk.sampling.stopping import StopStrings, make_stop

_SHOWN = 12  # likeliest responses that the table keeps
_ROWS = 1024  # branches at once; more hold more keys and values, and are not faster
_READ = tuple(dict.fromkeys((*ASKED, "image", "starter_code")))


def run(job: Job) -> dict[str, float]:
    """Write the table of a draw; returns tokens run and the largest chance left out."""
    settings = job.settings("expansions", Expanded)
    draw = Draw.model_validate(job.params["draws"][job.item])
    problems = pl.concat(
        PROBLEMS.read(paths.problem_set(job.study, name), _READ) for name in settings.sets
    )
    leaves, trees = _expand(job, settings, draw, problems)
    judged = judge_samples(
        leaves.join(problems, on=["set", "problem_id"], how="left", maintain_order="left"),
        job.section("verification", Verification),
    )
    frame = _tabulate(job.item, judged, trees)
    _check_fit(job, frame)
    EXPANSIONS.write(frame, expansions(job.study, job.item))
    return {
        "nodes": float(frame["nodes"].sum()),
        "responses": float(frame["responses"].sum()),
        "unexpanded": float(frame["unexpanded"].max()),  # type: ignore[arg-type]
    }


def _expand(
    job: Job, settings: Expanded, draw: Draw, problems: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All responses to every problem with their chances, and what is known of each tree."""
    folder = paths.model(job.study, draw.model)
    checkpoint.check(folder)
    tokenizer = load_tokenizer(folder)
    with skip_unused_imports():
        from passk.models.arithmetic import make_reproducible
        from passk.sampling.expansion import expand
    make_reproducible()
    model = load_weights(folder, draw.dtype or job.section("sampling", Sampling).dtype).eval()
    stop = make_stop(tuple(draw.stop), tokenizer)
    config = _make_config(draw, find_ends(folder, tokenizer), stop)
    found: list[pl.DataFrame] = []
    trees: list[tuple[Any, ...]] = []
    with tqdm(total=problems.height, desc=f"expand {job.item}", unit="problem", file=sys.stderr,
              smoothing=0.1) as bar:  # fmt: skip
        for problem in problems.iter_rows(named=True):
            assert draw.template is not None, "checked by the schema"
            prompt = render(draw.template, problem, tokenizer, draw.template_options)
            try:
                tree = expand(
                    model,
                    encode(draw.template, prompt, tokenizer),
                    config,
                    smallest=settings.smallest,
                    most=settings.most,
                )
            except OverflowError as error:
                raise StageError(
                    f"expansions.{job.item}: set {problem['set']!r}, problem "
                    f"{problem['problem_id']}: {error}; raise `smallest` or `most`, or lower "
                    "the draw's temperature or top_p"
                ) from error
            place = {"set": problem["set"], "problem_id": problem["problem_id"]}
            texts = tokenizer.batch_decode(
                [leaf.tokens for leaf in tree.leaves], skip_special_tokens=True
            )
            found.append(
                pl.DataFrame(
                    {
                        "text": [stop.cut(text) for text in texts] if stop else texts,
                        "finish_reason": [
                            "stop" if leaf.stopped else "length" for leaf in tree.leaves
                        ],
                        "chance": [leaf.chance for leaf in tree.leaves],
                    }
                ).select(*(pl.lit(value).alias(name) for name, value in place.items()), pl.all())
            )
            trees.append((*place.values(), tree.unexpanded, len(tree.leaves), tree.nodes))
            bar.update()
    columns = ["set", "problem_id", "unexpanded", "responses", "nodes"]
    return pl.concat(found), pl.DataFrame(trees, schema=columns, orient="row")


def _make_config(draw: Draw, ends: Sequence[int], stop: StopStrings | None) -> DecodingConfig:
    assert draw.temperature is not None
    assert draw.max_new_tokens is not None
    return DecodingConfig(
        draw.temperature,
        draw.top_p,
        draw.max_new_tokens,
        ends,
        _ROWS,
        ends_early=stop,
    )


def _tabulate(draw: str, judged: pl.DataFrame, trees: pl.DataFrame) -> pl.DataFrame:
    """Chances by problem, with its likeliest responses."""
    key = ["set", "problem_id"]
    chance, verdict = pl.col("chance"), pl.col("verdict")
    likeliest = judged.sort([*key, "chance", "text"], descending=[False, False, True, False])
    sums = judged.group_by(key).agg(
        right=chance.filter(verdict == CORRECT).sum(),
        # A right answer of which nobody knows whether its chain is valid makes the sum unknown.
        valid=pl.when((pl.col("chain_valid").is_null() & (verdict == CORRECT)).any())
        .then(None)
        .otherwise(chance.filter((verdict == CORRECT) & pl.col("chain_valid")).sum()),
        unknown=chance.filter(verdict == UNKNOWN).sum(),
    )
    shown = likeliest.group_by(key, maintain_order=True).agg(
        texts=pl.col("text").head(_SHOWN),
        chances=chance.head(_SHOWN),
        verdicts=verdict.head(_SHOWN),
    )
    joined = trees.join(sums, on=key, how="left").join(shown, on=key, how="left")
    return joined.with_columns(draw=pl.lit(draw))


def _check_fit(job: Job, frame: pl.DataFrame) -> None:
    """Hold the counts of the draw's samples against their chances.

    Raises:
        StageError: they do not fit.
    """
    key = ["set", "problem_id"]
    verdicts = VERDICTS.read(paths.verdicts(job.study, job.item), [*key, "verdict"])
    counts = verdicts.group_by(key).agg(n=pl.len(), c=(pl.col("verdict") == CORRECT).sum())
    sampled = frame.join(counts, on=key, how="inner").sort(key)
    misfit = find_misfit(
        sampled["n"].to_numpy(),
        sampled["c"].to_numpy(),
        sampled["right"].to_numpy(),
        sampled["unexpanded"].to_numpy(),
    )
    if misfit is not None:
        row = sampled.row(misfit.problem, named=True)
        raise StageError(
            f"expansions.{job.item}: the samples do not fit the exact chances ({misfit.reason}); "
            f"worst: set {row['set']!r}, problem {row['problem_id']}, {row['c']} of {row['n']} "
            f"right, exact {row['right']:.6f}. Either is wrong: report it with the model"
        )
