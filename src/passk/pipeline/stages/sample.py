"""Stage group `sample`: a model answers the problems of some sets, n times each.

The block store is asked first; a model is loaded only if some block is missing. One process draws
for all sets, so that start-up is paid once. Only what is asked is read of a problem.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from tqdm import tqdm

from passk.config import paths
from passk.core.machine import read_machine
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.tables import TableError
from passk.data.prompts import template
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.sample_plan import PlannedProblem, plan_problems, read_problems
from passk.sampling.blocks import Block, BlockStore, Sample
from passk.sampling.engines.engine import BlockSampler, ResponsesError, SamplingConfig
from passk.sampling.engines.registry import ENGINES
from passk.sampling.restoring import refill
from passk.sampling.settings import Draw, Sampling
from passk.sampling.streams import audit


def run(job: Job) -> dict[str, float]:
    """Draw, or collect, the samples of a draw; returns how many were drawn and reused."""
    draw = job.settings("draws", Draw)
    problems = read_problems(job, draw)
    collect = _collect if ENGINES[draw.engine].collect else _sample
    frame, measured = collect(job, draw, problems)
    audit(frame)
    SAMPLES.write(frame, paths.samples(job.study, job.item))
    return measured


def _sample(job: Job, draw: Draw, problems: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, float]]:
    assert draw.n is not None, "checked by the schema"
    store = BlockStore(paths.BLOCKS)
    planned = plan_problems(job, draw, problems, draw.n)
    samples_by_block, missing = _read_blocks(
        store, draw, job.item, [b for problem in planned for b in problem.blocks]
    )
    reused = sum(map(len, samples_by_block.values()))
    seconds = 0.0
    if missing:
        samples, seconds = _draw(job, draw, store, missing, reused)
        samples_by_block |= samples
    drawn = sum(len(block.indices) for block in missing)
    frame = _make_table(job.item, draw, planned, samples_by_block)
    measured = {
        "samples": float(frame.height),
        "drawn": float(drawn),
        "reused": float(reused),
        "damaged_blocks": float(len(store.damaged)),
        "truncated": float((frame["finish_reason"] == "length").mean() or 0.0),  # type: ignore[arg-type]
    }
    if drawn:
        measured["samples_per_second"] = drawn / seconds
    return frame, measured


def _read_blocks(
    store: BlockStore, draw: Draw, item: str, blocks: Sequence[Block]
) -> tuple[dict[str, list[Sample]], list[Block]]:
    """Samples of the blocks that are held, and the blocks that must be drawn."""
    samples_by_block: dict[str, list[Sample]] = {}
    missing = []
    for block in blocks:
        samples = store.read(block)
        if samples is not None and _is_usable(samples, draw, item):
            samples_by_block[block.key] = samples
        else:
            missing.append(block)
    return samples_by_block, missing


def _is_usable(samples: Sequence[Sample], draw: Draw, item: str) -> bool:
    """Whether held samples have all that the draw keeps."""
    if not draw.keep_token_logprobs or all(s.token_logprobs is not None for s in samples):
        return True
    if ENGINES[draw.engine].exact:
        return False
    raise StageError(
        f"draws.{item}.keep_token_logprobs: samples of engine {draw.engine!r} came back from a "
        "table without them, and are never drawn again; set it to false, or use another replicate"
    )


def _read_images(job: Job, draw: Draw, digests: set[str]) -> dict[str, bytes]:
    """PNG by digest of the images that blocks name; none is read where none is wanted."""
    images: dict[str, bytes] = {}
    for name in draw.sets if digests else ():
        frame = PROBLEMS.read(paths.problem_set(job.study, name), ("image", "image_bytes"))
        images |= dict(frame.filter(pl.col("image").is_in(list(digests))).iter_rows())
    return images


def _draw(
    job: Job, draw: Draw, store: BlockStore, missing: list[Block], reused: int
) -> tuple[dict[str, list[Sample]], float]:
    """Draw the blocks that the store lacks; each is kept as soon as it is complete.

    Returns:
        Samples by block key, and the seconds that they took without loading the model.
    """
    sampler = _load(job, draw, {block.image for block in missing if block.image})
    # Two sets may share a problem: its block is drawn once, and the audit says so.
    distinct = list({block.key: block for block in missing}.values())
    start = time.perf_counter()
    samples_by_block: dict[str, list[Sample]] = {}
    total = sum(len(block.indices) for block in distinct)
    title = f"sample {job.item}" + (f" ({reused} reused)" if reused else "")
    with tqdm(total=total, desc=title, unit="sample", file=sys.stderr, smoothing=0.1) as bar:
        for block, samples in sampler.draw(distinct, bar.update):
            held_samples = store.held(block) if not ENGINES[draw.engine].exact else []
            block_samples = held_samples + samples[len(held_samples) :]
            store.write(block, block_samples)
            samples_by_block[block.key] = block_samples[: block.needed]
    return samples_by_block, time.perf_counter() - start


def _load(job: Job, draw: Draw, images: set[str]) -> BlockSampler:
    """Load the model of a draw into its engine; imports torch, or vLLM."""
    assert draw.temperature is not None, "checked by the schema"
    assert draw.max_new_tokens is not None, "checked by the schema"
    assert draw.template is not None, "checked by the schema"
    sampling = job.section("sampling", Sampling)
    load = ENGINES[draw.engine].blocks
    assert load is not None, "checked by the schema"
    return load(
        SamplingConfig(
            paths.model(job.study, draw.model),
            draw.temperature,
            draw.top_p if draw.temperature else 1.0,
            draw.max_new_tokens,
            sampling.rows,
            draw.dtype or sampling.dtype,
            plain=not template(draw.template).chat,
            images=_read_images(job, draw, images),
            stop=tuple(draw.stop),
            context=draw.context,
            tensor_parallel=draw.tensor_parallel,
            machine=read_machine(),
        )
    )


def refill_draw(job: Job, store: BlockStore) -> int:
    """Fill the store from the draw's own table, where there is one; returns blocks written.

    The table must be what the lock promises: `passk restore`, which calls this, checks it. The
    stage itself takes nothing from a table, which anything may have written.
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
    draw = job.settings("draws", Draw)
    most = int(rows["sample_index"].max()) + 1  # type: ignore[arg-type]
    planned = plan_problems(job, draw, read_problems(job, draw), most)
    return refill(
        store, {(problem.set, problem.problem_id): problem.blocks for problem in planned}, rows
    )


def _make_table(
    item: str,
    draw: Draw,
    planned: Sequence[PlannedProblem],
    samples_by_block: Mapping[str, Sequence[Sample]],
) -> pl.DataFrame:
    """The samples table of blocks."""
    rows = [
        (problem, sample)
        for problem in planned
        for block in problem.blocks
        for sample in samples_by_block[block.key]
    ]
    samples = [sample for _, sample in rows]
    logprobs = [s.token_logprobs if draw.keep_token_logprobs else None for s in samples]
    columns: dict[str, list[Any]] = {
        "set": [problem.set for problem, _ in rows],
        "problem_id": [problem.problem_id for problem, _ in rows],
        "sample_index": [s.sample_index for s in samples],
        "seed": [s.stream for s in samples],
        "prompt_digest": [problem.prompt_digest for problem, _ in rows],
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


def _collect(job: Job, draw: Draw, problems: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, float]]:
    collect = ENGINES[draw.engine].collect
    assert collect is not None, "the engine draws no blocks"
    path = paths.model(job.study, draw.model) / "responses.parquet"
    try:
        frame = collect(RESPONSES.read(path), problems, draw.n)
    except ResponsesError as error:
        raise StageError(f"draws.{job.item}: {path}: {error}") from error
    columns = [pl.lit(job.item).alias("draw"), pl.lit(draw.template, pl.String()).alias("template")]
    return frame.with_columns(columns), {"samples": float(frame.height)}
