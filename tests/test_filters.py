"""Filters keep what they name, count what goes and say why; the stages write both tables."""

import datetime

import polars as pl
import pytest
from pydantic import ValidationError

from passk.config import paths
from passk.core.schemas.problems import FILTERS as FILTER_TABLE
from passk.core.schemas.problems import PROBLEMS
from passk.data.filter_settings import SetEntry
from passk.data.filters import FILTERS, apply_filters
from passk.data.problem_filters import AnswerType, Drop, First, FreeForm
from passk.data.selection_filters import Distinct, Length, Listed, Split, Where
from passk.domains.world_settings import WorldSet
from passk.pipeline.stages import filter as filter_stage
from passk.pipeline.stages import problems as problems_stage
from passk.pipeline.stages.job import Job, StageError

FRAME = pl.DataFrame(
    {
        "problem_id": ["a", "b", "c", "d"],
        "index": [0, 1, 2, 3],
        "choices": [None, [], ["1", "2"], None],
        "answer_type": ["integer", "text", "integer", "float"],
        "date": ["2024-08-01", None, "2025-01-31", "2025-02-01"],
        "image": [None, "digest", None, None],
        "tags": [["level-1"], None, ["level-2", "x"], []],
    },
    schema_overrides={"choices": pl.List(pl.String)},
)


@pytest.mark.parametrize(
    ("name", "options", "kept"),
    [
        ("free_form", {}, [0, 1, 3]),
        ("answer_type", {"types": ["integer"]}, [0, 2]),
        ("image_present", {}, [1]),
        ("tagged", {"tags": ["level-1", "x"]}, [0, 2]),
        ("untagged", {"tags": ["level-1", "x"]}, [1, 3]),
        ("drop", {"problem_ids": ["a"], "indices": [3]}, [1, 2]),
        ("first", {"rows": 2}, [0, 1]),
        ("first", {"rows": 9}, [0, 1, 2, 3]),
        (
            "date_window",
            {"first": datetime.date(2024, 8, 1), "last": datetime.date(2025, 1, 31)},
            [0, 2],
        ),
        ("date_window", {"first": None, "last": None}, [0, 2, 3]),
    ],
)
def test_each_filter_keeps_what_it_names(name, options, kept):
    frame, table = apply_filters(FRAME, [FILTERS[name].model_construct(**options)])
    assert frame["index"].to_list() == kept
    assert table.row(0)[:4] == (0, name, 4, len(kept))
    assert table["reason"][0]


def test_filters_apply_in_order_and_their_counts_chain():
    filters = [FreeForm(), AnswerType(types=["integer"]), FreeForm()]
    frame, table = apply_filters(FRAME, filters)
    assert frame["index"].to_list() == [0]
    assert table["rows_in"].to_list() == [4, 3, 1]
    assert table["rows_out"].to_list() == [3, 1, 1]


def test_first_counts_those_that_are_left():
    frame, table = apply_filters(FRAME, [AnswerType(types=["integer"]), First(rows=1)])
    assert frame["index"].to_list() == [0]
    frame, _ = apply_filters(FRAME, [Drop(indices=[0]), First(rows=2)])
    assert frame["index"].to_list() == [1, 2]
    assert table["reason"].to_list()[1] == "beyond the first 1"


def test_no_filter_keeps_all():
    frame, table = apply_filters(FRAME, [])
    assert frame.equals(FRAME)
    assert table.height == 0


def test_dropping_a_problem_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"indices.*\[7\]"):
        apply_filters(FRAME, [Drop(indices=[7])])


ASKED = FRAME.with_columns(
    question=pl.Series(["one two", "three", "one two", "four five six"]),
    answer=pl.Series(["1", "22", "1", "4444"]),
    source=pl.Series(["A: x/1", "A: x/2", "A: x/3", "A: x: 4"]),
    starter_code=pl.lit(None, pl.String),
    problem_id=pl.Series(["a", "b", "a", "d"]),
)


@pytest.mark.parametrize(
    ("chosen", "kept", "reason"),
    [
        (Length(most=7), [0, 1, 2], "question does not have at most 7 characters"),
        (Length(unit="words", least=2), [0, 2, 3], "question does not have at least 2 words"),
        (Length(of="answer", least=2, most=3), [1], "answer does not have at least 2 and at most"),
        (Length(of="starter_code", most=9), [], "starter_code does not have"),
        (Listed(names=["x/2", "x: 4"], indices=[0]), [0, 1, 3], "not listed"),
        (Listed(names=["d"]), [3], "not listed"),
        (Distinct(), [0, 1, 3], "asks what an earlier problem asks"),
        (Where(sql="index < 2 AND source LIKE '%/1'"), [0], "not (index < 2 AND source LIKE"),
        (Where(sql="date >= '2025-01-31'", reason="too old"), [2, 3], "too old"),
        (Where(sql="array_contains(tags, 'x')"), [2], "not (array_contains"),
    ],
)
def test_selections_keep_what_they_name_and_say_why(chosen, kept, reason):
    frame, table = apply_filters(ASKED, [chosen])
    assert frame["index"].to_list() == kept
    assert table["reason"][0].startswith(reason)


def test_a_list_and_a_predicate_may_stand_in_files(tmp_path):
    names = tmp_path / "hard.txt"
    names.write_text("# the hard ones\nx/1\n\nb  # by id\n")
    assert apply_filters(ASKED, [Listed(file=str(names))])[0]["index"].to_list() == [0, 1]
    predicate = tmp_path / "long.sql"
    predicate.write_text("length(question) > 7\n")
    assert apply_filters(ASKED, [Where(file=str(predicate))])[0]["index"].to_list() == [3]
    names.write_text("x/9\n")
    with pytest.raises(ValueError, match=r"filter listed, names: no such problem \['x/9'\]"):
        apply_filters(ASKED, [Listed(file=str(names))])
    with pytest.raises(ValueError, match=r"none\.txt is not readable"):
        apply_filters(ASKED, [Listed(file=str(tmp_path / "none.txt"))])


def test_a_split_has_two_parts_that_no_order_changes():
    ids = [f"p{number}" for number in range(100)]
    frame = pl.DataFrame({"problem_id": ids, "index": range(100)})
    first, rest = (
        set(apply_filters(frame, [Split(rows=70, part=part)])[0]["problem_id"])
        for part in ("first", "rest")
    )
    assert (len(first), len(rest), first | rest) == (70, 30, set(ids))
    turned = apply_filters(frame[::-1], [Split(rows=70, part="first")])[0]
    assert set(turned["problem_id"]) == first
    other = apply_filters(frame, [Split(rows=70, part="first", seed=1)])[0]
    assert set(other["problem_id"]) != first
    with pytest.raises(ValueError, match="legal: below 100"):
        apply_filters(frame, [Split(rows=100, part="first")])


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("level = 1", "does not fit the problems .*columns: problem_id, domain"),
        ("index", "write a predicate"),
        ("image_bytes IS NULL", "does not fit"),
        ("question IN (SELECT 1)", "does not fit"),
    ],
)
def test_a_predicate_that_does_not_fit_is_refused(sql, message):
    with pytest.raises(ValueError, match=message):
        apply_filters(ASKED, [Where(sql=sql)])


def test_every_filter_has_parameters_and_every_parameter_a_filter():
    kinds = SetEntry.model_json_schema()["properties"]["filters"]["items"]["discriminator"]
    assert set(kinds["mapping"]) == set(FILTERS)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "free_from"},
        {"kind": "answer_type", "types": []},
        {"kind": "drop", "index": [1]},
        {"kind": "first", "rows": 0},
        {"kind": "length"},
        {"kind": "length", "least": 5, "most": 4},
        {"kind": "listed"},
        {"kind": "split", "rows": 5},
        {"kind": "where"},
        {"kind": "where", "sql": "index < 1; DROP TABLE x"},
        {"kind": "where", "sql": "read_csv('/etc/passwd')"},
        {"kind": "where", "sql": "index < 1", "file": "x.sql"},
        {"kind": "date_window", "first": "yesterday"},
    ],
)
def test_an_illegal_filter_is_refused(entry):
    with pytest.raises(ValidationError):
        SetEntry.model_validate({"problems": "x", "filters": [entry]})


WORLD_SET = {
    "world": "digits", "split": "hard", "families": ["nested", "undo"], "levels": [3, 4],
    "skew": 0.0, "size": 10,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [("world", "letters"), ("split", "dev"), ("families", ["cubes"]), ("levels", [5]), ("size", 0)],
)
def test_an_illegal_set_is_refused_with_what_is_legal(key, value):
    with pytest.raises(ValidationError, match=r"legal|greater"):
        WorldSet.model_validate(WORLD_SET | {key: value})


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = Job("problems", "hard", {"study": "s", "seed": 3, "worlds": {"hard": WORLD_SET}}, "x")
    assert problems_stage.run(job) == {"problems": 10.0}
    return "s"


def _filter(study, filters):
    entry = {"problems": "hard", "filters": filters}
    return Job("filter", "few", {"study": study, "sets": {"few": entry}}, "x")


def test_the_stages_write_problems_sets_and_what_went(study):
    before = PROBLEMS.read(paths.problems(study, "hard"))
    assert before["tags"].to_list()[0][1] == "level-3"
    metrics = filter_stage.run(_filter(study, [{"kind": "drop", "indices": [4]}]))
    after = PROBLEMS.read(paths.problem_set(study, "few"))
    assert metrics == {"rows_in": 10.0, "rows_out": 9.0}
    # Index and id stay those of the source: coverage tables list them.
    assert after["index"].to_list() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert set(after["problem_id"]) < set(before["problem_id"])
    assert set(after["set"]) == {"few"}
    table = FILTER_TABLE.read(paths.filter_table(study, "few"))
    assert table.select("set", "rows_in", "rows_out").row(0) == ("few", 10, 9)


def test_the_problems_stage_writes_the_same_bytes_twice(study):
    path = paths.problems(study, "hard")
    first = path.read_bytes()
    problems_stage.run(
        Job("problems", "hard", {"study": "s", "seed": 3, "worlds": {"hard": WORLD_SET}}, "y")
    )
    assert path.read_bytes() == first


def test_a_set_without_problems_is_an_error_and_writes_nothing(study):
    with pytest.raises(StageError, match="no problem"):
        filter_stage.run(_filter(study, [{"kind": "image_present"}]))
    assert not paths.problem_set(study, "few").exists()
