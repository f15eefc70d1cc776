"""Random streams: one for every sample, equal everywhere, and audited."""

import numpy as np
import polars as pl
import pytest

from passk.sampling.streams import StreamError, audit, derive_streams, draw_uniforms, mix


def test_known_values():
    # SplitMix64 from state 0 begins with this number (Steele, Lea, Flood 2014; Java's and others').
    assert int(mix(np.uint64(0))) == 0xE220A8397B1DCDAF
    # Frozen: a change here changes every sample.
    assert derive_streams(12345, [0, 1, 2]).tolist() == FROZEN_STREAMS
    assert draw_uniforms(np.array(FROZEN_STREAMS), [0, 1, 2]).tolist() == FROZEN_UNIFORMS


FROZEN_STREAMS = [8316531143733524342, 6386633206676699269, 872329109094023230]
FROZEN_UNIFORMS = [0.6571388378090603, 0.30236119842637554, 0.4744158005802869]


def test_streams_are_63_bit_and_distinct():
    streams = np.concatenate([derive_streams(block, np.arange(64)) for block in range(2000)])
    assert streams.dtype == np.int64
    assert streams.min() >= 0
    assert len(np.unique(streams)) == len(streams)
    large = derive_streams(2**63 - 1, [0, 2**40])
    assert (large >= 0).all()


def test_neighbours_share_nothing():
    # vLLM's trap: (seed 1, n 32) and (seed 2, n 32) share 31 streams there.
    one, two = (set(derive_streams(block, np.arange(32)).tolist()) for block in (1, 2))
    assert not one & two


def test_a_number_depends_on_its_stream_and_position_alone():
    streams, positions = derive_streams(9, np.arange(50)), np.arange(50)
    whole = draw_uniforms(streams, positions)
    assert whole.tolist() == [float(draw_uniforms(streams[i : i + 1], i)[0]) for i in range(50)]


def test_uniforms_are_uniform_and_uncorrelated():
    streams = derive_streams(4, np.arange(400))
    table = draw_uniforms(streams[:, None], np.arange(500)[None])
    assert table.min() >= 0
    assert table.max() < 1
    counts = np.histogram(table, bins=100, range=(0, 1))[0]
    chi = ((counts - 2000) ** 2 / 2000).sum()
    assert chi < 99 + 5 * np.sqrt(2 * 99)
    for shifted in (table[:, 1:], np.roll(table, 1, axis=0)[:, 1:]):
        assert abs(np.corrcoef(table[:, :-1].ravel(), shifted.ravel())[0, 1]) < 5 / np.sqrt(2e5)


def frame(seeds):
    return pl.DataFrame(
        {
            "draw": "a",
            "set": "s",
            "problem_id": [f"p{i // 2}" for i in range(len(seeds))],
            "sample_index": [i % 2 for i in range(len(seeds))],
            "seed": seeds,
        },
        schema_overrides={"seed": pl.Int64},
    )


def test_audit_counts_streams_and_passes_imported_rows_over():
    assert audit(frame([1, 2, 3, 4])) == 4
    assert audit(frame([None, None, 5])) == 1


def test_audit_names_the_rows_that_share_a_stream():
    with pytest.raises(StreamError, match=r"2 of 4 samples.*problem p0, sample 1.*problem p1, sam"):
        audit(frame([1, 7, 7, 4]))
