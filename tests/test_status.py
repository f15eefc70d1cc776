"""`passk status`: reasons in words, and how long what is planned will take."""

import pytest

from passk.pipeline.dag import Dag, Stage
from passk.pipeline.identity.current import Identity
from passk.pipeline.status import _reasons, estimate_seconds, makespan
from passk.provenance.lock import LockEntry


def stage(name, *parents, threads=1, cost=1, keys=()):
    meta = {"threads": threads, "cost": cost}
    return Stage(name, "run", (), (f"out-{name}",), {"params.yaml": keys}, parents, meta)


# a -> b, c; b and c -> d
DIAMOND = Dag([stage("s@a", cost=4), stage("s@b", "s@a"), stage("s@c", "s@a", cost=7),
               stage("t", "s@b", "s@c")])  # fmt: skip


def test_a_stage_takes_what_it_took_or_what_its_group_took_or_a_guess():
    past = {"s@a": 10.0, "s@b": 30.0}.get
    seconds = estimate_seconds(DIAMOND, ["s@a", "s@c", "t"], past)
    assert seconds == {"s@a": 10.0, "s@c": 20.0, "t": 1.0}


def test_the_time_on_one_core_is_the_sum_and_on_many_the_longest_chain():
    seconds = {"s@a": 4.0, "s@b": 2.0, "s@c": 7.0, "t": 1.0}
    assert makespan(DIAMOND, seconds, 1) == pytest.approx(14)
    assert makespan(DIAMOND, seconds, 2) == makespan(DIAMOND, seconds, 8) == pytest.approx(12)
    assert makespan(DIAMOND, {}, 2) == 0
    assert makespan(DIAMOND, {"t": 3.0}, 2) == 3.0  # what it waits for is there


def test_a_stage_that_needs_more_threads_than_there_are_takes_all():
    wide = Dag([stage("a", threads=8), stage("b")])
    assert makespan(wide, {"a": 5.0, "b": 5.0}, 2) == pytest.approx(10)


def reasons(old, *, stated, resolved, components, told=()):
    key = "train.grpo"
    entry = None
    if old is not None:
        values, known = old
        entry = LockEntry("train@grpo", "run", {}, {
            "params.yaml": {key: values},
            **({"components.json": {key: known}} if known else {}),
        }, {})  # fmt: skip
    identity = Identity(
        {"train": {"grpo": resolved}},
        {"train": {"grpo": stated}},
        {"train": {"grpo": components}},
    )
    return list(_reasons(stage("train@grpo", keys=(key,)), told, entry, identity))


KNOWN = {"code": "c", "parameters": "p", "algorithm.grpo": "a"}


def test_reasons_name_values_components_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert reasons(None, stated={}, resolved={}, components=KNOWN) == ["it never ran"]
    assert reasons(
        ({"steps": 90}, KNOWN), stated={"steps": 100}, resolved={"steps": 100, "beta": 0.0},
        components=KNOWN | {"parameters": "q"},
    ) == ["parameter train.grpo.steps: 90 -> 100"]  # fmt: skip
    assert reasons(
        ({"steps": 90}, KNOWN), stated={"steps": 90}, resolved={"steps": 90},
        components={"code": "c", "parameters": "p", "algorithm.dapo": "b"},
    ) == ["code: algorithm.dapo is now used", "code: algorithm.grpo is no longer used"]  # fmt: skip
    assert reasons(
        ({"steps": 90}, KNOWN), stated={"steps": 90}, resolved={"steps": 90},
        components=KNOWN | {"parameters": "q"},
    ) == ["a default of its parameters changed"]  # fmt: skip
    assert reasons(
        ({"steps": 90, "beta": 0.0}, KNOWN), stated={"steps": 90},
        resolved={"steps": 90, "beta": 0.0}, components=KNOWN,
    ) == ["params.yaml states the same values in another way"]  # fmt: skip
    told = [{"changed deps": {"data/x": "modified"}, "changed outs": {"out-train@grpo": "deleted"}}]
    assert reasons(
        ({}, KNOWN), stated={}, resolved={}, components=KNOWN, told=told
    ) == ["input modified: data/x", "its outputs are missing"]  # fmt: skip
