"""The samples table of blocks, written as a stream: the store is read block by block."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from passk.core.schemas.samples import ABORTED, SAMPLES
from passk.core.table_stream import write_groups
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.sample_plan import PlannedProblem
from passk.sampling.blocks import UNKNOWN_TOKEN, BlockStore, Sample
from passk.sampling.settings import Draw
from passk.sampling.streams import audit

# A group of rows ends at either. A table below both is one group, as polars writes it.
GROUP_ROWS = 65_536
GROUP_TOKENS = 4_194_304

Row = tuple[PlannedProblem, Sample]


@dataclass
class _Watch:
    """What is noted of rows while they pass; 8 bytes a sample."""

    streams: "array[int]" = field(default_factory=lambda: array("q"))
    length: int = 0
    aborted: int = 0

    def note(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Pass rows on."""
        for problem, sample in rows:
            self.streams.append(sample.stream)
            self.length += sample.finish_reason == "length"
            self.aborted += sample.finish_reason == ABORTED
            yield problem, sample

    def shared(self) -> set[int]:
        """Streams of several samples."""
        streams = np.sort(np.frombuffer(self.streams, np.int64))
        return set(streams[1:][streams[1:] == streams[:-1]].tolist())


def write_samples(
    store: BlockStore, planned: Sequence[PlannedProblem], item: str, draw: Draw, path: Path
) -> dict[str, float]:
    """Write the table of a draw whose blocks are all in the store.

    Returns:
        `samples`, and the shares `truncated` and, where there are any, `aborted`.

    Raises:
        StreamError: two samples share a random stream.
        StageError: a block is not in the store any more.
    """
    # A table's rows stand in the order of its key; indices rise within a problem.
    ordered = sorted(planned, key=lambda problem: (problem.set, problem.problem_id))
    watch = _Watch()

    def make_groups() -> Iterator[pl.DataFrame]:
        for group in _group(watch.note(_read_rows(store, ordered, item))):
            yield _make_table(item, draw, group)
        if shared := watch.shared():  # before the file takes its place
            _name_shared(store, ordered, item, shared, len(watch.streams))

    height = write_groups(SAMPLES, make_groups(), path)
    measured = {"samples": float(height), "truncated": watch.length / height}
    if watch.aborted:
        measured["aborted"] = watch.aborted / height
    return measured


def _name_shared(
    store: BlockStore,
    planned: Sequence[PlannedProblem],
    item: str,
    shared: set[int],
    total: int,
) -> None:
    """Raise StreamError with the names of samples that share streams."""
    rows = [
        (item, problem.set, problem.problem_id, sample.sample_index, sample.stream)
        for problem, sample in _read_rows(store, planned, item)
        if sample.stream in shared
    ]
    names = ("draw", "set", "problem_id", "sample_index", "seed")
    audit(pl.DataFrame(rows, schema=names, orient="row"), total)


def _read_rows(store: BlockStore, planned: Sequence[PlannedProblem], item: str) -> Iterator[Row]:
    for problem in planned:
        for block in problem.blocks:
            samples = store.read(block)
            if samples is None:
                raise StageError(
                    f"draws.{item}: {store.path(block.key)}: this block was there and is not any "
                    "more, or is damaged; run the stage again"
                )
            for sample in samples:
                yield problem, sample


def _group(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in groups of bounded memory."""
    group: list[Row] = []
    tokens = 0
    for problem, sample in rows:
        if len(group) == GROUP_ROWS or (group and tokens + len(sample.token_ids) > GROUP_TOKENS):
            yield group
            group, tokens = [], 0
        group.append((problem, sample))
        tokens += len(sample.token_ids)
    yield group


def _are_known(sample: Sample) -> bool:
    """Whether the ids of a sample's tokens are known, not their number alone."""
    return not len(sample.token_ids) or sample.token_ids[0] != UNKNOWN_TOKEN


def _make_table(item: str, draw: Draw, rows: Sequence[Row]) -> pl.DataFrame:
    """The samples table of some rows."""
    samples = [sample for _, sample in rows]
    logprobs = [s.token_logprobs if draw.keep_token_logprobs else None for s in samples]
    columns: dict[str, list[Any]] = {
        "set": [problem.set for problem, _ in rows],
        "problem_id": [problem.problem_id for problem, _ in rows],
        "sample_index": [s.sample_index for s in samples],
        "seed": [s.stream for s in samples],
        "prompt_digest": [problem.prompt_digest for problem, _ in rows],
        "text": [s.text for s in samples],
        "token_ids": [s.token_ids if _are_known(s) else None for s in samples],
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
