"""Stage group `sample`: a model answers the problems of some sets, n times each.

The block store is asked first; a model is loaded only if some block is missing. One process draws
for all sets, so that start-up is paid once. Only what is asked is read of a problem.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from tqdm import tqdm

from passk.config import paths
from passk.core.digests import digest
from passk.core.schemas.problems import ASKED, PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.tables import TableError
from passk.data.prompts import render, template
from passk.pipeline.stages.job import Job, StageError
from passk.sampling import checkpoint
from passk.sampling.blocks import Block, BlockStore, Sample, plan
from passk.sampling.engines.imported import ResponsesError, samples_of
from passk.sampling.engines.protocol import EXACT, VERSIONS, Order, start
from passk.sampling.restoring import refill
from passk.sampling.settings import Draw, Sampling
from passk.sampling.streams import audit

_REMEDY = "look at the sets' filters and at `draws.*.sets`"


@dataclass(frozen=True)
class Cell:
    """What is drawn of one problem of one set."""

    set: str
    problem_id: str
    prompt_digest: str
    blocks: list[Block]


def run(job: Job) -> dict[str, float]:
    """Draw, or collect, the samples of a draw; returns how many were drawn and reused."""
    draw = Draw.model_validate(job.entry("draws"))
    problems = _problems(job, draw)
    collect = _imported if draw.engine == "imported" else _sampled
    frame, measured = collect(job, draw, problems)
    audit(frame)
    SAMPLES.write(frame, paths.samples(job.study, job.item))
    return measured


def _problems(job: Job, draw: Draw) -> pl.DataFrame:
    frames = []
    for name in draw.sets:
        frame = PROBLEMS.read(paths.problem_set(job.study, name), ASKED)
        if not frame.height:
            raise StageError(f"draws.{job.item}: set {name!r} has no problems; {_REMEDY}")
        frames.append(frame.with_columns(pl.lit(name).alias("set")))
    return pl.concat(frames)


def _sampling(job: Job) -> Sampling:
    return Sampling.model_validate(job.params["sampling"])


def cells(job: Job, draw: Draw, problems: pl.DataFrame, n: int) -> list[Cell]:
    """The blocks of every problem of a draw for samples 0 .. n-1."""
    folder, sampling = paths.model(job.study, draw.model), _sampling(job)
    checkpoint.check(folder)
    assert draw.template is not None, "checked by the schema"
    check_pictures(problems, draw, folder, f"draws.{job.item}")
    recipe = {
        "weights": checkpoint.weights_digest(folder),
        "tokenizer": checkpoint.tokenizer_digest(folder),
        "temperature": draw.temperature,
        "top_p": draw.top_p if draw.temperature else 1.0,
        "max_new_tokens": draw.max_new_tokens,
        "seed": job.params["seed"],
        "replicate": draw.replicate,
        "engine": draw.engine,
        "version": VERSIONS[draw.engine],
        "dtype": sampling.dtype,
        "rows": sampling.rows if EXACT[draw.engine] else None,
        "plain": not template(draw.template).chat,
    }
    tokenizer = _tokenizer(folder) if template(draw.template).chat else None
    mark: str | None = None  # what a picture's place is written as
    if tokenizer is not None and template(draw.template).image:
        mark = tokenizer.convert_ids_to_tokens(checkpoint.image_token(folder))
    size = sampling.block if draw.temperature else 1
    planned = []
    for problem in problems.iter_rows(named=True):
        prompt = render(draw.template, problem, tokenizer)
        if mark is not None and (marks := prompt.count(mark)) != 1:
            raise StageError(
                f"draws.{job.item}: problem {problem['problem_id']} (set {problem['set']!r}, index "
                f"{problem['index']}): its prompt has {marks} placeholders {mark} for one picture; "
                "one comes from the template: drop the problem, or its question's own"
            )
        blocks = plan(recipe, prompt, problem["image"], n, size)
        name = digest("prompt", prompt, problem["image"])[:16]
        planned.append(Cell(problem["set"], problem["problem_id"], name, blocks))
    return planned


def check_pictures(problems: pl.DataFrame, draw: Draw, folder: Path, place: str) -> None:
    """See that template, model and problems agree on whether there are pictures.

    Raises:
        StageError: it names the first problem at fault, and the remedy.
    """
    assert draw.template is not None, "checked by the schema"
    shows = template(draw.template).image
    wrong = problems.filter(pl.col("image").is_null() if shows else pl.col("image").is_not_null())
    if wrong.height:
        first = wrong.row(0, named=True)
        has, remedy = "has a picture, which {} does not show", "use a template with `image: true`"
        if shows:
            has = "has no picture, which {} shows"
            remedy = (
                "add `{kind: image_present}` to the set's filters, or give `images` to its source"
            )
        raise StageError(
            f"{place}: problem {first['problem_id']} (set {first['set']!r}, index "
            f"{first['index']}) {has.format(f'template {draw.template!r}')}; {wrong.height} "
            f"problem(s) in all: {remedy}"
        )
    if shows and not checkpoint.takes_pictures(folder):
        raise StageError(
            f"{place}.model: {folder} takes no pictures; use a model with a vision tower and an "
            "image processor (preprocessor_config.json), or a template without pictures"
        )


def _tokenizer(folder: Path) -> Any:  # noqa: ANN401
    from transformers import AutoTokenizer  # seconds; plain needs none

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _sampled(job: Job, draw: Draw, problems: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, float]]:
    assert draw.n is not None, "checked by the schema"
    store = BlockStore(paths.BLOCKS)
    planned = cells(job, draw, problems, draw.n)
    held, missing = _held(store, draw, job.item, [b for cell in planned for b in cell.blocks])
    refilled = refill_draw(job, store) if missing else 0
    if refilled:
        back, missing = _held(store, draw, job.item, missing)
        held |= back
    reused = sum(map(len, held.values()))
    seconds = 0.0
    if missing:
        samples, seconds = _draw(job, draw, store, missing, reused)
        held |= samples
    drawn = sum(len(block.indices) for block in missing)
    frame = _frame(job.item, draw, planned, held)
    measured = {
        "samples": float(frame.height),
        "drawn": float(drawn),
        "reused": float(reused),
        "refilled_blocks": float(refilled),
        "damaged_blocks": float(len(store.damaged)),
        "truncated": float((frame["finish_reason"] == "length").mean() or 0.0),  # type: ignore[arg-type]
    }
    if drawn:
        measured["samples_per_second"] = drawn / seconds
    return frame, measured


def _held(
    store: BlockStore, draw: Draw, item: str, blocks: Sequence[Block]
) -> tuple[dict[str, list[Sample]], list[Block]]:
    """Samples of the blocks that are held, and the blocks that must be drawn."""
    held: dict[str, list[Sample]] = {}
    missing = []
    for block in blocks:
        samples = store.read(block)
        if samples is not None and _usable(samples, draw, item):
            held[block.key] = samples
        else:
            missing.append(block)
    return held, missing


def _usable(samples: Sequence[Sample], draw: Draw, item: str) -> bool:
    """Whether held samples have all that the draw keeps."""
    if not draw.keep_token_logprobs or all(s.token_logprobs is not None for s in samples):
        return True
    if EXACT[draw.engine]:
        return False
    raise StageError(
        f"draws.{item}.keep_token_logprobs: samples of engine {draw.engine!r} came back from a "
        "table without them, and are never drawn again; set it to false, or use another replicate"
    )


def _pictures(job: Job, draw: Draw, wanted: set[str]) -> dict[str, bytes]:
    """PNG by digest of the pictures that blocks name; none is read where none is wanted."""
    found: dict[str, bytes] = {}
    for name in draw.sets if wanted else ():
        frame = PROBLEMS.read(paths.problem_set(job.study, name), ("image", "picture"))
        found |= dict(frame.filter(pl.col("image").is_in(list(wanted))).iter_rows())
    return found


def _draw(
    job: Job, draw: Draw, store: BlockStore, missing: list[Block], reused: int
) -> tuple[dict[str, list[Sample]], float]:
    """Draw the blocks that the store lacks; each is kept as soon as it is complete.

    Returns:
        Samples by block key, and the seconds that they took without loading the model.
    """
    assert draw.temperature is not None, "checked by the schema"
    assert draw.max_new_tokens is not None, "checked by the schema"
    assert draw.template is not None, "checked by the schema"
    sampling = _sampling(job)
    order = Order(
        paths.model(job.study, draw.model),
        draw.temperature,
        draw.top_p if draw.temperature else 1.0,
        draw.max_new_tokens,
        sampling.rows,
        sampling.dtype,
        plain=not template(draw.template).chat,
        pictures=_pictures(job, draw, {block.image for block in missing if block.image}),
    )
    # Two sets may share a problem: its block is drawn once, and the audit says so.
    distinct = list({block.key: block for block in missing}.values())
    engine = start(draw.engine, order)
    began = time.perf_counter()
    drawn: dict[str, list[Sample]] = {}
    total = sum(len(block.indices) for block in distinct)
    title = f"sample {job.item}" + (f" ({reused} reused)" if reused else "")
    with tqdm(total=total, desc=title, unit="sample", file=sys.stderr, smoothing=0.1) as bar:
        for block, samples in engine.draw(distinct, bar.update):
            kept = store.held(block) if not EXACT[draw.engine] else []
            whole = kept + samples[len(kept) :]
            store.write(block, whole)
            drawn[block.key] = whole[: block.needed]
    return drawn, time.perf_counter() - began


def refill_draw(job: Job, store: BlockStore) -> int:
    """Fill the store from the draw's own table, where there is one; returns blocks written.

    DVC removes an output before it runs a stage, so that the stage finds nothing there; after a
    clone `passk restore` calls this for every draw.
    """
    path = paths.samples(job.study, job.item)
    if not path.exists():
        return 0
    try:
        rows = SAMPLES.read(path)
    except TableError as error:
        print(f"warning: nothing is taken from {error}", file=sys.stderr)
        return 0
    if not rows.height:
        return 0
    draw = Draw.model_validate(job.entry("draws"))
    most = int(rows["sample_index"].max()) + 1  # type: ignore[arg-type]
    planned = cells(job, draw, _problems(job, draw), most)
    return refill(store, {(cell.set, cell.problem_id): cell.blocks for cell in planned}, rows)


def _frame(
    item: str, draw: Draw, planned: Sequence[Cell], held: Mapping[str, Sequence[Sample]]
) -> pl.DataFrame:
    """The samples table of blocks."""
    rows = [
        (cell, sample) for cell in planned for block in cell.blocks for sample in held[block.key]
    ]
    samples = [sample for _, sample in rows]
    logprobs = [s.token_logprobs if draw.keep_token_logprobs else None for s in samples]
    columns: dict[str, list[Any]] = {
        "set": [cell.set for cell, _ in rows],
        "problem_id": [cell.problem_id for cell, _ in rows],
        "sample_index": [s.sample_index for s in samples],
        "seed": [s.stream for s in samples],
        "prompt_digest": [cell.prompt_digest for cell, _ in rows],
        "text": [s.text for s in samples],
        "token_ids": [s.token_ids for s in samples],
        "n_tokens": [len(s.token_ids) for s in samples],
        "finish_reason": [s.finish_reason for s in samples],
        "sum_logprob": [s.sum_logprob for s in samples],
        "mean_entropy": [s.mean_entropy for s in samples],
        "token_logprobs": logprobs,
    }
    return pl.DataFrame(
        [pl.Series(name, values, SAMPLES.columns[name]) for name, values in columns.items()]
    ).with_columns(
        pl.lit(item).alias("draw"),
        pl.lit(draw.template).alias("template"),
        pl.lit(None, pl.Boolean()).alias("recorded_grade"),
    )


def _imported(
    job: Job, draw: Draw, problems: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, float]]:
    path = paths.model(job.study, draw.model) / "responses.parquet"
    try:
        frame = samples_of(RESPONSES.read(path), problems, draw.n)
    except ResponsesError as error:
        raise StageError(f"draws.{job.item}: {path}: {error}") from error
    named = [pl.lit(job.item).alias("draw"), pl.lit(draw.template, pl.String()).alias("template")]
    return frame.with_columns(named), {"samples": float(frame.height)}
