"""The sample stage: what is drawn, what is reused, and what it says when it cannot go on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import polars as pl
import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli.app import application
from passk.cli.restore import check_table
from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.tables import TableError
from passk.models.naming import parse
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.sample import refill_draw, run
from passk.provenance.lock import LockEntry, path_digest
from passk.sampling.blocks import BlockStore
from passk.sampling.checkpoint import CheckpointError
from passk.sampling.streams import StreamError, audit
from toy_checkpoint import QUESTIONS, job, save, write_set


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "base"
    save(folder)
    return folder


@pytest.fixture
def study(tmp_path, monkeypatch, checkpoint):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(checkpoint, paths.model("toy", "base"))
    write_set("one", QUESTIONS[:4])
    write_set("two", QUESTIONS[4:7])
    return tmp_path


def table(item="base"):
    return SAMPLES.read(paths.samples("toy", item))


def content(item="base"):
    return paths.samples("toy", item).read_bytes()


def blocks():
    return {path for path in paths.BLOCKS.rglob("*") if path.is_file()}


def forget():
    shutil.rmtree(paths.BLOCKS)
    paths.samples("toy", "base").unlink()


def test_every_problem_gets_n_samples(study):
    assert run(job())["drawn"] == 7 * 24  # whole blocks of 8
    frame = table()
    assert frame.height == 7 * 20
    assert frame.group_by("set", "problem_id").len()["len"].unique().to_list() == [20]
    assert set(frame["finish_reason"]) <= {"stop", "length"}
    assert (frame["n_tokens"] == frame["token_ids"].list.len()).all()
    assert (frame.filter(pl.col("finish_reason") == "length")["n_tokens"] == 16).all()
    assert frame["token_logprobs"].null_count() == frame.height
    assert audit(frame) == frame.height


def test_a_second_run_draws_nothing_and_does_not_import_torch(study):
    run(job())
    first = content()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['transformers'] = None\n"
        "sys.modules['torch'] = None\n"
        "from passk.pipeline.stages.job import Job;"
        "from passk.pipeline.stages.sample import run; import json\n"
        "print(run(Job('sample', 'base', json.loads(sys.argv[2]), ''))['drawn'])"
    )
    paths.samples("toy", "base").unlink()
    out = subprocess.run(
        [sys.executable, "-c", code, ".", json.dumps(job().params)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout.strip() == "0.0"
    assert content() == first


def test_raising_n_draws_the_new_half_alone(study):
    run(job(n=16))
    few, held = table(), {path: path.stat().st_mtime_ns for path in blocks()}
    measured = run(job(n=32))
    assert (measured["drawn"], measured["reused"]) == (7 * 16, 7 * 16)
    assert all(path.stat().st_mtime_ns == held[path] for path in held)
    assert table().filter(pl.col("sample_index") < 16).equals(few)


def test_the_part_of_a_block_that_was_not_used_is_not_drawn_again(study):
    run(job(n=20))
    assert run(job(n=24))["drawn"] == 0


def test_dropping_a_problem_draws_nothing_and_adding_one_draws_it_alone(study):
    run(job())
    write_set("one", QUESTIONS[:3])
    assert run(job())["drawn"] == 0
    assert table().height == 6 * 20
    write_set("two", QUESTIONS[4:8])
    assert run(job())["drawn"] == 24


def test_bytes_do_not_depend_on_what_was_resumed(study):
    run(job())
    whole = content()
    names = sorted(blocks())
    for path in names[::3]:
        path.unlink()
    run(job())
    assert content() == whole
    forget()
    run(job(sets=["two"], n=4))
    run(job())
    assert content() == whole


def test_answers_change_no_byte(study):
    run(job())
    before = content()
    write_set("one", QUESTIONS[:4], answer="999", tests="[]")
    assert run(job())["drawn"] == 0
    assert content() == before


@pytest.mark.parametrize(
    "changes",
    [{"temperature": 0.9}, {"top_p": 0.9}, {"replicate": 1}, {"max_new_tokens": 15}],
)
def test_other_parameters_draw_other_samples(study, changes):
    run(job())
    first = set(table()["seed"])
    assert run(job(**changes))["reused"] == 0
    assert not first & set(table()["seed"])


def test_greedy_is_one_sample_and_no_more(study):
    assert run(job(n=1, temperature=0.0, top_p=1.0))["drawn"] == 7
    first = table()["text"].to_list()
    run(job(n=1, temperature=0.0, top_p=1.0, replicate=1))
    assert table()["text"].to_list() == first
    with pytest.raises(ValueError, match="n must be 1"):
        run(job(n=2, temperature=0.0))


def test_token_log_probabilities_are_kept_on_request(study):
    run(job(keep_token_logprobs=True))
    frame = table()
    sums = frame["token_logprobs"].list.sum()
    assert (sums - frame["sum_logprob"]).abs().max() < 1e-3


def test_a_damaged_block_is_named_and_drawn_again(study, capsys):
    run(job())
    whole, path = content(), sorted(blocks())[5]
    path.write_bytes(path.read_bytes()[:-1])
    paths.samples("toy", "base").unlink()
    measured = run(job())
    assert (measured["damaged_blocks"], measured["drawn"]) == (1, 8)
    assert str(path) in capsys.readouterr().err
    assert content() == whole


def test_the_store_comes_back_from_the_table(study):
    run(job(n=24))
    whole = content()
    shutil.rmtree(paths.BLOCKS)
    store = BlockStore(paths.BLOCKS)
    assert refill_draw(job(n=24), store) == 21
    paths.samples("toy", "base").unlink()  # as DVC does before a run
    assert run(job(n=24))["drawn"] == 0
    assert content() == whole
    # Samples of another model are not taken for this one's.
    config = paths.model("toy", "base") / "config.json"
    config.write_text(config.read_text().replace('"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e-05'))
    shutil.rmtree(paths.BLOCKS)
    assert refill_draw(job(n=24), store) == 0


def test_nothing_is_taken_from_a_table_that_is_not_what_the_lock_promises(study):
    run(job(n=24))
    path = paths.samples("toy", "base")
    entry = LockEntry("sample@base", "x", {}, {}, {path.as_posix(): path_digest(path)})
    assert check_table(path, entry) == ""
    assert "dvc.lock does not know it" in check_table(path, None)
    # Edited texts keep their seeds: rows alone cannot tell.
    SAMPLES.write(SAMPLES.read(path).with_columns(text=pl.lit("42")), path)
    assert "damaged or edited" in check_table(path, entry)
    assert f"dvc checkout --force {path}" in check_table(path, entry)
    before = content()
    shutil.rmtree(paths.BLOCKS)
    run(job(n=24))  # the stage itself draws, and takes nothing from what lies there
    assert content() != before
    assert SAMPLES.read(path)["text"].to_list() != ["42"] * len(table())


def test_nothing_to_put_back_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    done = CliRunner().invoke(application(), ["restore"], catch_exceptions=False)
    assert (done.exit_code, done.output.startswith("nothing to put back: no samples")) == (0, True)


def test_a_refilled_table_without_log_probabilities_is_drawn_again_for_them(study):
    run(job(n=8))
    shutil.rmtree(paths.BLOCKS)
    refill_draw(job(n=8), BlockStore(paths.BLOCKS))
    assert run(job(n=8, keep_token_logprobs=True))["drawn"] == 56
    assert table()["token_logprobs"].null_count() == 0


def test_a_problem_in_two_sets_shares_its_streams_and_is_named(study):
    write_set("two", QUESTIONS[3:6])
    with pytest.raises(StreamError, match="share a random stream"):
        run(job())
    assert not paths.samples("toy", "base").exists()


def test_unknown_and_incomplete_checkpoints(study):
    with pytest.raises(CheckpointError, match=r"no such model.*holds: base"):
        run(job(model="bass"))
    folder = paths.model("toy", "base")
    for name in ("tokenizer.json", "vocab.json"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(CheckpointError, match="checkpoint without a tokenizer"):
        run(job())
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        run(job())


def test_what_cannot_be_asked_is_said(study):
    with pytest.raises(ValueError, match="template 'plane' is unknown; did you mean 'plain'"):
        run(job(template="plane"))
    with pytest.raises(StageError, match=r"problem .*: 7 prompt tokens .*context of 64; lower"):
        run(job(max_new_tokens=60))
    with pytest.raises(ValueError, match="no chat template"):
        run(job(template="oat"))
    with pytest.raises(TableError, match=r"absent\.parquet: no such file"):
        run(job(sets=["absent"]))
    write_set("pictures", QUESTIONS[:1], image="abc")
    with pytest.raises(StageError, match="image"):
        run(job(sets=["pictures"]))
    with pytest.raises(ValueError, match="needs n"):
        run(job(n=None))
    assert not paths.samples("toy", "base").exists()


def responses(rows):
    frame = pl.DataFrame(
        [{"problem_id": p, "sample_index": i, "text": f"{p}.{i}"} for p, i in rows]
    ).with_columns(recorded_grade=True, finish_reason=pl.lit("unknown"), n_tokens=None, seed=None)
    path = paths.model("toy", "theirs") / "responses.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    RESPONSES.write(frame, path)


def imported(**changes):
    given = {"model": "theirs", "sets": ["one"], "n": None, "engine": "imported"} | changes
    return job(temperature=None, max_new_tokens=None, template=None, **given)


def test_imported_samples_are_taken_as_they_are(study):
    ids = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"].to_list()
    # The last problem was dropped by a filter; another has fewer samples.
    responses([(p, i) for p in [*ids, "dropped"] for i in range(2 if p == ids[1] else 3)])
    assert run(imported()) == {"samples": 11.0}
    frame = table()
    assert set(frame["finish_reason"]) == {"unknown"}
    assert frame["seed"].null_count() == frame["template"].null_count() == 11
    assert frame["recorded_grade"].all()
    assert run(imported(n=2)) == {"samples": 8.0}
    with pytest.raises(StageError, match=r"1 of 4 problems have fewer than 3.*index 1\) with 2"):
        run(imported(n=3))
    responses([(p, 0) for p in ids[1:]])
    with pytest.raises(StageError, match=r"1 of 4 problems.*index 0\) with 0"):
        run(imported())


def test_imported_samples_with_repeated_indices(study):
    ids = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"].to_list()
    responses([(p, 0) for p in ids])
    path = paths.model("toy", "theirs") / "responses.parquet"
    frame = pl.read_parquet(path)
    metadata = pl.read_parquet_metadata(path)
    pl.concat([frame, frame[:1]]).write_parquet(
        path, metadata={"schema": metadata["schema"], "digest": ""}
    )
    with pytest.raises(StageError, match="2 rows repeat a sample index"):
        run(imported())


def test_model_names_have_their_parts():
    assert parse("grpo-s1/step-120") == ("grpo", 1, 120)


SCRIPT = """
import sys, json
from passk.pipeline.stages.job import Job
from passk.pipeline.stages.sample import run
run(Job("sample", "base", json.loads(sys.argv[1]), ""))
"""


@pytest.mark.drill
def test_kill_9_in_the_middle_loses_only_blocks_in_flight(study):
    settings = job(n=120, temperature=1.5, top_p=1.0, max_new_tokens=40, sampling={"rows": 4})
    command = [sys.executable, "-c", SCRIPT, json.dumps(settings.params)]
    subprocess.run(command, check=True, capture_output=True)
    whole, total = content(), len(blocks())
    forget()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while len(blocks() if paths.BLOCKS.exists() else ()) < total // 4:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {p: p.read_bytes() for p in blocks() if not p.name.endswith(".tmp")}
    assert total // 4 <= len(kept) < total
    assert not paths.samples("toy", "base").exists()
    measured = run(settings)
    assert measured["reused"] == 8 * len(kept)
    assert measured["drawn"] == 8 * (total - len(kept))
    assert content() == whole
    assert all(path.read_bytes() == held for path, held in kept.items())
