"""Demonstrations: chosen by verdict, in order, the same bytes each time; faults are named."""

import copy

import polars as pl
import pytest
from pydantic import ValidationError
from tests.conftest import ROOT

from passk.config import paths
from passk.config.study import validate
from passk.core.schemas.demonstrations import DEMONSTRATIONS
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.core.yaml_files import ParameterError, read
from passk.data.demonstration_settings import Answers, Selection
from passk.pipeline.stages import reference_answers, rejection_sampling
from passk.pipeline.stages.job import Job, StageError

SELECTION = {
    "draw": "teacher", "verdicts": ["correct"], "distinct": False, "per_problem": None,
    "longest": None,
}  # fmt: skip


def problem_rows(name, ids, **changes):
    """Problems of a set; those of one id are equal, whatever the set."""
    frame = pl.DataFrame(
        [
            dict.fromkeys(PROBLEMS.columns)
            | {"problem_id": i, "domain": "math", "set": name, "index": place, "answer": f"{i}!",
               "question": f"{i}?", "answer_type": "text", "source": "toy"}
            | changes
            for place, i in enumerate(ids)
        ],
        schema=dict(PROBLEMS.columns),
    )  # fmt: skip
    PROBLEMS.write(frame, paths.problem_set("s", name))


def drawn(rows, cut=()):
    """Samples and verdicts of a draw from (set, problem, index, text, verdict)."""
    names = ["set", "problem_id", "sample_index", "text", "verdict"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(draw=pl.lit("teacher"))
    reason = pl.when(pl.col("text").is_in(list(cut))).then(pl.lit("length"))
    made = {"finish_reason": reason.otherwise(pl.lit("stop")), "reason": pl.lit("r"),
            "grader": pl.lit("g")}  # fmt: skip
    full = frame.with_columns(**made)
    for table, path in (
        (SAMPLES, paths.samples("s", "teacher")),
        (VERDICTS, paths.verdicts("s", "teacher")),
    ):
        absent = [name for name in table.columns if name not in full.columns]
        empty = [pl.lit(None).cast(table.columns[name]).alias(name) for name in absent]
        table.write(full.with_columns(empty), path)


ROWS = [
    ("one", "a", 0, "x", "wrong"),
    ("one", "a", 1, "y", "correct"),
    ("one", "a", 2, "y", "correct"),
    ("one", "a", 3, "long", "correct"),
    ("one", "b", 0, "v", "unknown"),
    ("one", "b", 1, "w", "correct"),
]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    problem_rows("one", ["a", "b"])
    drawn(ROWS)


def select(sets=("one",), **changes):
    """Run the stage; its table and what it returned."""
    params = {
        "study": "s",
        "rejection_sampling": {"good": SELECTION | changes},
        "draws": {"teacher": {"sets": list(sets)}},
    }
    metrics = rejection_sampling.run(Job("rejection_sampling", "good", params, ""))
    return DEMONSTRATIONS.read(paths.demonstrations("s", "good")), metrics


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, ["a1", "a2", "a3", "b1"]),
        ({"distinct": True}, ["a1", "a3", "b1"]),
        ({"per_problem": 2}, ["a1", "a2", "b1"]),
        ({"per_problem": 2, "distinct": True}, ["a1", "a3", "b1"]),
        ({"longest": 3}, ["a1", "a2", "b1"]),
        ({"longest": 4}, ["a1", "a2", "a3", "b1"]),
        ({"verdicts": ["wrong", "unknown"]}, ["a0", "b0"]),
        ({"verdicts": ["correct", "wrong", "unknown"], "per_problem": 1}, ["a0", "b0"]),
    ],
)
@pytest.mark.usefixtures("study")
def test_samples_are_taken_by_verdict_the_first_of_each_problem(changes, kept):
    found, metrics = select(**changes)
    names = (found["problem_id"] + found["sample_index"].cast(pl.String)).to_list()
    assert names == kept
    assert metrics["demonstrations"] == len(kept)
    assert set(found["source"]) == {"teacher"}
    texts = {f"{p}{i}": text for _, p, i, text, _ in ROWS}
    assert found["response"].to_list() == [texts[name] for name in names]
    assert found["question"].to_list() == [f"{name[0]}?" for name in names]


@pytest.mark.usefixtures("study")
def test_the_same_samples_give_the_same_bytes_in_whatever_order():
    select(distinct=True)
    path = paths.demonstrations("s", "good")
    first = path.read_bytes()
    drawn(ROWS[::-1])
    select(distinct=True)
    assert path.read_bytes() == first


@pytest.mark.usefixtures("study")
def test_a_response_that_was_cut_has_no_end_to_learn():
    drawn(ROWS, cut=["v", "long"])
    found, _ = select(verdicts=["correct", "unknown"])
    assert found["response"].to_list() == ["y", "y", "w"]


@pytest.mark.usefixtures("study")
def test_a_problem_of_two_sets_counts_once():
    problem_rows("two", ["b", "c"])
    more = [("two", "b", 0, "w", "correct"), ("two", "c", 0, "u", "correct")]
    drawn([*ROWS, *more])
    found, metrics = select(["one", "two"])
    assert found.filter(pl.col("problem_id") == "b").height == 1
    assert metrics["problems"] == 3


@pytest.mark.usefixtures("study")
def test_problems_without_a_demonstration_are_counted():
    _, metrics = select(verdicts=["wrong"])
    assert metrics == {"demonstrations": 1.0, "problems": 1.0, "problems_without": 1.0}


@pytest.mark.usefixtures("study")
def test_nothing_left_is_an_error_that_says_what_there_was():
    drawn([row for row in ROWS if row[4] != "correct"])
    with pytest.raises(
        StageError, match=r"rejection_sampling\.good: no response .*1 wrong.*draws\.teacher\.n"
    ):
        select()
    assert not paths.demonstrations("s", "good").exists()


@pytest.mark.usefixtures("study")
def test_samples_without_verdict_or_problem_and_pictures_are_refused():
    verdicts = VERDICTS.read(paths.verdicts("s", "teacher"))
    VERDICTS.write(verdicts.head(3), paths.verdicts("s", "teacher"))
    with pytest.raises(StageError, match=r"3 samples .* have no verdict.*'problem_id': 'a'"):
        select()
    VERDICTS.write(verdicts, paths.verdicts("s", "teacher"))
    problem_rows("one", ["a"])
    with pytest.raises(StageError, match=r"no problem in the draw's sets.*'b'"):
        select()
    problem_rows("one", ["a", "b"], image="digest")
    with pytest.raises(StageError, match="image"):
        select()


def answers(**changes):
    entry = {"set": "one", "pattern": r" \boxed{{answer}}"} | changes
    params = {"study": "s", "reference_answers": {"short": entry}}
    metrics = reference_answers.run(Job("reference_answers", "short", params, ""))
    return DEMONSTRATIONS.read(paths.demonstrations("s", "short")), metrics


@pytest.mark.usefixtures("study")
def test_answers_are_put_into_the_pattern():
    found, metrics = answers()
    assert found["response"].to_list() == [r" \boxed{a!}", r" \boxed{b!}"]
    assert found["sample_index"].to_list() == [None, None]
    assert set(found["source"]) == {"answers"}
    assert metrics == {"demonstrations": 2.0}


@pytest.mark.usefixtures("study")
def test_a_problem_without_an_answer_is_named():
    problem_rows("one", ["a"], answer=" ", tests="[1]")
    with pytest.raises(StageError, match=r"answers\.short\.set = 'one': 1 problems.*first a"):
        answers()
    problem_rows("one", [])
    with pytest.raises(StageError, match="empty"):
        answers()


@pytest.mark.parametrize(
    "change",
    [{"verdicts": []}, {"verdicts": ["right"]}, {"verdicts": ["wrong", "wrong"]},
     {"per_problem": 0}, {"n": 3}],
)  # fmt: skip
def test_an_illegal_selection_is_refused(change):
    with pytest.raises(ValidationError):
        Selection.model_validate(SELECTION | change)


@pytest.mark.parametrize("pattern", ["", "answer", "{answer} {answer}"])
def test_a_pattern_without_place_for_the_answer_is_refused(pattern):
    with pytest.raises(ValidationError, match="once"):
        Answers.model_validate({"set": "one", "pattern": pattern})


ARM = {
    "start": "base", "demonstrations": "good", "template": "plain", "train_seed": 0, "steps": 4,
    "batch": 2, "learning_rate": 1e-3, "schedule": "constant", "warmup_steps": 0,
    "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.99, "adam_eps": 1e-8,
    "max_grad_norm": 1.0, "gradient_accumulation": 1, "gradient_checkpointing": False,
    "precision": "float32", "lora": None, "resume_every": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def values():
    """The default study with one of each section on fine-tuning."""
    params = read(ROOT / "params.yaml")
    params["rejection_sampling"] = {"good": SELECTION | {"draw": "base"}}
    params["reference_answers"] = {"short": {"set": "train", "pattern": "{answer}"}}
    params["sft"] = {"tuned": ARM, "brief": ARM | {"demonstrations": "short"}}
    # One RL arm and its draws suffice; what the default study says beyond them is left out.
    params["train"] = {"grpo": params["train"]["grpo"]}
    params["draws"] = {name: params["draws"][name] for name in ("base", "grpo")}
    params["scores"], params["expansions"] = {}, {}
    params["analysis"] |= {
        "questions": {"pass_at_k": "counts"},
        "comparisons": {"grpo": params["analysis"]["comparisons"]["grpo"]},
        "groups": {},
    }
    params["headline"] = {"math": params["headline"]["math"]}
    params["examples"] = {}
    params["report"] |= {"comparisons": [], "panels": {}, "claims": {}, "counterparts": {}}
    return params


def changed(values, **at):
    """The parameters with dotted keys (__ for the dot) set."""
    params = copy.deepcopy(values)
    for key, value in at.items():
        *parents, last = key.split("__")
        node = params
        for part in parents:
            node = node[part]
        node[last] = value
    return params


def test_fine_tuned_models_stand_wherever_a_model_may(values):
    draw = values["draws"]["base"] | {"model": "tuned"}
    study = changed(
        values, sft__brief__start="grpo/step-90", train__grpo__start="tuned", draws__other=draw
    )
    assert validate(study).sft["brief"].start == "grpo/step-90"


FAULTS = {
    "start": ({"sft__tuned__start": "bse"}, ["sft.tuned.start", "did you mean 'base'"]),
    "data": ({"sft__tuned__demonstrations": "goood"}, ["did you mean 'good'", "short"]),
    "template": ({"sft__tuned__template": "plan"}, ["did you mean 'plain'"]),
    "draw": (
        {"rejection_sampling__good__draw": "bass"},
        ["rejection_sampling.good.draw", "did you mean 'base'"],
    ),
    "set": (
        {"reference_answers__short__set": "trane"},
        ["reference_answers.short.set", "did you mean 'train"],
    ),
    "batch": ({"sft__tuned__gradient_accumulation": 3}, ["sft.tuned", "not divisible"]),
    "model's name": ({"sft__grpo": ARM}, ["sft.grpo: another model has that name"]),
    "data's name": (
        {"reference_answers__good": {"set": "train", "pattern": "{answer}"}},
        ["reference_answers.good", "choose"],
    ),
    "itself": ({"sft__tuned__start": "tuned"}, ["sft.tuned: trained from itself", "tuned from"]),
    "each other": (
        {"sft__tuned__start": "grpo/step-90", "train__grpo__start": "tuned"},
        ["trained from itself", "grpo", "tuned"],
    ),
    "its own samples": ({"draws__base__model": "tuned"}, ["sft.tuned: trained from itself"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_parameters_is_named(values, fault):
    change, words = FAULTS[fault]
    with pytest.raises(ParameterError) as caught:
        validate(changed(values, **change))
    for word in words:
        assert word in str(caught.value)
