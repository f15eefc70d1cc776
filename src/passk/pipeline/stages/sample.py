"""Stage group `sample`: a model answers the problems of some sets, n times each.

The block store is asked first; a model is loaded only if some block is missing. One process draws
for all sets, so that start-up is paid once. Only what is asked is read of a problem.
"""

import sys
import time
from collections.abc import Sequence

import polars as pl
from tqdm import tqdm

from passk.config import paths
from passk.core import stop_signal
from passk.core.machine import read_machine
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.tables import TableError
from passk.data.prompts import template
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.sample_lengths import measure_lengths
from passk.pipeline.stages.sample_plan import PlannedProblem, plan_problems, read_problems
from passk.pipeline.stages.sample_table import write_samples
from passk.sampling.blocks import Block, BlockStore, Sample
from passk.sampling.drawing import draw_blocks
from passk.sampling.engines.engine import BlockSampler, ResponsesError, SamplingConfig
from passk.sampling.engines.registry import ENGINES
from passk.sampling.restoring import refill
from passk.sampling.settings import Draw, Sampling
from passk.sampling.streams import audit


def run(job: Job) -> dict[str, float]:
    """Draw, or collect, the samples of a draw; returns how many were drawn and reused."""
    draw = job.settings("draws", Draw)
    problems = read_problems(job, draw)
    take = _collect if ENGINES[draw.engine].collect else _sample
    return take(job, draw, problems)


def _sample(job: Job, draw: Draw, problems: pl.DataFrame) -> dict[str, float]:
    assert draw.n is not None, "checked by the schema"
    store = BlockStore(paths.BLOCKS)
    planned = plan_problems(job, draw, problems, draw.n)
    missing, reused = _find_missing(store, draw, job.item, planned)
    measured = {"drawn": 0.0, "reused": float(reused)}
    if missing:
        measured |= _draw(job, draw, store, planned, missing)
    measured["damaged_blocks"] = float(len(store.damaged))
    path = paths.samples(job.study, job.item)
    return write_samples(store, planned, job.item, draw, path) | measured


def _find_missing(
    store: BlockStore, draw: Draw, item: str, planned: Sequence[PlannedProblem]
) -> tuple[list[Block], int]:
    """The blocks that must be drawn, and how many samples there are of the others."""
    missing, reused = [], 0
    for block in (block for problem in planned for block in problem.blocks):
        samples = store.read(block)
        if samples is not None and _is_usable(samples, draw, item):
            reused += len(samples)
        else:
            missing.append(block)
    return missing, reused


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
    job: Job,
    draw: Draw,
    store: BlockStore,
    planned: Sequence[PlannedProblem],
    missing: Sequence[Block],
) -> dict[str, float]:
    """Draw the blocks that the store lacks; each is kept as soon as it is complete.

    Returns:
        Samples drawn, samples per second without the loading of the model, and what ends them.
    """
    images = _read_images(job, draw, {block.image for block in missing if block.image})
    folder = paths.model(job.study, draw.model)
    served = ENGINES[draw.engine].served  # then the server counts
    lengths = (
        None if served else measure_lengths(draw, folder, planned, images, f"draws.{job.item}")
    )
    sampler = _load(job, draw, images, lengths.longest if lengths else None)
    # Two sets may share a problem: its block is drawn once, and the audit says so.
    distinct = list({block.key: block for block in missing}.values())
    start = time.perf_counter()
    total = sum(len(block.indices) for block in distinct)
    held_blocks = sum(len(problem.blocks) for problem in planned) - len(missing)
    title = f"sample {job.item}" + (f" ({held_blocks} blocks reused)" if held_blocks else "")
    exact = ENGINES[draw.engine].exact
    with tqdm(total=total, desc=title, unit="sample", file=sys.stderr, smoothing=0.1) as bar:
        for number, (block, samples) in enumerate(draw_blocks(sampler, distinct, bar.update), 1):
            held = store.held(block) if not exact else []
            store.write(block, held + samples[len(held) :])
            if number < len(distinct):
                stop_signal.stop_if_asked(f"{held_blocks + number} blocks of samples")
    ends = lengths.ends if lengths else ()
    measured = {f"end_token_{i}": float(token) for i, token in enumerate(ends)}
    measured |= getattr(sampler, "measured", {})
    # Of a problem in two sets every copy counts, as among those reused.
    drawn = float(sum(len(block.indices) for block in missing))
    return {"drawn": drawn, "samples_per_second": drawn / (time.perf_counter() - start), **measured}


def _load(job: Job, draw: Draw, images: dict[str, bytes], longest: int | None) -> BlockSampler:
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
            images=images,
            stop=tuple(draw.stop),
            context=draw.context,
            tensor_parallel=draw.tensor_parallel,
            machine=read_machine(),
            longest=longest,
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


def _collect(job: Job, draw: Draw, problems: pl.DataFrame) -> dict[str, float]:
    collect = ENGINES[draw.engine].collect
    assert collect is not None, "the engine draws no blocks"
    path = paths.model(job.study, draw.model) / "responses.parquet"
    try:
        frame = collect(RESPONSES.read(path), problems, draw.n)
    except ResponsesError as error:
        raise StageError(f"draws.{job.item}: {path}: {error}") from error
    columns = [pl.lit(job.item).alias("draw"), pl.lit(draw.template, pl.String()).alias("template")]
    frame = frame.with_columns(columns)
    audit(frame)
    SAMPLES.write(frame, paths.samples(job.study, job.item))
    return {"samples": float(frame.height)}
