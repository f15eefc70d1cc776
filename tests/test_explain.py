"""A number walks back to its sources; an audit finds whatever was changed behind its back."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext

import polars as pl
import pytest
import typer
from ruamel.yaml import YAML

from passk.cli.explain import lines, main
from passk.config import paths
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.provenance import explain
from passk.provenance.draws import read_comparisons, trace_row
from passk.provenance.ledger import update_ledger
from passk.provenance.lock import read_lock
from passk.provenance.records import find_record, open_execution
from passk.provenance.run_record import read_record
from passk.provenance.tables_in_git import copy_tables
from test_records import Step
from test_validation import SETS, filter_rows, sample_rows, verdict_rows

PARAMS = {
    "study": "toy",
    "draws": {
        "base": {"model": "base", "sets": ["easy", "hard"], "n": 4, "engine": "step_loop"},
        "rl": {"model": "rl/step-2", "sets": ["easy", "hard"], "n": 4, "engine": "step_loop"},
    },
    "analysis": {
        "comparisons": {
            "rl": {"reference": "base", "candidate": "rl"},
            "again": {"reference": "base", "candidate": "rl"},
        },
        "groups": {"all": ["rl", "again"]},
    },
}
NAMES = ("train", "easy", "hard")


def stage(name, deps, outs):
    group = name.partition("@")[0]
    keys = ("study", "draws") if group in ("sample", "count", "analyze") else ("study",)
    cmd = f"python -m passk.pipeline.run {name.replace('@', ' ')}"
    return Step(name, cmd, ("src/code.py", *deps), outs, {"params.yaml": keys})


def dag():
    data = "data/toy"
    for name in NAMES:
        yield stage(f"problems@{name}", (), (f"{data}/problems/{name}.parquet",))
    for name in NAMES:
        yield stage(f"filter@{name}", (f"{data}/problems/{name}.parquet",),
                    (f"{data}/sets/{name}.parquet", f"{data}/filters/{name}.parquet"))  # fmt: skip
    yield stage("pretrain@base", (), ("models/toy/base",))
    yield stage("train@rl", ("models/toy/base", f"{data}/sets/train.parquet"),
                ("models/toy/rl", f"{data}/training/rl.jsonl"))  # fmt: skip
    yield stage("manifest", (), (f"{data}/manifest/training.json",))
    yield stage("validate@problems", (f"{data}/sets",), (f"{data}/validation/problems.json",))
    for draw, model in (("base", "base"), ("rl", "rl/step-2")):
        yield stage(f"sample@{draw}", (f"models/toy/{model}", f"{data}/sets"),
                    (f"{data}/samples/{draw}.parquet",))  # fmt: skip
        yield stage(f"verify@{draw}", (f"{data}/samples/{draw}.parquet", f"{data}/sets"),
                    (f"{data}/verdicts/{draw}.parquet",))  # fmt: skip
        yield stage(f"count@{draw}", (f"{data}/verdicts/{draw}.parquet",),
                    (f"{data}/counts/{draw}.parquet",))  # fmt: skip
    for question in ("pass_at_k", "difference", "spread", "seeds"):
        yield stage(f"analyze@{question}", (f"{data}/counts",),
                    (f"{data}/results/{question}.parquet",))  # fmt: skip
    for question in ("training", "cost"):
        deps = (f"{data}/manifest/training.json", f"{data}/training", f"{data}/validation")
        yield stage(f"analyze@{question}", deps, (f"{data}/results/{question}.parquet",))


def write(name):
    """What a stage would write, small and by hand."""
    group, _, item = name.partition("@")
    if group == "problems":
        PROBLEMS.write(SETS[item], paths.problems("toy", item))
    elif group == "filter":
        PROBLEMS.write(SETS[item], paths.problem_set("toy", item))
        FILTERS.write(filter_rows(item, len(SETS[item])), paths.filter_table("toy", item))
    elif group in ("pretrain", "train"):
        path = paths.model("toy", item) / ("step-2/w" if group == "train" else "w")
        path.parent.mkdir(parents=True)
        path.write_text(item)
        if group == "train":
            put(paths.training_log("toy", item))
    elif group == "manifest":
        put(paths.manifest("toy", "training"))
    elif group == "validate":
        put(paths.validation("toy", item))
    elif group == "sample":
        rows = sample_rows("base", 100 if item == "base" else 200)
        SAMPLES.write(rows.with_columns(draw=pl.lit(item)), paths.samples("toy", item))
    elif group == "verify":
        rows = verdict_rows("base").with_columns(
            draw=pl.lit(item),
            verdict=pl.when(pl.col("sample_index") < 2).then(pl.lit("correct"))
            .otherwise(pl.lit("wrong")),
        )  # fmt: skip
        VERDICTS.write(rows, paths.verdicts("toy", item))
    elif group == "count":
        COUNTS.write(count_rows(item), paths.counts("toy", item))
    else:
        frames = {
            "pass_at_k": {"draw": ["base", "base"], "set": ["easy", "easy"], "k": [1, 2],
                          "pass_at_k": [0.5, 1 - 1 / 6]},
            "difference": {"comparison": ["rl"], "set": ["hard"], "k": [1], "difference": [0.0]},
            "spread": {"group": ["all"] * 2, "set": ["easy", "hard"], "spread": [0.0] * 2},
            "seeds": {"name": ["rl"] * 2, "set": ["hard"] * 2,
                      "quantity": ["efficiency_gap", "pass_at_k"], "k": [2, 1],
                      "sd": [0.1, 0.2], "draws": [["base", "rl"], ["rl"]]},
            "training": {"arm": ["rl", "rl"], "step": [1, 2], "reward": [0.1, 0.2]},
            "cost": {"arm": ["rl"], "steps": [2]},
        }  # fmt: skip
        path = paths.results("toy", item)
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(frames[item]).write_parquet(path)


def put(path):
    """A file that nobody reads here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def count_rows(draw):
    asked = pl.concat([SETS[s].select("set", "index", "problem_id") for s in ("easy", "hard")])
    return asked.with_columns(
        draw=pl.lit(draw), n=4, c=2, d=None, unknown=0, model=pl.lit("m"), arm=pl.lit("m"),
        step=None, train_seed=None, template=None, temperature=0.6, replicate=0,
        engine=pl.lit("step_loop"), grader=pl.lit("g"),
    )  # fmt: skip


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("")
    YAML().dump(PARAMS, tmp_path / "params.yaml")
    lock = {}
    for step in dag():
        execution = open_execution(step, {"params.yaml": PARAMS})
        write(step.name)
        record = read_record(execution.finish()).document
        lock[step.name] = {key: record[key] for key in ("cmd", "deps", "params", "outs")}
    YAML().dump({"schema": "2.0", "stages": lock}, tmp_path / "dvc.lock")
    return tmp_path


def told(number, problem="", shown=8, **where):
    return "\n".join(lines(number, where, problem, shown))


def test_a_number_walks_back_to_its_sources(study):
    text = told("pass_at_k", draw="base", set="easy", k=2)
    assert "pass@2 again from these counts: 0.833333 (same)" in text
    assert "n=4 c=2 unknown=0" in text
    chain = ["analyze@pass_at_k", "count@base", "verify@base", "sample@base", "pretrain@base",
             "filter@easy", "problems@easy"]  # fmt: skip
    places = [text.index(f"by {name}: python -m passk.pipeline.run") for name in chain]
    assert places == sorted(places)
    # Nothing of other draws, other sets, or training that this number does not rest on.
    assert not any(f"by {name}" in text for name in ("sample@rl", "filter@hard", "train@rl"))
    assert "draws.base.n=4" in text
    entry = read_lock()["sample@base"]
    assert f"record {find_record(entry).digest}" in text
    assert entry.outs["data/toy/samples/base.parquet"] in text


def test_a_number_of_a_view_walks_back_to_the_counts_of_its_problems(study):
    rows = count_rows("base").filter(set="easy").sort("index")
    held = rows["problem_id"].to_list()[:2]
    views = {"views": {"part": {"set": "easy", "problems": held}}, "excluded": {}}
    paths.manifest("toy", "views").write_text(json.dumps(views))
    path = paths.results("toy", "pass_at_k")
    part = pl.DataFrame({"draw": ["base"], "set": ["part"], "k": [2], "pass_at_k": [1 - 1 / 6]})
    pl.concat([pl.read_parquet(path), part]).write_parquet(path)
    text = told("pass_at_k", draw="base", set="part", k=2)
    assert "counts of draw 'base': 2 problems, 8 samples" in text
    assert "pass@2 again from these counts: 0.833333 (same)" in text
    assert "by filter@easy" in text
    assert "by filter@hard" not in text


def test_a_comparison_walks_back_through_both_draws_and_the_training(study):
    text = told("difference:0")
    for name in ("sample@base", "sample@rl", "train@rl", "filter@train", "problems@train"):
        assert f"by {name}:" in text


def test_a_spread_walks_back_through_the_draws_of_all_its_pairs(study):
    text = told("spread", group="all", set="hard")
    assert text.count("from what draw 'base' was made") == 1
    assert text.count("from what draw 'rl' was made") == 1
    for name in ("sample@base", "sample@rl", "train@rl", "filter@hard"):
        assert f"by {name}:" in text
    assert "by filter@easy" not in text
    with pytest.raises(explain.ExplainError, match=r"2 rows match; narrow by set \(easy, hard\)"):
        told("spread", group="all")


def test_only_pairs_that_share_the_set_count_for_a_spread():
    params = {
        "draws": {"a": {"sets": ["x", "y"]}, "b": {"sets": ["x", "y"]}, "c": {"sets": ["x"]}},
        "analysis": {
            "comparisons": {
                "p": {"reference": "a", "candidate": "b"},
                "q": {"reference": "a", "candidate": "c"},
            },
            "groups": {"g": ["p", "q"]},
        },
    }

    def draws_of(**row):
        return trace_row("spread", row, read_comparisons(params)).draws

    assert draws_of(group="g", set="x") == ("a", "b", "c")
    assert draws_of(group="g", set="y") == ("a", "b")
    params["analysis"]["views"] = {"v": {"set": "y"}}
    assert draws_of(group="g", set="v") == ("a", "b")
    with pytest.raises(explain.ExplainError, match=r"group h: no longer in params\.yaml"):
        draws_of(group="h", set="x")
    params["analysis"]["groups"]["g"].append("r")
    with pytest.raises(explain.ExplainError, match=r"comparison r: no longer in params\.yaml"):
        draws_of(group="g", set="x")


def test_a_value_over_seeds_walks_back_through_the_draws_of_all_seeds(study):
    text = told("seeds", name="rl", quantity="efficiency_gap")
    assert "draws=[base, rl]" in text
    assert "by sample@base:" in text
    assert "by train@rl:" in text
    with pytest.raises(
        explain.ExplainError, match=r"narrow by quantity \(efficiency_gap, pass_at_k\), k"
    ):
        told("seeds", name="rl", set="hard")


def test_training_and_cost_walk_back_to_their_arm(study):
    for text in (told("cost", arm="rl"), told("training", arm="rl", step=2)):
        chain = ["by analyze@", "data/toy/training/rl.jsonl", "by train@rl:", "by pretrain@base:"]
        places = [text.index(words) for words in chain]
        assert places == sorted(places)
        assert "by problems@train:" in text
        # Nothing of draws, and no folder of the study taken for a source.
        assert "sample@" not in text
        assert "data/toy/validation" not in text
    with pytest.raises(explain.ExplainError, match=r"2 rows match; narrow by step \(1, 2\)"):
        told("training", arm="rl")
    with pytest.raises(explain.ExplainError, match="cost: of no one draw"):
        told("cost", problem="1", arm="rl")


def test_samples_of_a_problem_are_shown_with_their_verdicts(study):
    text = told("pass_at_k", problem="1", shown=3, draw="base", set="easy", k=1)
    assert "samples of problem e1:" in text
    assert "#1 correct (equal): 1\n      so 1\n  #2 wrong" in text
    assert "and 1 more" in text
    assert told("pass_at_k", problem="e1", draw="base", set="easy", k=1).count("wrong (equal)") == 2


def test_a_row_is_named_as_the_report_names_it(study, capsys):
    main("pass_at_k", ["draw=base", "set=easy", "k=2"])
    words = capsys.readouterr().out
    main("pass_at_k", draw="base", set_="easy", k=2)
    assert capsys.readouterr().out == words
    assert "pass@2 again from these counts: 0.833333 (same)" in words
    main("pass_at_k", ["set=easy"], draw="base", k=2)
    assert capsys.readouterr().out == words
    main("difference", ["comparison=rl", "set=hard"])
    assert "by train@rl:" in capsys.readouterr().out


def test_a_comma_means_any_of(study):
    text = told("pass_at_k", draw="base", k="1,2")
    assert [line[:43] for line in text.splitlines()[:2]] == [
        "pass_at_k: draw=base, set=easy, k=1, pass_a",
        "pass_at_k: draw=base, set=easy, k=2, pass_a",
    ]
    assert text.count("again from these counts") == 2
    assert text.count("from what draw 'base' was made") == 1
    with pytest.raises(explain.ExplainError, match=r"no row k=1,3 \(k=3\); k here: 1, 2$"):
        told("pass_at_k", k="1,3")


def test_an_index_goes_before_the_start_of_an_id(study):
    for schema, of in (
        (COUNTS, paths.counts),
        (SAMPLES, paths.samples),
        (VERDICTS, paths.verdicts),
    ):
        path = of("toy", "base")
        schema.write(schema.read(path).with_columns(problem_id="1" + pl.col("problem_id")), path)
    text = told("pass_at_k", problem="1", draw="base", set="easy", k=1)
    assert "samples of problem 1e1:" in text
    with pytest.raises(explain.ExplainError, match=r"problems match: easy 0 1e0, easy 1 1e1"):
        told("pass_at_k", problem="1e", draw="base", set="easy", k=1)


def test_a_validation_suite_is_explained(study):
    path = paths.validation("toy", "problems")
    kept = {"name": "ids", "frame": "problems", "success": True, "checked": 9, "failed": 0,
            "remedy": ""}  # fmt: skip
    broken = {**kept, "name": "places", "success": False, "failed": 2, "remedy": "run it again"}
    suite = {"success": False, "frames": {"problems": 9}, "expectations": [kept, broken]}
    path.write_text(json.dumps(suite))
    text = told("validation", kind="problems")
    assert "FAILED: 1 of 2 expectations hold; looked at 9 problems" in text
    assert "places (problems): FAILS for 2 of 9\n    run it again" in text
    assert str(path) in text
    assert "filter" not in text.partition("by validate")[0]
    steps = [
        {"set": "hard", "order": 0, "filter": "free_form", "rows_in": 9, "rows_out": 4,
         "reason": "has answer choices"},
        {"set": "hard", "order": 1, "filter": "first", "rows_in": 4, "rows_out": 4,
         "reason": "beyond the first 8"},
    ]  # fmt: skip
    path.write_text(json.dumps(suite | {"filters": steps}))
    text = told("validation", kind="problems")
    assert "  filter 0 of set hard: free_form 9 -> 4 (has answer choices)\n" in text
    assert "  filter 1 of set hard: first 4 -> 4\n" in text
    with pytest.raises(explain.ExplainError, match="no row kind=other; kind here: problems"):
        told("validation", kind="other")
    with pytest.raises(explain.ExplainError, match="narrow by kind"):
        told("validation")
    path.write_text("{")
    with pytest.raises(explain.ExplainError, match=r"problems\.json: not readable as JSON"):
        told("validation", kind="problems")


def test_an_image_is_told_by_its_size(study):
    row = {"draw": ["rl"], "set": ["easy"], "problem_id": ["e0"], "image_bytes": [b"\x89PNG"]}
    pl.DataFrame(row).write_parquet(paths.results("toy", "examples-some"))
    assert "problem_id=e0, image_bytes=(4 bytes)\n" in told("examples-some", draw="rl")


def test_what_cannot_be_explained_is_said(study, capsys):
    with pytest.raises(
        explain.ExplainError, match=r"draw=base: 2 rows match; narrow by k \(1, 2\)"
    ):
        told("pass_at_k", draw="base")
    with pytest.raises(explain.ExplainError, match=r"no row draw=rl; draw here: base$"):
        told("pass_at_k", draw="rl")
    with pytest.raises(explain.ExplainError, match=r"set=easy k=3; k here: 1, 2$"):
        told("pass_at_k", draw="base", set="easy", k=3)
    with pytest.raises(explain.ExplainError, match="k=many: k is a number"):
        told("pass_at_k", k="many")
    with pytest.raises(explain.ExplainError, match="known: cost, difference, pass_at_k, seeds"):
        told("nonsense")
    with pytest.raises(explain.ExplainError, match="no row 7: 2 rows match"):
        told("pass_at_k:7")
    with pytest.raises(explain.ExplainError, match="not TABLE:ROW"):
        told("pass_at_k:x")
    for keys, said in (
        (["draw=base"], "no column draw; columns: comparison, set, k, difference"),
        (["hard"], "hard: not KEY=VALUE"),
        (["k=1", "k=2"], "k is given twice: 1 and 2"),
        (["comparison=rl", "set=hard"], ""),
    ):
        with pytest.raises(typer.Exit) if said else nullcontext():
            main("difference", keys)
        assert said in capsys.readouterr().err


def test_an_unknown_problem_is_said_before_anything_is_printed(study, capsys):
    for problem, said in (("e", "2 problems match: easy 0 e0"), ("77", "no problem matches")):
        with pytest.raises(typer.Exit):
            main("pass_at_k", ["draw=base", "set=easy", "k=1"], problem=problem)
        printed = capsys.readouterr()
        assert printed.out == ""
        assert said in printed.err


def test_a_corrupt_table_is_named(study):
    for path in (paths.counts("toy", "base"), paths.results("toy", "pass_at_k")):
        path.write_bytes(b"PAR1 not a table PAR1")
        with pytest.raises(explain.ExplainError, match=f"{path}: not a readable parquet"):
            told("pass_at_k", draw="base", set="easy", k=1)


def test_a_reader_that_leaves_ends_it_quietly(study):
    read, write = os.pipe()
    os.close(read)
    code = "from passk.cli.app import main; main()"
    words = [sys.executable, "-c", code, "explain", "difference:0"]
    with os.fdopen(write, "w") as gone:
        ended = subprocess.run(words, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.stderr == ""


def test_changed_and_missing_files_are_marked(study):
    (study / "models/toy/base/w").write_text("other")
    paths.samples("toy", "base").unlink()
    text = told("pass_at_k", draw="base", set="easy", k=1)
    assert "models/toy/base  md5 " in text
    assert "CHANGED since" in text
    assert "missing" not in text.split("samples/base.parquet")[0]
    assert "not here: dvc repro sample@base makes it" in text


def test_a_fresh_clone_traces_a_number_to_its_counts(study, capsys):
    update_ledger()
    number = len(list((study / "data/toy/counts").iterdir()))
    assert copy_tables("toy") > number
    assert copy_tables("toy") == 0
    whole = told("pass_at_k", draw="base", set="easy", k=2)
    for name in ("data", "models", ".passk"):
        shutil.rmtree(study / name)
    text = told("pass_at_k", draw="base", set="easy", k=2)
    assert "pass@2 again from these counts: 0.833333 (same)" in text
    assert "n=4 c=2 unknown=0" in text
    assert "data/toy/samples/base.parquet" in text
    assert "not here: dvc repro sample@base makes it" in text
    assert "in reports/tables" in text
    assert f"record {find_record(read_lock()['sample@base']).digest}" in text
    assert [line.split("  not here")[0].split("  in reports")[0] for line in text.splitlines()] == (
        whole.splitlines()
    )
    with pytest.raises(explain.ExplainError, match="dvc repro sample@base makes it"):
        told("pass_at_k", problem="1", draw="base", set="easy", k=2)
    with pytest.raises(explain.ExplainError, match="known: cost, difference, pass_at_k, seeds"):
        told("nonsense")
    # A copy that was edited is not taken for the table.
    copy = study / "reports/tables/toy/counts/base.parquet"
    COUNTS.write(count_rows("base").with_columns(c=3), copy)
    assert "CHANGED since" in told("pass_at_k", draw="base", set="easy", k=2)


def test_copies_of_what_the_lock_no_longer_names_go(study):
    copy_tables("toy")
    lock = YAML(typ="safe").load(study / "dvc.lock")
    del lock["stages"]["count@rl"]
    YAML().dump(lock, study / "dvc.lock")
    COUNTS.write(count_rows("base").with_columns(c=3), paths.counts("toy", "base"))
    before = (study / "reports/tables/toy/counts/base.parquet").read_bytes()
    assert copy_tables("toy") == 1
    assert not (study / "reports/tables/toy/counts/rl.parquet").exists()
    # What is not what the lock promises is not copied.
    assert (study / "reports/tables/toy/counts/base.parquet").read_bytes() == before
