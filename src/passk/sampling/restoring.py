"""Filling the block store from a samples table, e.g. after a clone or a pull.

A row proves by its seed that it belongs to a block: the seed derives from the block's key, which
names all that the block's bytes depend on. Rows of other models or parameters are passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from passk.sampling.blocks import UNKNOWN_TOKEN, Block, BlockStore, Sample
from passk.sampling.streams import derive_streams

ProblemKey = tuple[str, str]  # set, problem_id


def refill(
    store: BlockStore, planned: Mapping[ProblemKey, Sequence[Block]], rows: pl.DataFrame
) -> int:
    """Write the blocks that a samples table holds and the store does not.

    Args:
        store: to be filled.
        planned: the blocks of each problem, as many as the table may hold.
        rows: a samples table.

    Returns:
        How many blocks were written. A block of which the table holds a first part is written so.
    """
    written = 0
    for key, group in rows.filter(pl.col("seed").is_not_null()).group_by("set", "problem_id"):
        by_index = {row["sample_index"]: row for row in group.iter_rows(named=True)}
        for block in planned.get((str(key[0]), str(key[1])), ()):
            samples = _match_samples(block, by_index)
            if len(samples) > len(store.held(block)):
                store.write(block, samples)
                written += 1
    return written


def _match_samples(block: Block, rows: Mapping[int, Mapping[str, Any]]) -> list[Sample]:
    """The first samples of a block that rows with the right seeds hold."""
    samples: list[Sample] = []
    streams = derive_streams(block.stream, list(block.indices)).tolist()
    for index, stream in zip(block.indices, streams, strict=True):
        row = rows.get(index)
        if row is None or row["seed"] != stream or row["n_tokens"] is None:
            break
        known = row["token_ids"] is not None
        logprobs = row["token_logprobs"]
        samples.append(
            Sample(
                index,
                stream,
                row["text"],
                np.asarray(row["token_ids"], np.int32)
                if known
                else np.full(row["n_tokens"], UNKNOWN_TOKEN, np.int32),
                row["finish_reason"],
                row["sum_logprob"],
                row["mean_entropy"],
                None if logprobs is None else np.asarray(logprobs, np.float32),
            )
        )
    return samples
