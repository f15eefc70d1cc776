"""Stages count and analyze: files in, files out, and errors that name their place."""

import json

import numpy as np
import polars as pl
import pytest
from PIL import Image

from passk.analysis.examples import EXAMPLES
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.questions.tracing import ComparedDraws
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.config.checks.questions import find_faults
from passk.core.images import encode
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.core.tables import TableError
from passk.pipeline.stages import analyze, count, examples, manifest
from passk.pipeline.stages.job import Job, StageError
from passk.provenance.draws import trace_row
from passk.provenance.explain import ExplainError, find_rows

SETS = ("easy", "hard")
PROBLEM_COUNT = 12
DRAWS = {
    "base": {"model": "base", "n": 16, "temperature": 0.6},
    "grpo": {"model": "grpo-s1/step-120", "n": 16, "temperature": 0.6},
    "base-greedy": {"model": "base", "n": 1, "temperature": 0},
}
EVERY = (
    "pass_at_k", "difference", "crossover", "greedy", "coverage", "histogram", "efficiency",
    "failures",
)  # fmt: skip
# Problems 4 to 7 are dated within the year 2024, the last of them is known to be faulty.
LATE = {
    "set": "hard",
    "filters": [{"kind": "date_window", "first": "2024-01-01", "last": "2024-12-31"}],
}


def null(table):
    return {name: pl.lit(None, dtype=table.columns[name]) for name in table.nullable}


def make_sets():
    for name in SETS:
        frame = (
            pl.DataFrame({"index": range(PROBLEM_COUNT)})
            .with_columns(
                **null(PROBLEMS),
                problem_id=pl.format(f"{name}-{{}}", "index"),
                domain=pl.lit("math"),
                set=pl.lit(name),
                question=pl.format("q{}", "index"),
                answer=pl.lit("1"),
                answer_type=pl.lit("integer"),
                source=pl.lit("test"),
            )
            .with_columns(
                date=pl.format("{}-06-30", 2023 + pl.col("index") // 4),
                tags=pl.when(index=7).then(pl.lit(["flagged"])).otherwise(pl.lit(["easy"])),
            )
        )
        PROBLEMS.write(frame, paths.problem_set("toy", name))


def make_draw(name, seed=0, unknown_every=0, chain=None):
    n = DRAWS[name]["n"]
    rng = np.random.default_rng([seed, *name.encode()])
    rows = [
        {"set": s, "problem_id": f"{s}-{i}", "sample_index": j, "ok": rng.random() < i / 12}
        for s in SETS for i in range(PROBLEM_COUNT) for j in range(n)
    ]  # fmt: skip
    frame = pl.DataFrame(rows).with_columns(draw=pl.lit(name))
    samples = frame.with_columns(**null(SAMPLES), text=pl.lit("x"), finish_reason=pl.lit("stop"))
    SAMPLES.write(samples, paths.samples("toy", name))
    verdicts = frame.with_columns(
        **null(VERDICTS),
        verdict=pl.when("ok").then(pl.lit("correct")).otherwise(pl.lit("wrong")),
        reason=pl.lit(""),
        grader=pl.lit("math/1"),
    )
    if unknown_every:
        unknown = (pl.col("sample_index") % unknown_every == 0) & ~pl.col("ok")
        verdicts = verdicts.with_columns(
            verdict=pl.when(unknown).then(pl.lit("unknown")).otherwise("verdict")
        )
    if chain is not None:
        verdicts = verdicts.with_columns(chain_valid=chain)
    VERDICTS.write(verdicts, paths.verdicts("toy", name))
    return verdicts


def run_count(name, **changes):
    entry = {
        "sets": list(SETS), "template": "plain", "engine": "step_loop", "replicate": 0,
        "max_new_tokens": 8,
        **DRAWS[name], **changes,
    }  # fmt: skip
    return count.run(Job("count", name, {"study": "toy", "draws": {name: entry}}, "-"))


def parameters(**changes):
    return {
        "questions": {},
        "views": {},
        "coverage_excludes": [],
        "k": [1, 2, 4, 8, 16, 32],
        "comparisons": {"grpo": {"reference": "base", "candidate": "grpo"}},
        "groups": {},
        "efficiency_k": 16,
        "bootstrap": {"resamples": 200, "level": 0.95},
    } | changes


def run_analyze(question, draws=tuple(DRAWS), train=(), sft=(), **changes):
    params = {
        "study": "toy",
        "seed": 7,
        "draws": {name: {"sets": SETS, "engine": "step_loop"} for name in draws},
        "train": {name: {} for name in train},
        "sft": {name: {} for name in sft},
        "analysis": parameters(**changes),
    }
    manifest.run(Job("manifest", "", params, "-"))
    analyze.run(Job("analyze", question, params, "-"))
    return pl.read_parquet(paths.results("toy", question))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A study of two sets and three draws, sampled and verified but not counted."""
    monkeypatch.chdir(tmp_path)
    make_sets()
    for name in DRAWS:
        make_draw(name)


@pytest.fixture
def counted(toy):
    for name in DRAWS:
        run_count(name)


def test_counts_are_those_of_the_verdicts(toy):
    verdicts = make_draw("grpo", unknown_every=4)
    metrics = run_count("grpo")
    found = COUNTS.read(paths.counts("toy", "grpo"))
    assert len(found) == 24
    assert metrics["samples"] == 24 * 16
    for kind, column in (("correct", "c"), ("unknown", "unknown")):
        expected = verdicts.filter(verdict=kind).height
        assert metrics[kind] == found[column].sum() == expected > 0
    row = found.filter(set="hard", problem_id="hard-5").row(0, named=True)
    assert (row["n"], row["index"], row["grader"]) == (16, 5, "math/1")
    assert (row["model"], row["arm"], row["step"], row["train_seed"]) == (
        "grpo-s1/step-120", "grpo", 120, 1,
    )  # fmt: skip


def test_valid_chains_are_counted_only_where_labelled(toy):
    run_count("grpo")
    assert COUNTS.read(paths.counts("toy", "grpo"))["d"].null_count() == 24
    verdicts = make_draw("grpo", chain=pl.col("sample_index") < 8)
    run_count("grpo")
    expected = verdicts.filter(verdict="correct", chain_valid=True).height
    assert COUNTS.read(paths.counts("toy", "grpo"))["d"].sum() == expected


def test_imported_samples_may_differ_in_n_and_have_no_temperature(toy):
    path, other = paths.samples("toy", "grpo"), paths.verdicts("toy", "grpo")
    keep = (pl.col("problem_id") != "easy-3") | (pl.col("sample_index") < 5)
    SAMPLES.write(SAMPLES.read(path).filter(keep), path)
    VERDICTS.write(VERDICTS.read(other).filter(keep), other)
    with pytest.raises(StageError, match=r"draws\.grpo\.n = 16.*set 'easy', index 3: 5"):
        run_count("grpo")
    run_count("grpo", n=None, engine="imported", model="grpo")
    assert COUNTS.read(paths.counts("toy", "grpo"))["temperature"].null_count() == 24
    found = run_analyze("pass_at_k", draws=["grpo"], comparisons={})
    assert found.filter(set="easy")["k"].max() == 4
    assert found.filter(set="easy")["n"].unique().to_list() == [5]
    assert found.filter(set="hard")["k"].max() == 16


@pytest.mark.parametrize(
    ("table", "path", "change", "message"),
    [
        (VERDICTS, paths.verdicts, pl.col("sample_index") > 0, "not those of its samples"),
        (VERDICTS, paths.verdicts, pl.col("problem_id") != "easy-0", "not those of its samples"),
        (PROBLEMS, paths.problem_set, pl.col("index") != 2, "the set does not hold it"),
    ],
)
def test_tables_that_disagree_are_refused(toy, table, path, change, message):
    place = path("toy", "easy" if table is PROBLEMS else "base")
    table.write(table.read(place).filter(change), place)
    with pytest.raises(ValueError, match=message):
        run_count("base")
    assert not paths.counts("toy", "base").exists()


def test_a_problem_without_samples_is_named(toy):
    for table, path in ((SAMPLES, paths.samples), (VERDICTS, paths.verdicts)):
        place = path("toy", "base")
        table.write(table.read(place).filter(pl.col("problem_id") != "hard-7"), place)
    with pytest.raises(ValueError, match="set 'hard', index 7, problem hard-7: it has no sample"):
        run_count("base")


def test_a_set_that_asks_twice_is_refused(toy):
    place = paths.problem_set("toy", "easy")
    frame = PROBLEMS.read(place)
    again = frame.filter(index=0).with_columns(index=pl.lit(99, dtype=pl.Int64))
    PROBLEMS.write(pl.concat([frame, again]), place)
    with pytest.raises(ValueError, match="asks it more than once"):
        run_count("base")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("verdict", "maybe", "not one of correct"), ("grader", "math/2", "more than one grader")],
)
def test_strange_verdicts_are_refused(toy, column, value, message):
    place = paths.verdicts("toy", "base")
    frame = VERDICTS.read(place)
    first = pl.int_range(pl.len()) == 0
    VERDICTS.write(
        frame.with_columns(pl.when(first).then(pl.lit(value)).otherwise(column).alias(column)),
        place,
    )
    with pytest.raises(ValueError, match=message):
        run_count("base")


def test_damaged_verdicts_are_named(toy):
    place = paths.verdicts("toy", "base")
    place.write_bytes(place.read_bytes()[:1000])
    with pytest.raises(TableError, match=r"verdicts/base\.parquet"):
        run_count("base")


@pytest.mark.parametrize("question", EVERY)
def test_every_question_keeps_its_contract_and_its_bytes(counted, question):
    first = run_analyze(question)
    table = QUESTIONS[question].table
    assert table.check(first).equals(first)
    assert len(first) > 0
    path = paths.results("toy", question)
    before = path.read_bytes()
    run_analyze(question)
    assert path.read_bytes() == before


BROUGHT = """
import polars as pl
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.tables import Table

TABLE = Table(
    "solved", 1, {"draw": pl.String(), "set": pl.String(), "solved": pl.Int64()},
    key=("draw", "set"),
)

def count_solved(inputs):
    rows = [(g.draw, g.set, int((g.c > 0).sum())) for g in inputs.groups.values()]
    return pl.DataFrame(rows, schema=dict(TABLE.columns), orient="row")

QUESTION = AnalysisQuestion(TABLE, count_solved, trace_draw)
"""


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """An installed package that brings the question `solved`."""
    site = tmp_path / "site"
    info = site / "toy_question-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "toy_question.py").write_text(BROUGHT)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-question\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[passk.questions]\nsolved = toy_question:QUESTION\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(vars(QUESTIONS), "_brought", raising=False)  # entry points are read once
    yield
    vars(QUESTIONS).pop("_brought", None)


@pytest.mark.usefixtures("brought")
def test_an_installed_package_brings_a_question(counted):
    solved = run_analyze("solved")
    curves = run_analyze("pass_at_k").filter(pl.col("k") == 16)
    assert len(solved) == len(DRAWS) * len(SETS)
    both = solved.join(curves, on=["draw", "set"])  # pass@n is the share of problems solved
    assert both["solved"].to_list() == (both["pass_at_k"] * PROBLEM_COUNT).round().to_list()
    assert list(find_faults({"solved": "counts"})) == []
    (row,) = find_rows("toy", "solved", {"draw": "grpo", "set": "hard"})
    assert trace_row("solved", row, ComparedDraws()).draws == ("grpo",)
    with pytest.raises(ExplainError, match=r"narrow by draw \(base, base-greedy, grpo\), set"):
        find_rows("toy", "solved", {})


def test_questions_that_do_not_exist_or_read_something_else_are_refused():
    (unknown,) = find_faults({"coverge": "counts"})
    assert "analysis.questions = 'coverge': unknown question; did you mean 'coverage'?" in unknown
    assert "legal: chain_validity, cost, coverage" in unknown
    for name, declared, reads in (
        ("failures", "counts", "verdicts"),
        ("pass_at_k", "training", "counts"),
    ):
        (folder,) = find_faults({name: declared})
        assert f"{name} reads the folder {reads!r}, not {declared!r}" in folder


def test_every_question_names_its_table_like_itself():
    assert {name: question.table.name for name, question in QUESTIONS.items()} == {
        name: name for name in QUESTIONS
    }


@pytest.mark.parametrize("question", ["pass_at_k", "difference", "efficiency"])
def test_estimates_lie_within_their_limits(counted, question):
    found = run_analyze(question)
    value = {"efficiency": "efficiency_gap"}.get(question, question)
    assert (found["low"] <= found[value] + 1e-12).all()
    assert (found[value] <= found["high"] + 1e-12).all()


def test_pass_at_k_has_the_promised_columns(counted):
    found = run_analyze("pass_at_k")
    promised = ("draw", "model", "set", "temperature", "k", "pass_at_k", "low", "high", "n",
                "problems")  # fmt: skip
    assert set(promised) <= set(found.columns)
    assert sorted(set(found["draw"])) == ["base", "grpo"]
    one = found.filter(draw="base", set="easy", k=1).row(0, named=True)
    rows = COUNTS.read(paths.counts("toy", "base")).filter(set="easy")
    assert one["pass_at_k"] == pytest.approx((rows["c"] / rows["n"]).mean())
    assert (one["n"], one["problems"]) == (16, 12)


def test_differences_are_those_of_the_curves(counted):
    curves, found = run_analyze("pass_at_k"), run_analyze("difference")
    rl = curves.filter(draw="grpo").select("set", "k", rl="pass_at_k")
    base = curves.filter(draw="base").select("set", "k", base="pass_at_k")
    joined = found.join(rl, on=["set", "k"]).join(base, on=["set", "k"])
    assert len(joined) == len(found) == 10
    np.testing.assert_allclose(joined["difference"], joined["rl"] - joined["base"], atol=1e-15)


def test_changing_one_draw_leaves_other_intervals_alone(counted):
    alone, together = (
        run_analyze("pass_at_k", draws=["base"], comparisons={}),
        run_analyze("pass_at_k"),
    )
    assert together.filter(draw="base").equals(alone)


def test_strangers_in_the_folder_are_not_read(counted):
    paths.counts("toy", "stranger").write_bytes(b"not a table")
    assert "stranger" not in run_analyze("histogram")["draw"].to_list()


@pytest.mark.parametrize("question", EVERY)
def test_no_pairs_give_empty_tables_or_none_of_their_business(counted, question):
    found = run_analyze(question, comparisons={})
    empty = question in {"difference", "crossover", "coverage", "efficiency"}
    assert (len(found) == 0) == empty


def test_a_grid_past_n_is_clipped_but_efficiency_is_not(counted):
    assert run_analyze("pass_at_k", k=[1, 1024])["k"].unique().to_list() == [1]
    told = r"efficiency_k = 256 of comparison .*: draw 'base' has n = 16.*at most 16"
    with pytest.raises(ValueError, match=told):
        run_analyze("efficiency", efficiency_k=256)


def test_unknown_draws_and_questions_are_named(counted):
    with pytest.raises(
        ValueError, match=r"comparisons\.p\.candidate = 'gpro'.*legal: base, base-greedy, grpo"
    ):
        run_analyze("coverage", comparisons={"p": {"reference": "base", "candidate": "gpro"}})
    with pytest.raises(StageError, match=r"analysis\.questions\.nonsense: no such question"):
        run_analyze("nonsense")
    with pytest.raises(TableError, match=r"counts/absent\.parquet: no such file"):
        run_analyze("histogram", draws=["absent"])
    with pytest.raises(StageError, match="there is none"):
        run_analyze("histogram", draws=[])


def test_pairs_must_ask_the_same_problems(counted):
    path = paths.counts("toy", "grpo")
    COUNTS.write(COUNTS.read(path).filter(pl.col("problem_id") != "easy-4"), path)
    with pytest.raises(ValueError, match=r"different problems in set 'easy', e\.g\. easy-4"):
        run_analyze("difference")


def test_seeds_are_those_of_the_models_names(counted, monkeypatch):
    assert run_analyze("seeds").is_empty()  # one seed of each
    monkeypatch.setitem(DRAWS, "base-s1", {"model": "base-s1", "n": 16, "temperature": 0.6})
    make_draw("base-s1", seed=1)
    run_count("base-s1")
    both = {"reference": "base-s1", "candidate": "grpo"}  # the model of grpo has seed 1
    found = run_analyze("seeds", draws=["base", "base-s1", "grpo"], comparisons={"grpo": both})
    assert found.select("name", "set", "quantity", "k", "seeds").rows() == [
        ("base", name, "pass_at_k", k, 2) for name in SETS for k in (1, 16)
    ]
    single = run_analyze("pass_at_k", draws=["base", "base-s1"], comparisons={}).filter(
        set="hard", k=1
    )
    row = found.filter(set="hard", k=1).row(0, named=True)
    assert row["values"] == single["pass_at_k"].to_list()
    assert row["mean"] == pytest.approx(single["pass_at_k"].mean())
    assert row["low"] < row["mean"] < row["high"]


def test_training_logs_become_one_table(toy):
    for arm, extra in (("grpo", {"loss": 0.1}), ("grpo-s1", {"other": 3})):
        path = paths.training_log("toy", arm)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            {"step": s, "reward": s / 10, "length": 20, "entropy": 1.5, **extra} for s in (1, 2)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run_analyze("training", train=["grpo", "grpo-s1"])
    assert found["reward"].to_list() == [0.1, 0.2, 0.1, 0.2]
    assert found["loss"].to_list() == [0.1, 0.1, None, None]
    assert len(run_analyze("training", train=[])) == 0


def test_training_and_cost_keep_what_a_log_says_and_nothing_it_does_not(toy):
    common = {"length": 20, "entropy": 1.5, "rollouts": 8, "tokens": 160, "trained": 0.5}
    logs = {
        "ppo": [{"kl": 0.1 * s, "critic_loss": 1 / s, "rounds": 1} for s in range(1, 21)],
        "dapo": [{"kl": None, "rounds": s % 3 + 1} for s in range(1, 21)],
    }
    for arm, rows in logs.items():
        path = paths.training_log("toy", arm)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            {"step": s, "reward": s / 20, **common, **row} for s, row in enumerate(rows, start=1)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run_analyze("training", train=["dapo", "ppo"])
    assert found.filter(arm="dapo")["kl"].null_count() == 20
    assert found.filter(arm="ppo")["critic_loss"].to_list() == [1 / s for s in range(1, 21)]
    assert found.filter(arm="dapo")["critic_loss"].null_count() == 20
    cost = {row["arm"]: row for row in run_analyze("cost", train=["dapo", "ppo"]).to_dicts()}
    assert cost["ppo"]["rollouts"] == 160
    assert cost["dapo"]["tokens"] == 3200
    assert cost["dapo"]["rounds"] == pytest.approx(41 / 20)  # 2, 3, 1, 2, 3, 1, ... 2, 3
    assert cost["ppo"]["reward"] == pytest.approx((19 + 20) / 40)  # the last tenth: two steps


def test_a_fine_tuned_arm_has_a_loss_and_no_rollouts(toy):
    rows = {
        "distilled": {"loss": 0.5, "learning_rate": 1e-3, "grad_norm": 1.5},
        "grpo": {"loss": 0.1, "reward": 0.5, "length": 3, "entropy": 1.0, "rollouts": 8},
    }
    for arm, row in rows.items():
        path = paths.training_log("toy", arm)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"step": 1, **row}) + "\n")
    found = run_analyze("training", train=["grpo"], sft=["distilled"])
    columns = ("arm", "step", "loss", "grad_norm", "reward", "length", "kl")
    assert found.select(columns).rows() == [
        ("distilled", 1, 0.5, 1.5, None, None, None),
        ("grpo", 1, 0.1, None, 0.5, 3.0, None),
    ]
    assert run_analyze("cost", train=["grpo"], sft=["distilled"])["arm"].to_list() == ["grpo"]


def test_cost_of_a_log_without_counts_is_unknown_not_nothing(toy):
    path = paths.training_log("toy", "old")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"step": 1, "reward": 0.5, "length": 3, "entropy": 1.0}) + "\n")
    row = run_analyze("cost", train=["old"]).row(0, named=True)
    assert (row["rollouts"], row["tokens"], row["rounds"]) == (None, None, None)
    assert (row["steps"], row["reward"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "not a readable training log"),
        ("{broken", "not a readable training log"),
        ('{"step": 1, "reward": 0.5, "length": 3}\n', r"lacks \['entropy'\]"),
        ('{"step": 1, "length": 3}\n', r"lacks \['loss'\]"),
    ],
)
def test_bad_training_logs_are_named(toy, text, message):
    path = paths.training_log("toy", "grpo")
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=message):
        run_analyze("training", train=["grpo"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": [4, 2]}, "ascending"),
        ({"k": []}, "at least 1 item"),
        ({"k": [0, 1]}, "greater than or equal to 1"),
        (
            {"questions": {"pass_at_k": "logs"}},
            "'counts', 'verdicts', 'training', 'scores', 'sets' or 'expansions'",
        ),
        ({"bootstrap": {"resamples": 10, "level": 0.95}}, "greater than or equal to 100"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_illegal_parameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Analysis.model_validate(parameters(**change))


@pytest.mark.parametrize("question", ["pass_at_k", "histogram", "coverage", "difference"])
def test_a_view_is_one_more_set_and_changes_no_other(counted, question):
    plain = run_analyze(question)
    viewed = run_analyze(question, views={"late": LATE})
    assert viewed.filter(pl.col("set") != "late").equals(plain)
    found = viewed.filter(set="late")
    assert set(found.columns) == set(plain.columns)
    assert 0 < len(found) <= len(plain.filter(set="hard"))


def test_a_view_holds_the_problems_that_its_filters_keep(counted):
    found = run_analyze("pass_at_k", views={"late": LATE}).filter(set="late", draw="base", k=1)
    rows = COUNTS.read(paths.counts("toy", "base")).filter(pl.col("index").is_between(4, 7))
    rows = rows.filter(set="hard")
    assert found["problems"].to_list() == [4]
    assert found["pass_at_k"][0] == pytest.approx((rows["c"] / rows["n"]).mean())
    listed = run_analyze("coverage", views={"late": LATE}).filter(set="late")["indices"]
    assert sorted(i for part in listed for i in part) == [4, 5, 6, 7]
    lost = run_analyze("failures", views={"late": LATE}).filter(set="late", draw="base")
    assert lost["samples"].to_list() == [int((rows["n"] - rows["c"]).sum())]
    assert lost["share"][0] == pytest.approx(1 - (rows["c"].sum() / rows["n"].sum()))


def test_a_view_without_problems_is_refused(counted):
    empty = {"set": "hard", "filters": [{"kind": "tagged", "tags": ["none"]}]}
    with pytest.raises(StageError, match=r"views\.v: it holds no problem of 'hard' .*12 -> 0"):
        run_analyze("pass_at_k", views={"v": empty})


def test_coverage_leaves_out_problems_by_their_tags_and_says_how_many(counted):
    options = {"views": {"late": LATE}, "coverage_excludes": ["flagged"]}
    whole, found = run_analyze("coverage", views={"late": LATE}), run_analyze("coverage", **options)
    assert whole["excluded"].unique().to_list() == [0]
    assert found["excluded"].unique().to_list() == [1]
    sizes = found.group_by("set").agg(pl.col("problems").sum()).sort("set").rows()
    assert sizes == [("easy", 11), ("hard", 11), ("late", 3)]
    assert not any(7 in part for part in found["indices"])
    assert run_analyze("pass_at_k", **options).equals(
        run_analyze("pass_at_k", views={"late": LATE})
    )


def test_failures_are_told_apart_by_verdict_and_reason(toy):
    verdicts = make_draw("base", unknown_every=4).with_columns(
        reason=pl.when(pl.col("problem_id") == "easy-0")
        .then(pl.lit("wrong output"))
        .otherwise(pl.lit("timeout"))
    )
    VERDICTS.write(verdicts, paths.verdicts("toy", "base"))
    found = run_analyze("failures", draws=["base"], comparisons={})
    assert "correct" not in found["verdict"].to_list()
    first = found.filter(set="easy", reason="wrong output").sort("verdict")
    # problem 0 is never solved: 4 of its 16 samples are unknown
    assert first.select("verdict", "samples", "problems").rows() == [
        ("unknown", 4, 1), ("wrong", 12, 1),
    ]  # fmt: skip
    assert first["share"].to_list() == pytest.approx([4 / 192, 12 / 192])
    wrong = verdicts.filter(pl.col("verdict") != "correct", set="hard").height
    assert found.filter(set="hard")["samples"].sum() == wrong


def test_a_set_that_nothing_samples_changes_no_analysis(counted, tmp_path):
    run_analyze("coverage", coverage_excludes=["flagged"])
    files = sorted(paths.manifest("toy", "views").parent.glob("*.json"))
    before = {path.name: path.read_bytes() for path in files if path.stem != "declared"}
    frame = PROBLEMS.read(paths.problem_set("toy", "easy"))
    PROBLEMS.write(frame.with_columns(set=pl.lit("more")), paths.problem_set("toy", "more"))
    run_analyze("coverage", coverage_excludes=["flagged"])
    assert before == {name: (files[0].parent / name).read_bytes() for name in before}


def run_examples(excludes=(), **changes):
    entry = {"reference": "base", "candidate": "grpo", "set": "hard", "problems": 2} | changes
    params = {
        "study": "toy", "examples": {"some": entry},
        "analysis": {"coverage_excludes": list(excludes)},
    }  # fmt: skip
    examples.run(Job("examples", "some", params, "-"))
    return EXAMPLES.read(paths.results("toy", "examples-some"))


def test_examples_are_the_first_right_and_wrong_response_to_the_hardest_problems(counted):
    found = run_examples()
    counts = COUNTS.read(paths.counts("toy", "base")).filter(pl.col("c") > 0, set="hard")
    hardest = counts.sort("c", "index")["index"].to_list()[:2]
    assert found.sort("rank")["index"].unique(maintain_order=True).to_list() == hardest
    verdicts = VERDICTS.read(paths.verdicts("toy", "grpo")).filter(set="hard")
    for row in found.filter(draw="grpo").iter_rows(named=True):
        same = verdicts.filter(problem_id=row["problem_id"])
        of_kind = same.filter(verdict=row["verdict"])
        assert row["sample_index"] == of_kind["sample_index"].min()
        assert (row["c"], row["n"]) == (same.filter(verdict="correct").height, 16)
    assert set(found.filter(draw="base")["verdict"]) == {"correct", "wrong"}
    assert set(found["text"]) == {"x"}
    path = paths.results("toy", "examples-some")
    before = path.read_bytes()
    run_examples()
    assert path.read_bytes() == before


def test_examples_carry_the_image_and_the_choices_of_their_problem(counted):
    assert run_examples()["image_bytes"].null_count() == run_examples().height
    path = paths.problem_set("toy", "hard")
    frame = PROBLEMS.read(path)
    drawn = [encode(Image.new("RGB", (8, 8), (i, 0, 0))) for i in range(frame.height)]
    frame = frame.with_columns(
        image=pl.Series([one.digest for one in drawn]),
        image_bytes=pl.Series([one.png for one in drawn]),
        choices=pl.Series([["1", str(i)] for i in range(frame.height)]),
    )
    PROBLEMS.write(frame, path)
    for row in run_examples().iter_rows(named=True):
        at = frame["problem_id"].to_list().index(row["problem_id"])
        assert (row["image"], row["image_bytes"]) == drawn[at]
        assert row["choices"] == ["1", str(at)]


def test_examples_leave_out_faulty_problems_and_refuse_a_draw_that_solves_none(counted):
    assert 7 in run_examples(problems=12)["index"]
    assert 7 not in run_examples(problems=12, excludes=["flagged"])["index"]
    path = paths.verdicts("toy", "base")
    VERDICTS.write(VERDICTS.read(path).with_columns(verdict=pl.lit("wrong")), path)
    with pytest.raises(
        StageError, match=r"examples\.some: draw 'base' solves no problem of 'hard'"
    ):
        run_examples()
