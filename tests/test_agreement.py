"""Imported samples: agreement with recorded grades, stated settings, what cannot apply."""

import json
from dataclasses import replace

import polars as pl
import pytest

import report_tables as made
from passk.config import paths
from passk.config.agreement_paths import agreement as agreement_path
from passk.core.schemas.agreement import AGREEMENT
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.expectations.results import SuiteResult
from passk.domains.expectations import ExpectationResult
from passk.logs.reader import LogReading, LogSummary, read
from passk.logs.stated_settings import SettingsReader
from passk.pipeline.stages import agreement
from passk.pipeline.stages.job import Job, StageError
from passk.report.entries import ReportedDraw
from passk.report.inapplicable import list_inapplicable
from passk.report.reading import GradeAgreement, ReadDraw, ReadFile, ReadSamples, UsedGrader
from passk.report.sections.reading import SECTION
from passk.report.sections.validation import tabulate_validation
from passk.sampling.engines.imported import collect_samples

# verdict, recorded grade of the samples of one problem
SAMPLES = [
    ("correct", True), ("correct", True), ("correct", False), ("wrong", True), ("wrong", True),
    ("wrong", False), ("unknown", True), ("wrong", None),
]  # fmt: skip


@pytest.fixture
def job(tmp_path, monkeypatch):
    """The stage beside a draw of the first seven of eight imported samples, and one of a model."""
    monkeypatch.chdir(tmp_path)
    numbers = range(len(SAMPLES))
    responses = pl.DataFrame({
        "problem_id": ["p"] * 8, "sample_index": numbers, "text": [""] * 8,
        "finish_reason": ["stop"] * 8, "recorded_grade": [grade for _, grade in SAMPLES],
        "n_tokens": [None] * 8, "seed": [None] * 8,
    }, schema=RESPONSES.columns)  # fmt: skip
    RESPONSES.write(responses, paths.model("t", "x/base") / "responses.parquet")
    verdicts = pl.DataFrame({
        "draw": ["base"] * 8, "set": ["x"] * 8, "problem_id": ["p"] * 8, "sample_index": numbers,
        "answer": ["1"] * 8, "verdict": [verdict for verdict, _ in SAMPLES], "reason": ["r"] * 8,
        "chain_valid": [None] * 8, "grader": ["g 1"] * 8,
    }, schema=VERDICTS.columns)  # fmt: skip
    VERDICTS.write(verdicts[:7], paths.verdicts("t", "base"))
    row = {
        "problem_id": "p", "set": "x", "index": 0, "question": "?", "answer": "1",
        "answer_type": "integer", "source": "imported: a", "domain": "math",
    }  # fmt: skip
    PROBLEMS.write(PROBLEMS.fill_nulls(pl.DataFrame([row])), paths.problems("t", "x"))
    params = {
        "study": "t",
        "draws": {
            "base": {"model": "x/base", "engine": "imported"},
            "other": {"model": "y/base", "engine": "imported"},
            "drawn": {"model": "x", "engine": "step_loop"},
        },
        "verification": {"math": {"strict": False, "timeout": 5.0}},
    }
    return Job("agreement", "x", params, "")


def test_graded_samples_with_a_verdict_are_counted_both_ways(job):
    assert agreement.run(job) == {"graded": 6.0, "different": 3.0}
    (row,) = AGREEMENT.read(agreement_path("t", "x")).to_dicts()
    assert row | {"kappa": None} == {
        "draw": "base", "grader": "g 1", "options": json.dumps({"strict": False}), "samples": 7,
        "graded": 6, "right_here": 1, "right_there": 2, "kappa": None,
    }  # fmt: skip
    # agreement 3 of 6; by chance (3 * 4 + 3 * 2) / 36
    assert row["kappa"] == pytest.approx((3 / 6 - 18 / 36) / (1 - 18 / 36))


def test_a_verdict_on_a_sample_that_was_not_imported_is_an_error(job):
    path = paths.verdicts("t", "base")
    frame = VERDICTS.read(path).with_columns(sample_index=pl.col("sample_index") + 2)
    VERDICTS.write(frame, path)
    with pytest.raises(StageError, match=r"1 verdicts are on samples that imported\.x does not"):
        agreement.run(job)


def test_an_entry_without_draws_of_its_own_has_an_empty_table(job):
    del job.params["draws"]["base"]
    assert agreement.run(job)["graded"] == 0
    assert AGREEMENT.read(agreement_path("t", "x")).is_empty()


def test_a_seed_of_somebody_elses_is_no_stream(job):
    """Of a file for each seed, all problems share the seed."""
    responses = RESPONSES.read(paths.model("t", "x/base") / "responses.parquet")
    problems = pl.DataFrame({"set": ["x"], "problem_id": ["p"], "index": [0]})
    seeded = responses.with_columns(seed=pl.lit(2, pl.Int64))
    drawn = collect_samples(seeded, problems, 4)
    assert drawn["sample_index"].to_list() == [0, 1, 2, 3]
    assert drawn["seed"].null_count() == 4


def test_settings_are_kept_once_each_and_nothing_is_made_of_null():
    settings = {}
    reader = SettingsReader(("args[0]", "top_p"), settings)
    reader.note({"args": [{"temperature": 0.0, "until": ["\n\n"], "seed": None}]})
    reader.note({"args": [{"temperature": 0.6}], "top_p": 0.9})
    reader.note({"args": [{"temperature": 0.0}]})
    assert settings == {"temperature": ["0.0", "0.6"], "until": ['["\\n\\n"]']}


def test_a_log_of_lm_eval_states_its_settings(tmp_path):
    row = {
        "doc_id": 0, "doc": {"problem": "1 + 1?"}, "target": "2", "resps": [["2"]],
        "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": {"temperature": 0.6}}},
        "filter": "none",
    }  # fmt: skip
    path = tmp_path / "samples_m_2025-03-01T10-00-00.1.jsonl"
    path.write_text(json.dumps(row) + "\n")
    summary = LogSummary()
    list(read([path], LogReading(), summary))
    assert summary.settings == {"temperature": ["0.6"]}


STATED = ReadDraw((ReadFile("f", "d", "plain"),), smallest=4, largest=4)


def imported(**changes):
    """The context of a page of one imported draw."""
    context = made.compared()
    draws = {"base": ReportedDraw(model="x/base", sets=("s",), engine="imported")}
    reading = ReadSamples({"base": replace(STATED, **changes)}, {"base": UsedGrader("g 1")})
    return replace(context, draws=draws, train={}, sft={}, reading=reading)


def suite(*names, checked=3):
    results = [
        ExpectationResult(name=name, frame="cells", success=True, checked=checked, failed=0)
        for name in names
    ]
    return SuiteResult(kind="samples", success=True, expectations=results)


STREAMS, PROMPTS = (
    "no two samples share a random stream", "all samples of a problem have the same prompt",
)  # fmt: skip
CUT, INDEX = "at most 20% of a draw's samples are cut off", "no sample index occurs twice"


def test_what_no_file_states_is_not_applicable():
    every = suite(STREAMS, PROMPTS, CUT, INDEX)
    assert list_inapplicable(every, imported()) == {STREAMS, PROMPTS, CUT}
    assert list_inapplicable(every, imported(ends_stated=3)) == {STREAMS, PROMPTS}
    assert list_inapplicable(suite(INDEX, checked=0), imported()) == {INDEX}
    assert not list_inapplicable(every, made.compared())  # nothing is imported


def test_what_is_not_applicable_is_not_ticked():
    context = replace(imported(), validation={"samples": suite(STREAMS, INDEX)})
    table = tabulate_validation(context)
    assert [str(cell[0]) for cell in table.rows[0]] == ["samples", "1 of 1", "1", "passed"]
    assert f"– not applicable: {STREAMS}; ✓ {INDEX}" in table.details[0][1]


def test_the_page_says_who_judged_and_what_is_not_stated():
    said = [sentence[0] for sentence in SECTION.sentences(imported())]
    assert said[0] == "Judged by g 1."
    assert sum("do not state" in sentence for sentence in said) == 2
    assert said[-1] == "The files hold no grades to compare these verdicts with."
    graded = imported(
        agreement=GradeAgreement(6, 1, 2, None), settings={"temperature": ["0.6"]}, ends_stated=1
    )
    assert [sentence[0] for sentence in SECTION.sentences(graded)] == ["Judged by g 1."]
    *_, settings, grades = SECTION.tables(graded)
    assert [cell[0] for cell in settings.rows[0]][1:] == ["0.6"]
    assert [str(cell[0]) for cell in grades.rows[0]][1:] == ["6", "1", "2", "undefined"]
    assert grades.rows[0][1][0].source.row == "agreement-x draw=base"
