"""Random streams: every sample has its own, named by its block and its index.

A stream is a 63-bit integer; its numbers are a pure function of (stream, position), computed with
64-bit integer arithmetic only, so that they are equal on every platform, in any order, and for any
company. Nothing here holds state.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:  # the audit is told a frame; vLLM's environment has no polars
    import polars as pl

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_INDEX = np.uint64(0xD1B54A32D192ED03)
_POSITION = np.uint64(0x8CB92BA72F3D8DD7)


class StreamError(ValueError):
    """Samples share a random stream; the message names the rows."""


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection on 64-bit integers."""
    with np.errstate(over="ignore"):
        values = values + _GOLDEN
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def derive_streams(block: int, indices: ArrayLike) -> NDArray[np.int64]:
    """Streams of the samples of a block: a function of (block, sample index) alone.

    Args:
        block: what identifies the block, below 2**63; see `passk.core.digests.seed`.
        indices: sample indices, any shape.

    Returns:
        63-bit non-negative integers of the shape of `indices`.

    Example:
        >>> derive_streams(7, [0, 1]).tolist() == [int(derive_streams(7, i)) for i in (0, 1)]
        True
    """
    with np.errstate(over="ignore"):
        salted = mix(np.asarray(indices, dtype=np.uint64) * _INDEX)
        mixed = mix(mix(np.uint64(block) + salted) ^ salted)
    return (mixed >> np.uint64(1)).astype(np.int64)


def draw_uniforms(streams: NDArray[np.int64], positions: ArrayLike) -> NDArray[np.float64]:
    """Numbers in [0, 1) with 53 random bits: element i belongs to (streams[i], positions[i]).

    Positions are mixed before they are added, so that no stream is a shifted copy of another.

    Args:
        streams: 63-bit streams; broadcast against positions.
        positions: how many tokens the sample has before this one.
    """
    with np.errstate(over="ignore"):
        salted = mix(np.asarray(positions, dtype=np.uint64) * _POSITION)
        mixed = mix(mix(streams.astype(np.uint64) + salted) ^ salted)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def audit(samples: "pl.DataFrame", total: int | None = None) -> int:
    """Check that no two rows of a samples table share a stream.

    Args:
        samples: rows of one or several draws with `draw, set, problem_id, sample_index, seed`;
            rows without a seed (imported samples) are passed over.
        total: how many samples there are, where these are a part of them; for the message.

    Returns:
        How many streams were compared.

    Raises:
        StreamError: with the number of rows that share a stream, and the first of them by name.
    """
    seeded = samples.filter(samples["seed"].is_not_null())
    shared = seeded.filter(seeded["seed"].is_duplicated()).sort("seed")
    if shared.height:
        repeated = shared.filter(shared["seed"] == shared["seed"][0])
        names = "; ".join(
            f"draw {row['draw']!r}, set {row['set']!r}, problem {row['problem_id']}, "
            f"sample {row['sample_index']}"
            for row in repeated.head(4).iter_rows(named=True)
        )
        raise StreamError(
            f"{shared.height} of {total or seeded.height} samples share a random stream; stream "
            f"{shared['seed'][0]}: {names}. Give the draws different replicates, or list the "
            "problem once"
        )
    return seeded.height
