"""The audit: it finds what was changed behind its back, says what it could not look at, and each
remedy that it names works as it stands."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from passk.cli.app import application
from passk.cli.audit import CHECKS, format_checks, open_study, run_check
from passk.config import paths
from passk.config.paths import LEDGER
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.samples import SAMPLES
from passk.provenance.audit import chain, conditions, definitions, files, page, tables
from passk.provenance.audit.findings import describe_faults
from passk.provenance.audit.study import AuditCheck, AuditedStudy
from passk.provenance.code_state import TREES
from passk.provenance.dvc_cache import cached_files, find_cache, object_path
from passk.provenance.ledger import Ledger, read_ledger, update_ledger
from passk.provenance.lock import read_lock
from passk.provenance.pruning import drop_tree, superseded, unnamed_trees
from passk.provenance.record_store import open_stores, own_store
from passk.provenance.tables_in_git import copy_path, copy_tables, locate
from test_explain import PARAMS, count_rows, dag, study  # noqa: F401

STEP = f"""
import sys
from pathlib import Path
sys.path[:0] = {[str(Path(__file__).parents[1] / "src")]!r}
from passk.core.yaml_files import read, select
from passk.pipeline.dag import cached
from passk.provenance.records import open_execution
stage = cached().stages[sys.argv[1]]
values = select(read(Path("params.yaml")), stage.params["params.yaml"])
execution = open_execution(stage, {{"params.yaml": values}})
for out in stage.outs:
    path = Path(out) / "w" if stage.name == "make" else Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    inputs = "".join(p.read_text() for d in stage.deps for p in sorted(Path(d).rglob("w")))
    path.write_text(f"{{stage.name}} {{values.get('rate')}} {{inputs}}")
execution.finish()
"""
DVC_YAML = f"""stages:
  make:
    cmd: {sys.executable} step.py make
    params: [study, rate]
    deps: [source.txt]
    outs: [data/toy/made]
  count:
    cmd: {sys.executable} step.py count
    params: [study]
    deps: [data/toy/made]
    outs: [data/toy/count.txt]
"""


def dvc(*words):
    from dvc.cli import main

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        return main([*words, "-q"])


def shell(command):
    """Run a remedy as a person would; dvc and passk in this process, which saves their start."""
    for part in command.split(" && "):
        words = shlex.split(part)
        if words[0] == "dvc":
            assert dvc(*words[1:]) == 0, part
        elif words[0] == "passk":
            done = CliRunner().invoke(application(), words[1:], catch_exceptions=False)
            assert done.exit_code == 0, (part, done.output)
        else:
            subprocess.run(words, check=True, capture_output=True)


def git(*words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(
        ["git", *identity, *words], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of two stages, everything committed."""
    root = tmp_path_factory.mktemp("finished")
    before = Path.cwd()
    os.chdir(root)
    try:
        for name, text in (
            ("step.py", STEP),
            ("dvc.yaml", DVC_YAML),
            ("params.yaml", "study: toy\nseed: 1\nrate: 2\ndraws: {}\n"),
            ("source.txt", "1\n"),
            (".gitignore", ".passk/\nmlflow.db\n/data/\n"),
        ):
            Path(name).write_text(text)
        git("init", "-q", "-b", "main")
        assert dvc("init") == 0
        git("add", "-A")
        git("commit", "-qm", "study")
        assert dvc("repro") == 0
        update_ledger()
        git("add", "-A")
        git("commit", "-qm", "results")
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def toy(finished, tmp_path, monkeypatch):
    root = tmp_path / "toy"
    shutil.copytree(finished, root, symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PASSK_TRACKING", "off")
    return root


def audit(**options):
    audited = open_study(**options)
    return [run_check(check, audited) for check in CHECKS]


def faults(checks):
    return [fault for check in checks for fault in check.faults]


def test_a_finished_study_passes_and_says_how_much_was_looked_at(toy):
    checks = audit(deep=True)
    assert faults(checks) == []
    looked_at = {check.title: check.looked_at for check in checks if check.looked_at}
    assert looked_at == {
        "outputs are those of dvc.lock": 2,
        "inputs and sources are those that were read": 2,
        "commands and parameters are those of dvc.lock": 3,
        "the cache has every output": 3,
        "each stage has its run record, and none was changed": 2,
        "records name the records whose outputs they read": 1,
        "the ledger holds nothing that nobody names": 3,
        "git has the commits and the parameters that ran": 2,
        "the installed packages of each record are known": 1,
    }
    # What looked at nothing is not ticked.
    states = {check.title: check.state for check in checks}
    assert {title for title, state in states.items() if state == "ok"} == set(looked_at)
    text = "\n".join(format_checks(checks))
    assert re.search(r"not checked +no two samples share a random stream +looked at 0", text)
    assert "reports/index.html is not here" in text
    assert "the code: git has none of passk's here" in text


def cached_object(path):
    md5 = next(e.outs[path] for e in read_lock().values() if path in e.outs)
    return object_path(find_cache(), md5)


def replace_in(path, old, new):
    text = Path(path).read_text()
    assert old in text
    Path(path).unlink()  # the file may be a link into the cache
    Path(path).write_text(text.replace(old, new))


def consistently_forged():
    """A line with a digest of its own, which only the stage's other record gives away."""
    ledger = read_ledger()
    record = ledger.find(read_lock()["count"].digest)
    forged = replace(record, metrics={"reward": 1.0})
    records = {k: r for k, r in ledger.records.items() if k != record.digest}
    Path(LEDGER).write_text(Ledger({**records, forged.digest: forged}, ledger.environments).text)


def unnamed_record():
    """A whole record, with a digest of its own, of an execution that the lock does not name."""
    ledger = read_ledger()
    record = replace(ledger.find(read_lock()["count"].digest), entry="0" * 64)
    record = replace(record, stated=record.digest)
    records = {**ledger.records, record.digest: record}
    Path(LEDGER).write_text(Ledger(records, ledger.environments).text)


def forget_stage():
    lock = Path("dvc.lock").read_text()
    Path("dvc.lock").write_text(lock.partition("  count:")[0])


def forget_parent():
    """All that is known of a stage's record, as its child names it, is gone; another is there."""
    CliRunner().invoke(application(), ["prune", "--record", "make", "--yes"])
    assert dvc("repro", "-f", "-s", "make") == 0
    update_ledger()
    git("commit", "-qam", "without it")


def rewrite_history():
    """One commit without a past, and none of what was before."""
    git("checkout", "-q", "--orphan", "new")
    git("commit", "-qm", "all anew")
    git("branch", "-D", "main")
    git("reflog", "expire", "--expire=now", "--all")
    git("gc", "-q", "--prune=now")


BREAKS = {
    "an edited output": lambda: replace_in("data/toy/count.txt", "count", "edited"),
    "a missing output": lambda: Path("data/toy/count.txt").unlink(),
    "a missing output that the cache lacks": lambda: (
        cached_object("data/toy/count.txt").unlink(),
        Path("data/toy/count.txt").unlink(),
        shutil.rmtree(".dvc/cache/runs"),
    ),
    "an edited source": lambda: Path("source.txt").write_text("2\n"),
    "an edited source, gone on with": lambda: Path("source.txt").write_text("2\n"),
    "an edited parameter": lambda: replace_in("params.yaml", "rate: 2", "rate: 3"),
    "an edited command": lambda: replace_in("dvc.yaml", "step.py count", "./step.py count"),
    "a stage that never ran": forget_stage,
    "a missing object of the cache": lambda: cached_object("data/toy/count.txt").unlink(),
    "a damaged object of the cache": lambda: (
        cached_object("data/toy/count.txt").chmod(0o644),
        cached_object("data/toy/count.txt").write_text("damaged"),
    ),
    "a line and a record that are gone": lambda: (
        Path(LEDGER).unlink(),
        shutil.rmtree(".passk"),
        shutil.rmtree(".dvc/cache/passk-records"),
    ),
    "a changed line": lambda: replace_in(LEDGER, '"exit_status": 0', '"exit_status": 3'),
    "a line with a digest of its own": consistently_forged,
    "a line with a key of its own": lambda: replace_in(LEDGER, '"item"', '"note": 1, "item"'),
    "a record that nobody names": unnamed_record,
    "packages that no record ran with": lambda: replace_in(
        LEDGER, '{"group": "make"', '{"environment": "0", "packages": ["a"]}\n{"group": "make"'
    ),
    "a damaged line": lambda: Path(LEDGER).write_text("{" + Path(LEDGER).read_text()),
    "a changed record": lambda: replace_in(
        own_store().path(own_store().name(read_lock()["count"].digest)), "exit_status\": 0",
        "exit_status\": 3",
    ),
    "a record that does not read": lambda: own_store().path(
        own_store().name(read_lock()["count"].digest)
    ).write_text("{"),
    "a record of a shared cache that was changed": lambda: replace_in(
        open_stores()[1].path(own_store().name(read_lock()["count"].digest)), "exit_status\": 0",
        "exit_status\": 3",
    ),
    "a list of packages that was changed": lambda: replace_in(
        next(own_store().environments.iterdir()), "polars", "solars"
    ),
    "an environment that was changed": lambda: replace_in(LEDGER, "polars", "solars"),
    "a parent that nobody knows": forget_parent,
    "a commit that nobody knows": rewrite_history,
}  # fmt: skip


QUICK = (
    "an edited output", "a missing output", "a missing object of the cache",
    "a damaged object of the cache", "a record that nobody names",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BREAKS],
)
def test_each_remedy_works_as_it_stands(toy, name):
    BREAKS[name]()
    checks = audit(deep=True)
    assert faults(checks), "nothing was found"
    for fault in faults(checks):
        assert fault.path
        assert fault.remedy
    for _ in range(4):  # what a remedy makes anew, others may have named
        left = faults(audit(deep=True))
        if not left:
            break
        options = re.split(r",? or(?: to [a-z ]+)?:? ", left[0].remedy)
        commands = [o for o in options if o.startswith(("dvc", "git", "passk", "rm"))]
        if commands[0].startswith("git fetch"):  # there is nowhere to fetch from
            commands.pop(0)
        shell(commands[-1 if "gone on" in name else 0])
    assert faults(audit(deep=True)) == []


@pytest.mark.parametrize("error", [TypeError("text"), KeyError("key"), AttributeError("name")])
def test_a_check_that_fails_is_a_finding(toy, error):
    def check_something(_audited):
        raise error

    outcome = run_check(check_something, open_study())
    assert [type(error).__name__ in str(fault) for fault in outcome.faults] == [True]


def test_a_wrong_type_in_the_ledger_is_a_finding_and_explain_says_it(toy):
    replace_in(LEDGER, '"metrics": {}', '"metrics": null')
    assert any("line 2" in str(fault) for fault in faults(audit()))
    done = CliRunner().invoke(application(), ["explain", "count"])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)


def test_a_ledger_that_is_behind_is_said_and_is_no_fault(toy):
    Path(LEDGER).unlink()
    checks = audit()
    assert faults(checks) == []
    assert any(f"2 executions are not in {LEDGER} yet" in line for line in format_checks(checks))


def test_what_a_shallow_clone_or_an_archive_cannot_tell_is_said(toy, tmp_path):
    Path("more.txt").write_text("")
    git("add", "-A")
    git("commit", "-qm", "more")
    git("clone", "-q", "--depth", "1", f"file://{toy}", str(tmp_path / "clone"))
    os.chdir(tmp_path / "clone")
    check = conditions.check_commits(open_study())
    assert (check.looked_at, check.faults) == (0, [])
    assert "git fetch --unshallow" in check.unchecked[0]
    assert check.state == "not checked"
    cache = files.check_cache(open_study())
    assert (cache.state, cache.faults) == ("not checked", [])
    # The ledger is in git, so the records are there.
    records = chain.check_records(open_study())
    assert (records.looked_at, records.faults) == (2, [])
    shutil.rmtree(".git")
    check = conditions.check_commits(open_study())
    assert check.state == "not checked"
    assert "no git repository" in check.unchecked[0]


def test_changed_code_that_ran_was_kept(toy):
    Path("step.py").write_text(STEP + "\n# changed\n")
    replace_in("params.yaml", "rate: 2", "rate: 5")
    assert dvc("repro") == 0
    update_ledger()
    check = conditions.check_commits(open_study())
    assert (check.looked_at, check.faults) == (2, [])
    assert all(reason.startswith("the code: ") for reason in check.unchecked)
    git("for-each-ref", "--format=delete %(refname)", "refs/passk")
    subprocess.run(
        "git for-each-ref --format='delete %(refname)' refs/passk | git update-ref --stdin && "
        "git gc -q --prune=now", shell=True, check=True,
    )  # fmt: skip
    check = conditions.check_commits(open_study())
    assert check.faults == []
    assert "refs/passk" in check.unchecked[0]


def test_a_copy_in_git_that_was_changed_is_named_and_not_read(study):  # noqa: F811
    table = paths.results("toy", "pass_at_k")
    assert copy_tables("toy")
    copy = copy_path(table)
    table.rename("away")
    assert locate(table) == copy
    copy.write_bytes(copy.read_bytes() + b"x")
    assert locate(table) == table
    (fault,) = files.check_copies(by_hand()).faults
    assert (fault.path, fault.remedy) == (copy.as_posix(), f"rm {copy}")
    Path("away").rename(table)
    (fault,) = files.check_copies(by_hand()).faults
    assert fault.remedy == "passk track"
    copy_tables("toy")
    assert files.check_copies(by_hand()).faults == []


def test_two_runs_of_one_stage_brought_together_are_no_fault(toy):
    entry = read_lock()["count"]
    first = own_store().find(entry.digest)
    other = replace(first, execution=replace(first.execution, id="another"))
    ledger = read_ledger()
    both = {**ledger.records, other.digest: replace(other, stated=other.digest)}
    Path(LEDGER).write_text(Ledger(both, ledger.environments).text)
    own_store().drop(own_store().path(first.digest))
    own_store().add(other, {})
    assert chain.check_records(open_study()).faults == []


def test_trees_that_another_study_of_the_repository_names_stay(toy):
    Path("step.py").write_text(STEP + "\n# changed\n")
    replace_in("params.yaml", "rate: 2", "rate: 5")
    assert dvc("repro", "-s", "make") == 0
    update_ledger()
    line = next(r for r in read_ledger().records.values() if r.execution.tree)
    other = toy / "studies" / "other"
    other.mkdir(parents=True)
    (other / LEDGER).write_text(Path(LEDGER).read_text())
    Path(LEDGER).unlink()
    shutil.rmtree(".passk")
    assert list(unnamed_trees()) == []
    (other / LEDGER).unlink()
    assert list(unnamed_trees()) == [f"{TREES}/{line.execution.tree}"]


def test_superseded_records_and_trees_are_pruned(toy):
    Path("step.py").write_text(STEP + "\n# changed\n")
    replace_in("params.yaml", "rate: 2", "rate: 5")
    assert dvc("repro", "-s", "make") == 0
    update_ledger()
    trees = git("for-each-ref", "--format=%(refname)", TREES).split()
    assert len(trees) == 1
    old = {path.stem for path in own_store().all()} - set(read_ledger().records)
    assert old == set()  # the other stage still names what it read
    replace_in("params.yaml", "rate: 5", "rate: 2")
    git("checkout", "step.py")
    assert dvc("repro", "-s", "make") == 0
    update_ledger()
    assert list(superseded()) == []  # not for an hour: a running stage may be about to be locked
    for path in own_store().all():
        os.utime(path, (1, 1))
    (path,) = superseded()
    assert list(unnamed_trees()) == []  # its record is still here
    own_store().drop(path)
    assert list(unnamed_trees()) == trees
    drop_tree(trees[0])
    assert list(unnamed_trees()) == []
    assert faults(audit()) == []


def test_components_are_held_to_the_installed_code(toy):
    lock = YAML(typ="safe").load(Path("dvc.lock"))
    for entry, digest in zip(lock["stages"].values(), ("1", "2"), strict=True):
        entry["params"]["components.json"] = {"some.item": {"trainer": digest}}
    YAML().dump(lock, Path("dvc.lock"))
    current = {"make": {"trainer": "1"}, "count": {"trainer": "3"}}
    check = definitions.check_components(open_study(components=current))
    (fault,) = check.faults
    assert check.looked_at == 2
    assert (fault.stage, fault.problem) == ("count", "trainer is 3, the stage ran with 2")
    assert fault.remedy == "dvc repro count"
    current = {name: {"trainer": "3", "judge": "4"} for name in current}
    check = definitions.check_components(open_study(components=current))
    assert [fault.stage for fault in check.faults] == ["count", "make"]
    assert check.faults[0].problem == (
        "judge is 4, the stage ran with none; other than it ran are also trainer"
    )


def test_a_published_file_with_another_digest_is_named(toy):
    values = {"benchmarks": {"real": {"source": "humaneval_plus", "path": "source.txt"}}}
    check = files.check_sources(AuditedStudy({}, {}, values))
    (fault,) = check.faults
    assert (check.looked_at, fault.stage) == (1, "benchmarks.real")
    assert "sha256 is" in fault.problem
    digest = re.search(r"sha256: ([0-9a-f]{64})", fault.remedy)[1]
    values["benchmarks"]["real"]["sha256"] = digest
    assert files.check_sources(AuditedStudy({}, {}, values)).faults == []


def by_hand():
    """The study of tests/test_explain.py: tables written by hand, no DVC."""
    return AuditedStudy({step.name: step for step in dag()}, read_lock(), PARAMS)


def test_streams_and_counts_are_looked_at(study):  # noqa: F811
    assert tables.check_streams(by_hand()).faults == []
    assert tables.check_counts(by_hand()).faults == []
    rows = SAMPLES.read(paths.samples("toy", "rl"))
    SAMPLES.write(rows.with_columns(seed=pl.col("seed") - 100), paths.samples("toy", "rl"))
    wrong = pl.when(pl.col("problem_id") == "e1").then(3).otherwise(pl.col("c"))
    COUNTS.write(count_rows("base").with_columns(c=wrong), paths.counts("toy", "base"))
    streams, counts = tables.check_streams(by_hand()), tables.check_counts(by_hand())
    assert streams.looked_at == len(rows) * 2
    assert {fault.stage for fault in streams.faults} == {"sample@base", "sample@rl"}
    (fault,) = counts.faults
    assert "1 rows do not follow" in fault.problem
    assert "problem e1" in fault.problem
    assert fault.remedy == "dvc checkout --force data/toy/counts/base.parquet"


def test_numbers_of_the_page_are_those_of_the_tables(study):  # noqa: F811
    page_file = study / page.PAGE
    page_file.parent.mkdir()
    number = (
        '<data value="{}" data-source="pass_at_k draw=base set=easy k=2" '
        'data-column="pass_at_k">0.83</data>'
    )
    page_file.write_text(number.format(1 - 1 / 6))
    check = page.check_page(by_hand())
    assert (check.looked_at, check.faults) == (1, [])
    page_file.write_text(number.format(0.9))
    (fault,) = page.check_page(by_hand()).faults
    assert "the page has 0.9, the table 0.8333" in fault.problem
    metrics = {"draws": {"base": {"easy": {"pass_at_2": 0.9, "unsolved": 1}}}}
    (study / page.METRICS).write_text(json.dumps(metrics))
    (fault,) = page.check_metrics(by_hand()).faults
    assert "draws.base.easy.pass_at_2 is 0.9, the table has 0.8333" in fault.problem


def test_a_changed_interval_is_named():
    rows = pl.DataFrame({"draw": ["a", "b"], "k": [1, 1], "low": [0.1, None], "n": [4, 4]})
    assert tables._difference(rows, rows.reverse(), ["draw", "k"]) == ""
    wrong = rows.with_columns(low=pl.Series([0.2, None]))
    said = tables._difference(wrong, rows, ["draw", "k"])
    assert said == "low of draw=a, k=1 is 0.2, 0.1 follows; 1 of 2 values differ"
    assert "1 rows" in tables._difference(rows.head(1), rows, ["draw", "k"])
    for one, other in ((rows.drop("low"), rows), (rows, rows.drop("low"))):
        assert tables._difference(one, other, ["draw", "k"]).endswith(": low")


def test_findings_of_one_cause_are_one():
    check = AuditCheck("parameters", "keys")
    for number in range(6):
        name = f"count@{number}"
        problem = "seed is 2, the stage ran with 1"
        check.fault("params.yaml", name, problem, f"put it back, or: dvc repro {name}")
        check.fault(f"counts/{number}", name, f"is missing, {name}", f"dvc repro {name}", "missing")
    check.fault("params.yaml", "other", "rate is 2, the stage ran with 1", "put it back")
    assert describe_faults(check.faults) == [
        "params.yaml (count@0, count@1, count@2, count@3 and 2 more): seed is 2, the stage ran "
        "with 1; put it back, or: dvc repro",
        "counts/0, counts/1, counts/2, counts/3 and 2 more (count@0, count@1, count@2, count@3 and "
        "2 more): is missing, count@0; dvc repro",
        "params.yaml (other): rate is 2, the stage ran with 1; put it back",
    ]
    assert len(check.faults) == 13
    pair = describe_faults(check.faults[:3])
    assert pair[0].endswith("or: dvc repro count@0 count@1")


def test_a_changed_source_is_one_finding_and_its_remedy_works(toy):
    replace_in("dvc.yaml", "deps: [data/toy/made]", "deps: [data/toy/made, source.txt]")
    assert dvc("repro") == 0
    update_ledger()
    Path("source.txt").write_text("2\n")
    inputs = next(check for check in audit() if "inputs" in check.title)
    (finding,) = describe_faults(inputs.faults)
    assert finding.startswith("source.txt (count, make): ")
    shell(finding.rpartition(": ")[2])
    update_ledger()
    assert faults(audit()) == []


def test_without_parameters_an_audit_says_so_once(toy):
    Path("params.yaml").unlink()
    done = CliRunner().invoke(application(), ["audit"])
    assert done.exit_code == 1
    assert done.output.count("params.yaml") == 1


def test_every_object_of_a_folder_is_looked_at(toy):
    cache = find_cache()
    folder = read_lock()["make"].outs["data/toy/made"]
    (_, listing), (md5, file) = cached_files(cache, folder)
    file.unlink()
    check = files.check_cache(open_study())
    assert [Path(fault.path) for fault in check.faults] == [file]
    listing.unlink()
    assert files.check_cache(open_study()).looked_at == 2
    assert md5
