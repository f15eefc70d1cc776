"""The ledger: each execution that the lock names, a chain whatever is merged or dropped."""

import difflib
import json
import multiprocessing
import shutil
import subprocess
import threading
import time
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from passk.config.paths import LEDGER
from passk.provenance import ledger
from passk.provenance.code_state import TREES, read_code_state
from passk.provenance.ledger import Ledger, gather, parse_ledger, read_ledger, update_ledger
from passk.provenance.lock import read_lock
from passk.provenance.pruning import forget
from passk.provenance.record_store import open_stores, own_store
from passk.provenance.records import find_record, open_execution
from passk.provenance.run_record import read_record
from test_records import Step

PARAMS = {"params.yaml": {"study": "toy"}}
KEYS = {"params.yaml": ("study",)}
STAGES = (
    Step("model", "m", ("source.txt",), ("models/a",), KEYS),
    Step("other", "o", (), ("data/sets/x.txt",), KEYS),
    Step("sample@a", "s", ("models/a/step-2", "data/sets"), ("samples.txt",), KEYS),
    Step("count@a", "c", ("samples.txt",), ("counts.txt",), KEYS),
)


def execute(root, step, content="1"):
    execution = open_execution(step, PARAMS, root)
    for out in step.outs:
        path = root / out
        if step.name == "model":
            (path / "step-2").mkdir(parents=True, exist_ok=True)
            (path / "step-2" / "w").write_text(content)
            (path / "log").write_text("log")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{step.name} {content}")
    record = read_record(execution.finish({"reward": 0.5}))
    file = root / "dvc.lock"
    lock = YAML(typ="safe").load(file) if file.exists() else {"schema": "2.0", "stages": {}}
    document = record.document
    lock["stages"][step.name] = {k: document[k] for k in ("cmd", "deps", "params", "outs")}
    YAML().dump(lock, file)
    return record


@pytest.fixture
def study(tmp_path):
    (tmp_path / "source.txt").write_text("1\n")
    for step in STAGES:
        execute(tmp_path, step)
    return tmp_path


def lines(root):
    return (root / LEDGER).read_text().splitlines()


def stages_of(text):
    """Stages in the order of the ledger's text."""
    return [record.stage for record in parse_ledger("\n".join(text)).records.values()]


def test_each_record_names_those_whose_outputs_it_read(study):
    records = {name: find_record(entry, study) for name, entry in read_lock(study).items()}
    assert records["model"].parents == ()
    # A checkpoint within a model's folder, and a folder around a set.
    assert set(records["sample@a"].parents) == {records["model"].digest, records["other"].digest}
    assert records["count@a"].parents == (records["sample@a"].digest,)


def test_the_ledger_has_each_execution_and_says_it_once(study):
    assert update_ledger(study)
    before = (study / LEDGER).read_bytes()
    assert stages_of(lines(study)) == sorted(read_lock(study))
    assert all("group" in json.loads(line) for line in lines(study)[1:])
    assert "environment" in json.loads(lines(study)[0])
    assert not update_ledger(study)
    (study / "dvc.lock").touch()
    assert not update_ledger(study)
    assert (study / LEDGER).read_bytes() == before
    ledger = read_ledger(study)
    for entry in read_lock(study).values():
        record = ledger.find(entry.digest).complete(entry)
        assert record.document == find_record(entry, study).document


def test_a_stage_that_ran_again_changes_its_line_alone(study):
    update_ledger(study)
    before = set(lines(study))
    execute(study, STAGES[3], "2")
    update_ledger(study)
    after = set(lines(study))
    assert len(after) == len(before)
    assert stages_of(after - before) == ["count@a"]


def test_a_change_of_code_that_moves_no_bytes_changes_a_line_of_each_group(study):
    def name(i):
        return Step(f"count@{i}", "c", ("samples.txt",), (f"counts-{i}.txt",), KEYS)

    def diff(before, after):
        changes = difflib.unified_diff(before, after, n=0)
        return sum(line[0] in "+-" and line[:3] not in ("---", "+++") for line in changes)

    for i in range(20):
        execute(study, name(i))
    update_ledger(study)
    before, parents = lines(study), set(read_ledger(study).records)
    for step in (*STAGES, *map(name, range(20))):
        execute(study, replace(step, cmd=f"{step.cmd} mended"))
    update_ledger(study)
    assert diff(before, lines(study)) == 2 * 4  # model, other, sample, count
    ledger = read_ledger(study)
    assert not parents & set(ledger.records)
    for entry in read_lock(study).values():
        assert ledger.find(entry.digest).complete(entry).document["cmd"].endswith("mended")


def test_a_ledger_with_a_line_for_each_execution_is_read_and_printed_anew(study):
    update_ledger(study)
    ledger = read_ledger(study)
    old = [json.dumps(record.line) for record in ledger.records.values()]
    (study / LEDGER).write_text("\n".join([lines(study)[0], *old, ""]))
    assert read_ledger(study).records == ledger.records
    update_ledger(study)
    assert (study / LEDGER).read_text() == ledger.text


def test_records_that_others_name_stay_and_what_nobody_names_goes(study):
    update_ledger(study)
    old = find_record(read_lock(study)["other"], study)
    # Another command, the same bytes: what was sampled from them is not sampled again.
    execute(study, Step("other", "o2", (), ("data/sets/x.txt",), KEYS))
    update_ledger(study)
    assert old.digest in read_ledger(study).records
    execute(study, STAGES[2], "2")
    execute(study, STAGES[3], "2")
    update_ledger(study)
    assert old.digest not in read_ledger(study).records
    assert len(lines(study)) == 5


def test_a_clone_finds_records_by_the_ledger_and_goes_on_with_the_chain(study, tmp_path_factory):
    update_ledger(study)
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(study, clone, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".passk"))
    entries = read_lock(clone)
    records = {name: find_record(entry, clone) for name, entry in entries.items()}
    assert all(records.values())
    assert records["model"].deps == entries["model"].deps
    assert not (clone / ".passk").exists()  # to look changes nothing
    again = execute(clone, STAGES[3], "2")
    assert again.parents == (records["sample@a"].digest,)
    # Its own execution with the same lock entry leaves the ledger's record in its place.
    assert execute(clone, STAGES[2]).digest == records["sample@a"].digest
    update_ledger(clone)
    assert stages_of(set(lines(clone)) - set(lines(study))) == ["count@a"]


def test_a_clone_that_shares_a_cache_has_its_records(tmp_path):
    cache = tmp_path / "cache"
    roots = [tmp_path / name for name in ("a", "b")]
    for root in roots:
        (root / ".dvc").mkdir(parents=True)
        (root / ".dvc" / "config").write_text("[cache]\n    dir = ../../cache\n")
        (root / "source.txt").write_text("1\n")
    first, second = roots
    made = [execute(first, step) for step in STAGES]
    # DVC restores what was run elsewhere: the lock and the files come, no stage runs.
    shutil.copytree(first, second, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".passk"))
    update_ledger(second)
    assert {record.digest for record in made} == set(read_ledger(second).records)
    assert execute(second, STAGES[3], "2").parents == (made[2].digest,)
    # A cache that cannot be written costs nothing.
    shutil.rmtree(cache)
    cache.write_text("")
    assert execute(second, STAGES[3], "3").parents == (made[2].digest,)


def test_two_branches_merge_line_by_line(study):
    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", study, *identity, *arguments], check=True, capture_output=True)

    (study / ".gitattributes").write_text(f"{LEDGER} merge=union\n")
    update_ledger(study)
    git("init", "-q", "-b", "main")
    for branch, step in (("left", STAGES[3]), ("right", STAGES[1])):
        git("add", "-A", LEDGER, ".gitattributes")
        git("commit", "-qm", "x", "--allow-empty")
        git("checkout", "-q", "-b", branch, "main" if branch == "right" else "HEAD")
        if branch == "left":
            git("branch", "-f", "main")
        execute(study, step, branch)
        update_ledger(study)
    git("commit", "-qam", "right")
    git("merge", "-q", "left")
    merged = read_ledger(study)
    lock = read_lock(study)
    assert update_ledger(study) or merged.text == (study / LEDGER).read_text()
    ledger = read_ledger(study)
    assert all(ledger.find(entry.digest) for entry in lock.values())
    assert ledger.text == (study / LEDGER).read_text()
    assert all(name == record.digest for name, record in ledger.records.items())


def test_a_forged_line_counts_for_nothing(study):
    update_ledger(study)
    text = (study / LEDGER).read_text()
    (study / LEDGER).write_text(text.replace('"reward": 0.5', '"reward": 0.9'))
    assert any(record.stated != record.digest for record in read_ledger(study).records.values())
    update_ledger(study)
    assert (study / LEDGER).read_text() == text


def test_a_lock_that_is_written_during_an_update_is_taken_by_the_next(study, monkeypatch):
    before = (study / "dvc.lock").read_text()
    execute(study, STAGES[3], "meanwhile")
    after = (study / "dvc.lock").read_text()
    (study / "dvc.lock").write_text(before)

    def gather_slowly(*arguments):
        gathered = gather(*arguments)
        (study / "dvc.lock").write_text(after)
        return gathered

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "gather", gather_slowly)
        update_ledger(study)
    assert update_ledger(study)
    assert read_ledger(study).answers(read_lock(study).values())


def test_a_record_that_comes_later_is_taken(study):
    away = study / "away"
    own_store(study).folder.rename(away)
    update_ledger(study)
    assert not read_ledger(study).records
    shutil.copytree(away, own_store(study).folder, dirs_exist_ok=True)
    assert update_ledger(study)
    assert read_ledger(study).answers(read_lock(study).values())


def test_forgetting_a_stage_waits_for_whoever_writes_the_ledger(study):
    update_ledger(study)
    thread = threading.Thread(target=forget, args=("count@a", study), daemon=True)
    with ledger._alone(study):
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(30)
    assert not thread.is_alive()
    stages = {record.stage for record in read_ledger(study).records.values()}
    assert stages == {"model", "other", "sample@a"}


def test_running_again_makes_no_forged_record_genuine(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "source.txt").write_text("1\n")
    step = Step("model", "m", ("source.txt",), ("models/a",), KEYS)
    genuine = execute(tmp_path, step)
    own, shared = open_stores(tmp_path)
    file = shared.path(genuine.digest)
    file.write_text(file.read_text().replace('"reward": 0.5', '"reward": 0.9'))
    shutil.rmtree(own.folder)
    again = execute(tmp_path, step)
    assert again.metrics == {"reward": 0.5}
    for store in (own, shared):
        assert store.find_genuine(again.entry).metrics == {"reward": 0.5}


def test_a_damaged_line_is_named(study):
    with pytest.raises(ValueError, match=r"ledger\.jsonl, line 2: .*passk track"):
        parse_ledger('\n{"stage": 1')


WRONG = [
    *({key: value} for key in ("metrics", "outs", "parents") for value in (None, 1, ["a"], [[1]])),
    *({key: [1]} for key in ("entry", "digest", "item", "started", "seconds", "id")),
    {"seconds": "1"}, {"metrics": {"a": {"b": 1}}}, {"outs": {"a": 1}}, {"exit_status": None},
]  # fmt: skip


@pytest.mark.parametrize("wrong", [w for w in WRONG if w != {"parents": ["a"]}], ids=str)
def test_a_value_of_another_type_is_a_damaged_line(study, wrong):
    update_ledger(study)
    environment, line, *_ = lines(study)
    content = json.loads(line)
    content["runs"][0]["executions"][0] |= wrong
    with pytest.raises(ValueError, match=r"ledger\.jsonl, line 2: .*passk track"):
        parse_ledger(f"{environment}\n{json.dumps(content)}")


@pytest.mark.parametrize(
    "content",
    [
        [], 5, None, "environment", {"environment": "x"}, {"environment": ["x"], "packages": []},
        {"environment": "x", "packages": "abc"}, {"environment": "x", "packages": [1]},
        {"group": 1, "runs": []}, {"group": "a", "runs": {}}, {"group": "a", "runs": [1]},
    ],
    ids=str,
)  # fmt: skip
def test_a_line_of_another_form_is_a_damaged_line(content):
    with pytest.raises(ValueError, match=r"ledger\.jsonl, line 1: .*passk track"):
        parse_ledger(json.dumps(content))


@pytest.mark.parametrize("key", [{"environment": [1]}, {"commit": [1]}, {"dirty": 5}], ids=str)
def test_a_wrong_type_in_what_executions_share_is_a_damaged_line(study, key):
    update_ledger(study)
    content = json.loads(lines(study)[1])
    content["runs"][0] |= key
    with pytest.raises(ValueError, match=r"line 1: .*passk track"):
        parse_ledger(json.dumps(content))


def test_only_line_feeds_end_lines(study):
    record = find_record(read_lock(study)["other"], study)
    facts = replace(record.execution, dirty=["a\u2028b", "c\x85d", "e\x1cf"])
    odd = replace(record, execution=facts)
    read = parse_ledger(Ledger({odd.digest: odd}).text).records[odd.digest]
    assert read.execution == facts


def _update(root):
    update_ledger(root)


def test_several_processes_leave_one_whole_ledger(study):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_update, args=(study,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(lines(study)) == 5
    assert read_ledger(study).text == (study / LEDGER).read_text()


def test_a_record_costs_the_same_beside_many(study):
    def seconds(step):
        began = time.perf_counter()
        execution = open_execution(step, PARAMS, study)
        (study / step.outs[0]).write_text(step.name)
        execution.finish()
        return time.perf_counter() - began

    few = min(seconds(Step(f"few@{i}", "x", ("samples.txt",), (f"f{i}",), KEYS)) for i in range(3))
    for i in range(60):
        seconds(Step(f"s@{i}", "x", ("samples.txt",), (f"o{i}",), KEYS))
    later = [Step(f"many@{i}", "x", ("samples.txt",), (f"m{i}",), KEYS) for i in range(3)]
    many = min(map(seconds, later))
    assert many < 2 * few + 0.05
    assert len(list(own_store(study).all())) == 4 + 66


def test_changed_files_are_kept_as_a_tree_and_the_index_stays(tmp_path):
    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        done = subprocess.run(
            ["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True,
            text=True,
        )  # fmt: skip
        return done.stdout

    assert read_code_state(tmp_path).commit is None
    (tmp_path / "study").mkdir()
    (tmp_path / "code.py").write_text("1\n")
    (tmp_path / "old.py").write_text("1\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "x")
    clean = read_code_state(tmp_path / "study")
    assert (clean.dirty, clean.tree) == ([], None)
    (tmp_path / "code.py").write_text("2\n")
    (tmp_path / "old.py").unlink()
    (tmp_path / "new é.py").write_text("3\n")
    (tmp_path / "dvc.lock").write_text("written by runs")
    before = git("status", "--porcelain")
    state = read_code_state(tmp_path / "study")  # a study in a folder: all of the code counts
    assert git("status", "--porcelain").replace("?? study/\n", "") == before
    assert sorted(state.dirty) == ["code.py", "new é.py", "old.py"]
    assert git("show", f"{state.tree}:code.py") == "2\n"
    assert git("show", f"{state.tree}:new é.py") == "3\n"
    names = git("ls-tree", "--name-only", "-z", state.tree).split("\0")[:-1]
    assert names == ["code.py", "new é.py"]
    assert git("for-each-ref", "--format=%(objectname)", TREES).strip() == state.tree
    git("gc", "-q", "--prune=now")
    assert git("cat-file", "-t", state.tree) == "tree\n"
    assert read_code_state(tmp_path / "study") == state
