"""A study made by the version before is brought to today's form, and nothing is lost silently."""

import json

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from passk.cli.app import application
from passk.config.paths import LEDGER
from passk.core.files import json_text
from passk.provenance import migration
from passk.provenance.ledger import read_ledger
from passk.provenance.lock import parse, read_lock
from passk.provenance.migration import migrate
from passk.provenance.records import find_record

PARAMS = """\
# A study of the version before.
study: toy   # the folder
select:      # responses that were correct
  own: {draw: base, n: 2}  # a flow mapping
"answers": {gold: {set: easy}}
draws:
  base: {model: base, sets: [easy], n: 4}
analysis:
  # two draws each
  pairs:
    rl: {base: base, rl: rl}   # base stays as a value
headline:
  math: {base: base, rl: rl, set: easy}
verification: {code: {isolation: weak}}
"""
NOW = """\
# A study of the version before.
study: toy   # the folder
rejection_sampling:      # responses that were correct
  own: {draw: base, n: 2}  # a flow mapping
"reference_answers": {gold: {set: easy}}
draws:
  base: {model: base, sets: [easy], n: 4}
analysis:
  # two draws each
  comparisons:
    rl: {reference: base, candidate: rl}   # base stays as a value
headline:
  math: {reference: base, candidate: rl, set: easy}
verification: {code: {isolation: subprocess}}
"""
RUN = "python -m passk.pipeline.run"


def entry(cmd, deps, outs, params):
    files = [{"path": "src/passk/code.py", "hash": "md5", "md5": "c" * 32, "size": 1}]
    files += [{"path": path, "hash": "md5", "md5": md5, "size": 1} for path, md5 in deps.items()]
    return {
        "cmd": f"{RUN} {cmd}",
        "deps": files,
        "params": {"params.yaml": {"study": "toy", **params}},
        "outs": [{"path": p, "hash": "md5", "md5": md5, "size": 1} for p, md5 in outs.items()],
    }


LOCK = {
    "problems@easy": entry("problems easy", {}, {"data/toy/sets/easy.parquet": "1"}, {}),
    "sample@base": entry(
        "sample base", {"data/toy/sets": "d.dir"}, {"data/toy/samples/base.parquet": "2"},
        {"draws.base": {"model": "base", "sets": ["easy"], "n": 4}},
    ),
    "select@own": entry(
        "select own", {"data/toy/samples/base.parquet": "2"},
        {"data/toy/demonstrations/own.parquet": "3"}, {"select.own": {"draw": "base", "n": 2}},
    ),
    "catalog": entry(
        "catalog", {}, {"data/toy/catalog/declared.json": "4"},
        {"analysis.pairs": {"rl": {"base": "base", "rl": "rl"}}, "draws": {}},
    ),
}  # fmt: skip


@pytest.fixture
def old(tmp_path):
    (tmp_path / "params.yaml").write_text(PARAMS)
    YAML().dump({"schema": "2.0", "stages": LOCK}, tmp_path / "dvc.lock")
    for name, raw in LOCK.items():
        if name == "catalog":
            continue  # one that has no record
        locked = parse(name, raw)
        document = {
            "version": 1, "stage": name, "entry": locked.digest, "cmd": locked.cmd,
            "params": locked.params,
            "deps": [{"path": p, "md5": m} for p, m in locked.deps.items()],
            "outs": [{"path": p, "md5": m} for p, m in locked.outs.items()],
            "metrics": {"rows": 1.0},
            "execution": {
                "id": name, "exit_status": 0, "commit": "f" * 40, "dirty": [],
                "environment": "e" * 16, "host": "h", "platform": "p", "python": "3.11",
                "device": "d", "started": "2026-01-01T00:00:00", "ended": "2026-01-01T00:00:01",
                "seconds": 1.0, "peak_memory_bytes": 1,
            },
        }  # fmt: skip
        path = tmp_path / "records" / name / f"{locked.digest[:16]}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json_text(document))
    block = tmp_path / ".passk" / "blocks" / "ab" / "cdef"
    block.parent.mkdir(parents=True)
    block.write_text("samples")
    (tmp_path / "data/toy/catalog").mkdir(parents=True)
    (tmp_path / "data/toy/catalog/declared.json").write_text("{}")
    (tmp_path / ".passk/resume/x").mkdir(parents=True)
    return tmp_path


def test_parameters_keep_their_comments_and_layout(old):
    migrate(old)
    assert (old / "params.yaml").read_text() == NOW


def test_the_lock_has_todays_names_and_no_source_files(old):
    migrate(old)
    entries = read_lock(old)
    assert set(entries) == {
        "problems@easy", "sample@base", "rejection_sampling@own", "manifest"
    }  # fmt: skip
    own = entries["rejection_sampling@own"]
    assert own.cmd == f"{RUN} rejection_sampling own"
    assert own.deps == {"data/toy/samples/base.parquet": "2"}
    assert own.params["params.yaml"]["rejection_sampling.own"] == {"draw": "base", "n": 2}
    manifest = entries["manifest"]
    assert manifest.outs == {"data/toy/manifest/declared.json": "4"}
    assert manifest.params["params.yaml"]["analysis.comparisons"] == {
        "rl": {"reference": "base", "candidate": "rl"}
    }
    assert (old / "data/toy/manifest/declared.json").exists()


def test_records_become_a_chain_in_the_ledger(old):
    migrate(old)
    entries = read_lock(old)
    records = {name: find_record(entry, old) for name, entry in entries.items()}
    assert records["manifest"] is None
    assert records["sample@base"].parents == (records["problems@easy"].digest,)
    own = records["rejection_sampling@own"]
    assert own.parents == (records["sample@base"].digest,)
    assert (own.execution.id, own.metrics) == ("select@own", {"rows": 1.0})
    assert set(read_ledger(old).records) == {r.digest for r in records.values() if r}
    assert all(r.digest == r.stated for r in read_ledger(old).records.values())


def test_blocks_stay_and_what_does_not_is_said(old):
    block = old / ".passk/blocks/ab/cdef"
    before = block.stat().st_mtime_ns
    outcome = migrate(old)
    assert block.stat().st_mtime_ns == before
    assert any("all 1 blocks stay valid; none is drawn again" in line for line in outcome.done)
    said = "\n".join(outcome.remains)
    for words in ("1 stages had no run record (manifest)", "dvc repro", "resume points",
                  "records/: keep it, 1 stages of dvc.lock are not in"):  # fmt: skip
        assert words in said
    assert "git rm" not in said


@pytest.mark.parametrize("command", ["migrate", "track"])
def test_where_no_study_is_a_sentence_says_so(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(application(), [command])
    assert done.exit_code == 1
    assert "no study is here" in done.output
    assert list(tmp_path.iterdir()) == []


def test_old_records_may_go_where_the_ledger_has_all(old):
    lock = {name: raw for name, raw in LOCK.items() if name != "catalog"}
    YAML().dump({"schema": "2.0", "stages": lock}, old / "dvc.lock")
    assert "git rm -r records" in "\n".join(migrate(old).remains)


@pytest.mark.parametrize("point", ["write_text", "_rename_outputs", "update_ledger"])
def test_a_migration_that_is_ended_midway_loses_no_record(old, monkeypatch, point):
    def end(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if point == "write_text":  # the parameters are of today already, so it writes the lock
            (old / "params.yaml").write_text(NOW)
        patched.setattr(migration, point, end)
        with pytest.raises(KeyboardInterrupt):
            migrate(old)
    migrate(old)
    entries = read_lock(old)
    ledger = read_ledger(old)
    known = {name for name, entry in entries.items() if ledger.find(entry.digest)}
    assert known == {"problems@easy", "sample@base", "rejection_sampling@own"}


def test_doing_it_again_changes_nothing(old):
    migrate(old)
    files = ("params.yaml", "dvc.lock", LEDGER)
    before = [(old / name).read_bytes() for name in files]
    outcome = migrate(old)
    assert [(old / name).read_bytes() for name in files] == before
    assert not any("names" in line for line in outcome.done)


def test_stages_whose_components_are_given_are_taken_as_up_to_date(old):
    migrate(old, {"sample@base": {"sample.base": {"engine": "1"}}})
    entry = read_lock(old)["sample@base"]
    assert entry.params["components.json"] == {"sample.base": {"engine": "1"}}
    assert find_record(entry, old).entry == entry.digest
    assert json.dumps(entry.params)
