"""The block store: written once, never stale, damage found, refilled from tables."""

import errno
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from passk.core.schemas.samples import SAMPLES
from passk.sampling.blocks import BlockStore, Sample, StoreError, plan_blocks
from passk.sampling.restoring import refill
from passk.sampling.streams import derive_streams

RECIPE = {"weights": "w", "temperature": 0.6, "seed": 1, "replicate": 0}


def drawn(block, logprobs=True):
    """Samples of a block, different in every way that a file must keep."""
    streams = derive_streams(block.stream, list(block.indices)).tolist()
    return [
        Sample(
            index, stream, f'text "{index}"\n\u00e9', np.arange(1 + index % 3, dtype=np.int32),
            "stop" if index % 2 else "length", -0.1 * index, None if index == 5 else 1 / 3,
            np.linspace(-1, 0, 1 + index % 3, dtype=np.float32) if logprobs else None,
        )
        for index, stream in zip(block.indices, streams, strict=True)
    ]  # fmt: skip


def same(a, b):
    return all(
        x[:3] == y[:3]
        and x[4:7] == y[4:7]
        and np.array_equal(x.token_ids, y.token_ids)
        and np.array_equal(x.token_logprobs, y.token_logprobs)
        for x, y in zip(a, b, strict=True)
    )


@pytest.fixture
def store(tmp_path):
    return BlockStore(tmp_path / "blocks")


def test_what_was_written_is_read(store):
    (block,) = plan_blocks(RECIPE, "p", None, 8, 8)
    assert store.read(block) is None
    store.write(block, drawn(block))
    assert same(store.read(block), drawn(block))
    assert [p.name for p in store.root.rglob("*") if p.is_file()] == [block.key[2:]]


def test_log_probabilities_may_be_absent(store):
    (block,) = plan_blocks(RECIPE, "p", None, 4, 4)
    store.write(block, drawn(block, logprobs=False))
    assert [one.token_logprobs for one in store.read(block)] == [None] * 4


def test_raising_n_keeps_all_keys():
    few, many = plan_blocks(RECIPE, "p", None, 64, 32), plan_blocks(RECIPE, "p", None, 128, 32)
    assert [b.key for b in many[:2]] == [b.key for b in few]
    assert len(many) == 4


def test_a_partial_last_block_is_whole_in_the_store(store):
    blocks = plan_blocks(RECIPE, "p", None, 40, 32)
    assert [(b.indices, b.needed) for b in blocks] == [(range(32), 32), (range(32, 64), 8)]
    store.write(blocks[1], drawn(blocks[1]))
    assert len(store.read(blocks[1])) == 8
    raised = plan_blocks(RECIPE, "p", None, 64, 32)[1]
    assert raised.key == blocks[1].key
    assert len(store.read(raised)) == 32


def test_a_key_names_all_that_bytes_depend_on():
    keys = {
        plan_blocks(recipe, prompt, image, n, size)[number].key
        for recipe, prompt, image, n, size, number in [
            (RECIPE, "p", None, 64, 32, 0),
            (RECIPE, "p", None, 64, 32, 1),
            (RECIPE, "q", None, 64, 32, 0),
            (RECIPE, "p", "i", 64, 32, 0),
            (RECIPE, "p", None, 64, 16, 0),
            *(({**RECIPE, name: 9}, "p", None, 64, 32, 0) for name in RECIPE),
        ]
    }
    assert len(keys) == 5 + len(RECIPE)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "swap"])
def test_damage_is_found_and_named(store, damage, capsys):
    block, other = plan_blocks(RECIPE, "p", None, 16, 8)
    for one in (block, other):
        store.write(one, drawn(one))
    path = store.path(block.key)
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[:-7],
            "flip": content[:-1] + bytes([content[-1] ^ 1]),
            "empty": b"",
            "swap": store.path(other.key).read_bytes(),
        }[damage]
    )
    assert store.read(block) is None
    assert str(path) in capsys.readouterr().err
    assert store.damaged == [path]
    store.write(block, drawn(block))
    assert same(store.read(block), drawn(block))


def test_a_full_disk_leaves_nothing_half_written(store, monkeypatch):
    (block,) = plan_blocks(RECIPE, "p", None, 8, 8)
    real = Path.write_bytes

    def full(path, content):
        real(path, content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StoreError, match="the disk is full"):
            store.write(block, drawn(block))
    assert not [p for p in store.root.rglob("*") if p.is_file()]
    store.write(block, drawn(block))
    assert len(store.read(block)) == 8


def table(cell, samples):
    rows = [
        {
            "draw": "d", "set": cell[0], "problem_id": cell[1], "sample_index": s.sample_index,
            "seed": s.stream, "template": "plain", "prompt_digest": "x", "text": s.text,
            "token_ids": s.token_ids.tolist(), "n_tokens": len(s.token_ids),
            "finish_reason": s.finish_reason, "sum_logprob": s.sum_logprob,
            "mean_entropy": s.mean_entropy, "token_logprobs": s.token_logprobs.tolist(),
            "recorded_grade": None,
        }
        for s in samples
    ]  # fmt: skip
    return SAMPLES.check(pl.DataFrame(rows, schema=dict(SAMPLES.columns)))


def test_blocks_come_back_from_a_table(store):
    blocks = plan_blocks(RECIPE, "p", None, 40, 16)
    samples = [one for block in blocks for one in drawn(block)][:40]
    planned = {("s", "p1"): blocks}
    assert refill(store, planned, table(("s", "p1"), samples)) == 3
    found = [one for block in blocks for one in store.read(block)]
    assert same(found, samples)
    assert refill(store, planned, table(("s", "p1"), samples)) == 0  # nothing is new
    # The table held half of the last block; all of it must still be drawn when n rises.
    assert store.read(plan_blocks(RECIPE, "p", None, 48, 16)[2]) is None


def test_rows_of_other_parameters_are_passed_over(store):
    blocks = plan_blocks(RECIPE, "p", None, 16, 16)
    other = plan_blocks({**RECIPE, "temperature": 1.0}, "p", None, 16, 16)
    assert refill(store, {("s", "p1"): other}, table(("s", "p1"), drawn(blocks[0]))) == 0
    assert refill(store, {("s", "p2"): blocks}, table(("s", "p1"), drawn(blocks[0]))) == 0
