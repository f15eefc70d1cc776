"""`passk pin` against a hub on loopback: commits, digests, files; what is said where it fails."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub_server import serve
from passk.config.composition import check_composed, compose
from passk.config.pins import PINS
from passk.config.study import load_study
from passk.config.unready import list_unready
from passk.core.yaml_files import read
from passk.data.benchmark_settings import Benchmark
from passk.pipeline.stages import benchmark, fetch
from passk.pipeline.stages.job import Job, StageError

MODEL, DATA, OLD = "1" * 40, "2" * 40, "3" * 40
ROWS = b'{"problem": "1 + 1?", "answer": "2", "id": "0"}\n'
PARTS = {"algebra/train-0.parquet": b"first", "geometry/train-0.parquet": b"second"}
REPOSITORIES = {
    "owner/base": {"commits": {"main": MODEL, "old": OLD}, "files": {"config.json": b"{}"}},
    "owner/gated": {"gated": True},
    "owner/sums": {"commits": {"main": DATA, "v1": OLD}, "files": {"test.jsonl": ROWS, **PARTS}},
}
STUDY = """\
# A study of somebody's.
study: toy
seed: 1
fetch:
  "{size}": {each: {size: [base]}, source: "owner/{size}"}   # a grid
benchmarks:
  sums:
    path: data/sums.jsonl
    domain: math
    columns: {question: problem, answer: answer}
    origin: {hub: owner/sums, file: test.jsonl}
sets: {sums: {}}
draws:
  base:
    {sets: [sums], n: 2, temperature: 1.0, max_new_tokens: 8, template: plain}
sampling: {}
verification: {}
validation: {}
analysis: {questions: {pass_at_k: counts}, k: [1, 2]}
report: {}
"""
SECTIONS = (
    "worlds", "imported", "scores", "pretrain", "train", "rejection_sampling", "reference_answers",
    "sft", "examples", "headline",
)  # fmt: skip


@pytest.fixture(scope="module")
def hub():
    with serve(REPOSITORIES, {"/file.jsonl": ROWS}) as server:
        yield server


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_study(text=STUDY):
    Path("study.yaml").write_text(text + "".join(f"{name}: {{}}\n" for name in SECTIONS))
    run("compose")


def run(*command, endpoint="http://127.0.0.1:9", code=0):
    """A command with the hub at an endpoint; what it says."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1",
                   "HF_HOME": str(Path("hf").resolve()), "HF_HUB_DISABLE_XET": "1"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "from passk.cli.app import main; main()", *command],
        env=environment, text=True, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_is_not_pinned_loads_is_listed_is_refused_and_is_pinned_by_the_command(hub):
    write_study()
    study = load_study(Path("params.yaml"))
    assert [line.partition(":")[0] for line in list_unready(study)] == [
        "fetch.base.revision", "benchmarks.sums",
    ]  # fmt: skip
    assert "not ready: benchmarks.sums: owner/sums@main/test.jsonl: not pinned" in run("check")
    for stage, group, name in ((fetch, "fetch", "base"), (benchmark, "benchmarks", "sums")):
        section = json.loads(study.model_dump_json())[group]
        job = Job(group.rstrip("s"), name, {"study": "toy", group: section}, "")
        with pytest.raises(StageError, match="not pinned yet; run `passk pin`"):
            stage.run(job)
    shown = run("pin", endpoint=hub.url)
    assert f"fetch.base: {MODEL}" in shown
    digest = hashlib.sha256(ROWS).hexdigest()
    assert f"benchmarks.sums: {digest}" in shown
    assert Path("data/sums.jsonl").read_bytes() == ROWS
    assert read(Path(PINS)) == {
        "fetch": {"base": {"source": "owner/base", "revision": MODEL}},
        "benchmarks": {
            "sums": {
                "source": None,
                "place": "owner/sums@main/test.jsonl",
                "origin": {"hub": "owner/sums", "revision": DATA, "file": "test.jsonl"},
                "sha256": digest,
            }
        },
    }
    pinned = load_study(Path("params.yaml"))
    assert list(list_unready(pinned)) == []
    assert (pinned.fetch["base"].revision, pinned.benchmarks["sums"].sha256) == (MODEL, digest)
    assert pinned.benchmarks["sums"].origin.revision == DATA
    assert check_composed(Path()).edited == ()
    assert "# a grid" in Path("study.yaml").read_text()
    again = run("pin", endpoint=hub.url)
    assert again == "fetch.base: is pinned\nbenchmarks.sums: is pinned\n"
    Path("data/sums.jsonl").unlink()
    asked = len(hub.asked)
    assert "its file is there" in run("pin", endpoint=hub.url)
    assert Path("data/sums.jsonl").read_bytes() == ROWS
    assert not any("main" in path for _, path in hub.asked[asked:])  # of the commit, no branch


def test_a_study_without_study_yaml_is_pinned_in_its_parameters(hub):
    write_study()
    Path("study.yaml").unlink()
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text("# mine\n" + text)
    assert "params.yaml: pins are written" in run("pin", endpoint=hub.url)
    assert Path("params.yaml").read_text().startswith("# mine\n")
    assert not Path(PINS).exists()
    assert load_study(Path("params.yaml")).fetch["base"].revision == MODEL


def test_a_pin_is_of_the_source_that_it_names(hub):
    write_study()
    run("pin", endpoint=hub.url)
    write_study(STUDY.replace('source: "owner/{size}"', "source: owner/gated"))
    assert "revision" not in compose(Path("study.yaml"))["fetch"]["base"]


def test_several_files_go_into_a_folder_and_addresses_need_no_hub(hub):
    address = f"{{url: '{hub.url}/file.jsonl'}}"
    write_study(STUDY.replace("{hub: owner/sums, file: test.jsonl}", address))
    run("pin", "sums", endpoint=hub.url)
    assert Path("data/sums.jsonl").read_bytes() == ROWS
    assert "origin" not in read(Path(PINS))["benchmarks"]["sums"]
    text = STUDY.replace("file: test.jsonl", "file: '*/train-*.parquet'")
    write_study(text.replace("data/sums.jsonl", "data/parts"))
    run("pin", "sums", endpoint=hub.url)
    parts = {path.name: path.read_bytes() for path in Path("data/parts").iterdir()}
    assert parts == {name.replace("/", "-"): content for name, content in PARTS.items()}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source: "owner/{size}"', "source: owner/none",
         "fetch.base: owner/none: the hub has no repository of that name, or it is private"),
        ('source: "owner/{size}"', "source: owner/gated",
         "fetch.base: owner/gated: access must be asked for on its page"),
        ("file: test.jsonl", "file: tset.jsonl",
         f"benchmarks.sums: owner/sums: no file 'tset.jsonl' at {DATA}"),
        ("file: test.jsonl", "file: test.jsonl, revision: v9",
         "benchmarks.sums: owner/sums: has no revision 'v9'"),
        ("    origin:", f"    sha256: '{'0' * 64}'\n    origin:",
         "benchmarks.sums: data/sums.jsonl: sha256 is"),
    ],
)  # fmt: skip
def test_each_failure_is_a_line_and_the_others_are_pinned(hub, old, new, message):
    write_study(STUDY.replace(old, new))
    shown = run("pin", endpoint=hub.url, code=1)
    assert message in shown
    assert "Traceback" not in shown
    assert ("revision" in str(read(Path("params.yaml"))["fetch"])) == ("fetch" not in message)


def test_without_a_connection_there_is_one_line_and_nothing_is_written():
    write_study()
    before = Path("params.yaml").read_bytes()
    shown = run("pin", code=1)
    assert shown.count("\n") == 1
    assert "http://127.0.0.1:9 cannot be reached from here" in shown
    assert "run `passk pin` where it can be" in shown
    assert Path("params.yaml").read_bytes() == before
    assert not Path(PINS).exists()


def test_a_tag_is_resolved_and_a_recorded_digest_suffices(hub):
    write_study(STUDY.replace("file: test.jsonl", "file: test.jsonl, revision: v1"))
    run("pin", "sums", endpoint=hub.url)
    assert load_study(Path("params.yaml")).benchmarks["sums"].origin.revision == OLD
    assert Benchmark(source="gsm8k", path="x").pinned
    assert not Benchmark(source="aime25", path="x").pinned
    assert not Benchmark(source="gsm8k_math_train", path="x").pinned
    assert Benchmark(source="taco", path="x").pinned  # by hand: DVC holds it to its content
