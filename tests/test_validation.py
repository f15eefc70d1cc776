"""Each expectation is made to fail by a small corrupted table, and names the rows."""

import json
from contextlib import suppress
from dataclasses import replace

import polars as pl
import pytest

from passk.cli import docs
from passk.config import paths
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.expectations import problems, samples, verdicts
from passk.data.expectations.declared import Declared, DeclaredDraw
from passk.domains.code.test_cases import Tests
from passk.domains.expectations import evaluate
from passk.pipeline.stages import manifest, validate
from passk.pipeline.stages.job import Job, StageError

DRAWS = {
    "base": {"model": "base", "sets": ["easy", "hard"], "n": 4, "engine": "step_loop"},
    "theirs": {"model": "theirs", "sets": ["hard"], "n": None, "engine": "imported"},
}
DECLARED = {
    "base": DeclaredDraw(("easy", "hard"), 4, recorded=False),
    "theirs": DeclaredDraw(("hard",), None, recorded=True),
}


def problem_rows(name, ids):
    size = len(ids)
    return pl.DataFrame(
        {
            "problem_id": ids,
            "domain": ["math"] * size,
            "set": [name] * size,
            "index": range(size),
            "question": [f"What is {i}?" for i in ids],
            "answer": [str(i) for i in range(size)],
            "answer_type": ["integer"] * size,
            "source": ["generated"] * size,
            **dict.fromkeys(PROBLEMS.nullable),
        }
    ).cast(dict(PROBLEMS.columns))


def filter_rows(name, size):
    return pl.DataFrame(
        {"set": [name] * 2, "order": [0, 1], "filter": ["a", "b"], "rows_in": [size + 1, size],
         "rows_out": [size, size], "reason": ["x", "y"]}
    )  # fmt: skip


SETS = {
    "train": problem_rows("train", ["t0", "t1"]),
    "easy": problem_rows("easy", ["e0", "e1"]),
    "hard": problem_rows("hard", ["h0"]),
}
FILTER_TABLES = pl.concat([filter_rows(name, len(frame)) for name, frame in SETS.items()])
ASKED = pl.concat([frame.select("set", "index", "problem_id") for frame in SETS.values()])


def sample_rows(draw, start, n=4):
    cells = [(s, p) for s in DRAWS[draw]["sets"] for p in SETS[s]["problem_id"]]
    keys = [(draw, s, p, i) for s, p in cells for i in range(n)]
    drawn = DRAWS[draw]["engine"] != "imported"
    return pl.DataFrame(
        {
            "draw": [k[0] for k in keys],
            "set": [k[1] for k in keys],
            "problem_id": [k[2] for k in keys],
            "sample_index": [k[3] for k in keys],
            "seed": [start + i if drawn else None for i in range(len(keys))],
            "template": "plain",
            "prompt_digest": [k[2] if drawn else None for k in keys],
            "text": "so 1",
            "token_ids": None,
            "n_tokens": 2 if drawn else None,
            "finish_reason": "stop" if drawn else "unknown",
            **dict.fromkeys(("sum_logprob", "mean_entropy", "token_logprobs", "recorded_grade")),
        }
    ).cast({"seed": pl.Int64, "prompt_digest": pl.String, "n_tokens": pl.Int64})


def verdict_rows(draw, n=4):
    return sample_rows(draw, 0, n).select(
        "draw", "set", "problem_id", "sample_index",
        answer=pl.lit("1"), verdict=pl.lit("correct"), reason=pl.lit("equal"),
        chain_valid=pl.lit(None, pl.Boolean), grader=pl.lit("math-verify 0.9.0"),
    )  # fmt: skip


def change(frame, where, **values):
    """The frame with columns replaced in the rows where a predicate holds."""
    return frame.with_columns(
        **{
            name: pl.when(where).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name))
            for name, value in values.items()
        }
    )


def list_failed(frames, expectations):
    results = evaluate(frames, expectations)
    return {result.name: result for result in results if not result.success}


def judge_problems(sets=SETS, filters=FILTER_TABLES, training=("train",), sources=None):
    frames = problems.frames(sets, filters, training, sources or {name: name for name in sets})
    return list_failed(frames, problems.expectations())


def judge_samples(base, theirs=None, *, bound=0.5, same=False):
    tables = {"base": base, "theirs": theirs if theirs is not None else sample_rows("theirs", 0)}
    frames = samples.frames(tables, ASKED, DECLARED, imported_same_n=same)
    return list_failed(frames, samples.expectations(bound))


def judge_verdicts(base, *, bound=0.5):
    tables = {"base": base, "theirs": verdict_rows("theirs")}
    frames = verdicts.frames(tables, ASKED, DECLARED, imported_same_n=False)
    return list_failed(frames, verdicts.expectations(bound))


GOOD = sample_rows("base", 100)
JUDGED = verdict_rows("base")
E0 = pl.col("problem_id") == "e0"
THIRD = E0 & (pl.col("sample_index") == 2)


def test_good_tables_pass():
    assert not judge_problems()
    assert not judge_samples(GOOD)
    assert not judge_verdicts(JUDGED)


EASY = SETS["easy"]


@pytest.mark.parametrize(
    ("easy", "expected"),
    [
        (change(EASY, E0, question=" "), "every problem asks something"),
        (change(EASY, E0, answer=""), "every problem has an answer or tests"),
        (change(EASY, E0, domain="poetry"), "every domain is known"),
        (change(EASY, E0, problem_id="t1"), "no test problem was trained on"),
        (change(EASY, E0, index=1), "places in a set are unique"),
        (change(EASY, E0, problem_id=None), "every problem has an id"),
    ],
)
def test_a_bad_problem_is_named(easy, expected):
    found = judge_problems({**SETS, "easy": easy})
    assert set(found) == {expected}
    row = found[expected].rows[0]
    assert (row["set"], row["index"]) == ("easy", easy["index"][0])


OVERLAP = "no test problem was trained on"
ADD = Tests("add", ("[1,1]",), ("2",), reference="def add(a, b):\n    return a + b")
CODE = change(
    EASY, E0, domain="code", answer_type="program", answer=ADD.reference, tests=ADD.dump()
)


@pytest.mark.parametrize(
    ("change_to", "expected"),
    [
        ({"tests": "{}"}, "the tests of every program can be read"),
        ({"tests": '{"inputs": 3}'}, "the tests of every program can be read"),
        ({"tests": replace(ADD, entry=None).dump()}, "tests call something, or compare what"),
        ({"tests": replace(ADD, comparison={"kind": "text"}).dump()}, "tests call something, or"),
        ({"tests": replace(ADD, expected=()).dump()}, "every test of a program has its expected"),
        ({"tests": replace(ADD, inputs=(), expected=()).dump()}, "every test of a program has"),
        ({"question": f"Improve:\n{ADD.reference}"}, "no question holds a solution"),
        ({"starter_code": ADD.reference}, "no question holds a solution"),
        # a reference solution does not judge a program; only tests do
        ({"tests": None}, "every problem has an answer or tests"),
    ],
)
def test_a_bad_program_problem_is_named(change_to, expected):
    assert not judge_problems({**SETS, "easy": CODE})
    found = judge_problems({**SETS, "easy": change(CODE, E0, **change_to)})
    assert [name for name in found if name.startswith(expected)] == list(found)
    (result,) = found.values()
    assert (result.rows[0]["set"], result.rows[0]["index"]) == ("easy", 0)


def test_a_program_that_was_trained_on_is_known_however_its_question_is_laid_out():
    first = pl.col("problem_id") == "t0"
    trained = change(SETS["train"], first, domain="code", tests=ADD.dump(), question="Add  two.\n")
    tested = change(CODE, E0, question="Add two.")
    found = judge_problems({**SETS, "train": trained, "easy": tested})
    (row,) = found[OVERLAP].rows
    assert (row["set"], row["problem_id"]) == ("easy", "e0")
    other = change(tested, E0, starter_code="class Solution: pass")
    assert not judge_problems({**SETS, "train": trained, "easy": other})


def test_part_of_a_training_set_is_one_but_a_test_set_that_overlaps_is_not():
    part = {**SETS, "part": problem_rows("part", ["t1"])}
    same = {name: name for name in part} | {"part": "train"}
    assert not judge_problems(part, sources=same)
    # Of another source, or with a problem that is not trained on: a test set.
    (row,) = judge_problems(part)[OVERLAP].rows
    assert (row["set"], row["problem_id"]) == ("part", "t1")
    mixed = {**SETS, "part": problem_rows("part", ["t1", "new"])}
    assert judge_problems(mixed, sources=same)[OVERLAP].failed == 1
    # A set of the same source without a training problem is a fair test.
    held_out = {**SETS, "part": problem_rows("part", ["new"])}
    assert not judge_problems(held_out, sources=same)


def test_training_sets_are_those_of_arms_and_those_behind_demonstrations():
    params = {
        "train": {"grpo": {"set": "a"}},
        "sft": {"distilled": {"demonstrations": "good"}, "instruct": {"demonstrations": "short"}},
        "rejection_sampling": {"good": {"draw": "teacher"}, "idle": {"draw": "base"}},
        "reference_answers": {"short": {"set": "d"}, "unused": {"set": "f"}},
        "sets": {},
        "draws": {
            "teacher": {"sets": ["b", "c"], "n": 4, "recorded": False},
            "base": {"sets": ["e"], "n": None, "recorded": True},
        },
    }
    assert Declared.parse(params).trained_on == {"a", "b", "c", "d"}


def test_a_repeated_problem_is_named():
    found = judge_problems({**SETS, "easy": change(EASY, E0, problem_id="e1")})
    assert [r["index"] for r in found["no problem occurs twice in a set"].rows] == [0, 1]


def test_a_program_needs_tests_rather_than_an_answer():
    assert not judge_problems({**SETS, "easy": change(EASY, E0, answer="", tests="[1]")})


def test_an_empty_set_and_wrong_filter_tables_are_named():
    found = judge_problems({**SETS, "hard": SETS["hard"].clear()})
    assert found["every set has problems"].rows == [{"set": "hard", "problems": 0}]
    assert "each set has as many problems as its filters say" in found
    gains = change(FILTER_TABLES, (pl.col("set") == "easy") & (pl.col("order") == 0), rows_in=1)
    assert judge_problems(filters=gains)["no filter adds problems"].rows[0]["filter"] == "a"
    torn = change(FILTER_TABLES, (pl.col("set") == "easy") & (pl.col("order") == 1), rows_in=9)
    assert set(judge_problems(filters=torn)) == {"each filter gets what the last passed on"}


def test_sets_without_filters_pass():
    assert not judge_problems(filters=FILTER_TABLES.clear())


@pytest.mark.parametrize(
    ("base", "expected", "detail"),
    [
        (change(GOOD, THIRD, seed=100), "no two samples share a random stream",
         {"shared_streams": 2, "shared_streams_at": 0}),
        (change(GOOD, THIRD, seed=None), "every drawn sample has a stream", {"no_seed_at": 2}),
        (change(GOOD, THIRD, n_tokens=0), "every drawn sample has at least one token",
         {"no_tokens_at": 2}),
        (change(GOOD, THIRD, n_tokens=None), "every drawn sample has at least one token",
         {"no_tokens_at": 2}),
        (change(GOOD, THIRD, finish_reason="bored"), "every finish reason is legal",
         {"strange_finish_at": 2}),
        (change(GOOD, THIRD, finish_reason="unknown"), "every finish reason is legal",
         {"strange_finish_at": 2}),
        (change(GOOD, THIRD, prompt_digest="z"), "all samples of a problem have the same prompt",
         {"several_prompts_at": 0}),
        (change(GOOD, THIRD, sample_index=4), "sample indices run from 0 without gaps",
         {"numbered": 5, "n": 4}),
    ],
)  # fmt: skip
def test_a_bad_sample_is_named(base, expected, detail):
    found = judge_samples(base)
    assert set(found) == {expected}
    (row,) = found[expected].rows
    assert {"draw": "base", "set": "easy", "index": 0, "problem_id": "e0", **detail}.items() <= (
        row.items()
    )


def test_a_stream_shared_between_two_draws_is_found():
    two = {"base": GOOD, "theirs": change(sample_rows("theirs", 0), pl.col("sample_index") == 1,
                                          seed=100)}  # fmt: skip
    found = judge_samples(two["base"], two["theirs"])
    rows = found["no two samples share a random stream"].rows
    assert [row["draw"] for row in rows] == ["base", "theirs"]


def test_missing_repeated_and_stray_samples_are_named():
    missing = judge_samples(GOOD.filter(~E0))
    row = missing["every problem of a draw's sets has a sample"].rows[0]
    assert (row["draw"], row["set"], row["index"]) == ("base", "easy", 0)
    short = judge_samples(GOOD.filter(~(E0 & (pl.col("sample_index") == 3))))
    row = short["every problem has as many samples as the draw says"].rows[0]
    assert (row["n"], row["wanted"]) == (3, 4)
    twice = judge_samples(change(GOOD, THIRD, sample_index=1))
    assert twice["no sample index occurs twice"].rows[0]["repeated_at"] == 1
    stray = judge_samples(change(GOOD, E0, problem_id="zz"))
    row = stray["every sample is of a problem of the draw's sets"].rows[0]
    assert (row["problem_id"], row["index"]) == ("zz", -1)


def test_imported_draws_may_differ_in_n_only_if_the_parameters_say_so():
    draws = {**DECLARED, "theirs": replace(DECLARED["theirs"], sets=("easy",))}
    rows = sample_rows("base", 0).filter(pl.col("set") == "easy")
    theirs = rows.with_columns(
        draw=pl.lit("theirs"), seed=pl.lit(None, pl.Int64), finish_reason=pl.lit("unknown")
    ).filter(~(E0 & (pl.col("sample_index") == 3)))
    for same, expected in ((False, 0), (True, 1)):
        tables = {"base": GOOD, "theirs": theirs}
        frames = samples.frames(tables, ASKED, draws, imported_same_n=same)
        found = list_failed(frames, samples.expectations(0.5))
        assert len(found) == expected


def test_truncation_and_unknown_bounds_name_the_draw():
    cut = change(GOOD, E0, finish_reason="length")
    assert not judge_samples(cut, bound=0.5)
    (row,) = judge_samples(cut, bound=0.4)["at most 40% of a draw's samples are cut off"].rows
    assert row == {"draw": "base", "set": "easy", "truncated": 0.5}
    faults = change(JUDGED, E0, verdict="unknown")
    assert not judge_verdicts(faults, bound=0.5)
    (row,) = judge_verdicts(faults, bound=0.1)["at most 10% of a draw's verdicts are unknown"].rows
    assert row == {"draw": "base", "set": "easy", "unknown": 0.5}


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (change(JUDGED, THIRD, verdict="maybe"), "every verdict is correct, wrong or unknown"),
        (change(JUDGED, THIRD, verdict="unknown", reason=""), "every unknown verdict has a reason"),
        (change(JUDGED, THIRD, answer=None), "no sample is correct without an answer"),
        (change(JUDGED, THIRD, sample_index=1), "no verdict index occurs twice"),
        (JUDGED.filter(~THIRD), "every problem has as many verdicts as the draw says"),
    ],
)
def test_a_bad_verdict_is_named(base, expected):
    found = judge_verdicts(base)
    assert (found[expected].rows[0]["draw"], found[expected].rows[0]["index"]) == ("base", 0)


def test_two_graders_in_one_draw_are_named():
    found = judge_verdicts(change(JUDGED, E0, grader="other"))
    assert set(found) == {"a draw is judged by one grader"}


PARAMS = {
    "study": "toy",
    "sets": {name: {"problems": name} for name in SETS},
    "draws": DRAWS,
    "train": {"grpo": {"set": "train"}},
    "rejection_sampling": {},
    "reference_answers": {},
    "sft": {},
    "analysis": {"views": {}, "coverage_excludes": []},
    "validation": {"truncated_at_most": 0.2, "unknown_at_most": 0.1, "imported_same_n": False},
}


def run(job):
    manifest.run(job)
    return validate.run(job)


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, frame in SETS.items():
        PROBLEMS.write(frame, paths.problem_set("toy", name))
        FILTERS.write(filter_rows(name, len(frame)), paths.filter_table("toy", name))
    for draw in DRAWS:
        SAMPLES.write(sample_rows(draw, 100), paths.samples("toy", draw))
        VERDICTS.write(verdict_rows(draw), paths.verdicts("toy", draw))
    # A stranger in a folder: read by nothing, as the parameters do not declare it.
    paths.samples("toy", "old").write_bytes(b"not a table")
    return tmp_path


@pytest.mark.parametrize("kind", ["problems", "samples", "verdicts"])
def test_stage_writes_the_same_bytes_again(study, kind):
    job = Job("validate", kind, PARAMS, "")
    path = paths.validation("toy", kind)
    assert run(job)["expectations"] >= 10
    first = path.read_bytes()
    run(job)
    assert path.read_bytes() == first
    assert str(study) not in first.decode()
    assert json.loads(first)["success"]


def test_the_result_says_what_each_filter_was_given_and_kept(study):
    run(Job("validate", "problems", PARAMS, ""))
    told = json.loads(paths.validation("toy", "problems").read_text())["filters"]
    files = pl.concat(FILTERS.read(paths.filter_table("toy", name)) for name in SETS)
    assert told == files.sort("set", "order").to_dicts()
    assert {row["set"] for row in told} == set(SETS)
    run(Job("validate", "samples", PARAMS, ""))
    assert "filters" not in json.loads(paths.validation("toy", "samples").read_text())


@pytest.mark.parametrize("by", ["rejection_sampling", "reference_answers"])
def test_a_test_set_that_was_distilled_on_stops_the_run(study, by):
    taught = problem_rows("taught", ["d0", "e1"])
    PROBLEMS.write(taught, paths.problem_set("toy", "taught"))
    FILTERS.write(filter_rows("taught", 2), paths.filter_table("toy", "taught"))
    params = PARAMS | {
        "sets": PARAMS["sets"] | {"taught": {"problems": "taught"}},
        "draws": DRAWS | {"teacher": DRAWS["base"] | {"sets": ["taught"]}},
    }
    run(Job("validate", "problems", params, ""))  # nobody learns from it yet
    source = {"rejection_sampling": {"draw": "teacher"}, "reference_answers": {"set": "taught"}}[by]
    learned = {by: {"data": source}, "sft": {"distilled": {"demonstrations": "data"}}}
    with pytest.raises(StageError, match="set=easy, index=1, problem_id=e1"):
        run(Job("validate", "problems", params | learned, ""))


def test_a_failed_expectation_stops_the_run_and_stays_readable(study):
    SAMPLES.write(change(GOOD, E0, finish_reason="length"), paths.samples("toy", "base"))
    with pytest.raises(StageError, match=r"draw=base, set=easy, truncated=0\.5") as error:
        run(Job("validate", "samples", PARAMS, ""))
    assert "max_new_tokens" in str(error.value)
    assert not paths.validation("toy", "samples").exists()
    assert not json.loads((study / ".passk/validation/toy/samples.json").read_text())["success"]


@pytest.mark.slow  # builds all of Great Expectations' pages
def test_pages_name_failing_rows_and_link_to_data_docs(study, capsys):
    SAMPLES.write(change(GOOD, E0, finish_reason="length"), paths.samples("toy", "base"))
    for kind in ("problems", "samples", "verdicts"):
        with suppress(StageError):
            run(Job("validate", kind, PARAMS, ""))
    docs.main(study="toy", folder=study / "docs")
    assert "samples: 10 of 11 expectations hold" in capsys.readouterr().out
    page = (study / "docs" / "index.html").read_text()
    assert "draw=base, set=easy, truncated=0.5" in page
    linked = study / "docs" / page.split('<a href="')[1].split('"')[0]
    assert "Validation Result" in linked.read_text()
