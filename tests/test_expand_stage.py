"""The stage `expand`: exact chances of a tiny model's draw, which its samples fit."""

import json

import polars as pl
import pytest

from passk.analysis.questions.exact import LARGEST
from passk.analysis.questions.exact import QUESTION as EXACT
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.config.expansion_paths import expansions
from passk.core.schemas.expansions import EXPANSIONS
from passk.core.schemas.verdicts import VERDICTS
from passk.domains.settings import Verification
from passk.pipeline.stages import expand as stage
from passk.pipeline.stages import sample as sample_stage
from passk.pipeline.stages import verify as verify_stage
from passk.pipeline.stages.job import Job, StageError
from toy_checkpoint import QUESTIONS, job, save, write_set

DRAW = {"sets": ["one"], "max_new_tokens": 3, "top_p": 0.5, "temperature": 0.7}
VERIFICATION = Verification().model_dump(mode="json")
N = 400


def expand_job(**entry):
    given = {"model": "base", "sets": ["one"], **entry}
    params = {
        **job(n=N, **DRAW).params, "verification": VERIFICATION, "expansions": {"base": given}
    }  # fmt: skip
    return Job("expand", "base", params, "inputs")


def verify():
    params = {**job(n=N, **DRAW).params, "verification": VERIFICATION}
    verify_stage.run(Job("verify", "base", params, "inputs"))
    return VERDICTS.read(paths.verdicts("toy", "base"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A draw of four problems, whose answer is what the model says most often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("study"))
        save(paths.model("toy", "base"))
        # Many tokens end a response, so that some are whole within three tokens.
        declared = paths.model("toy", "base") / "generation_config.json"
        declared.write_text(
            json.dumps(json.loads(declared.read_text()) | {"eos_token_id": list(range(0, 256, 2))})
        )
        write_set("one", QUESTIONS[:4])
        sample_stage.run(job(n=N, **DRAW))
        answers = verify()["answer"].drop_nulls().value_counts(sort=True)
        write_set("one", QUESTIONS[:4], answer=answers["answer"][0])
        yield verify()


def test_chances_are_whole_and_samples_fit(study):
    measured = stage.run(expand_job(smallest=1e-6))
    frame = EXPANSIONS.read(expansions("toy", "base"))
    assert frame.height == 4
    assert frame["unexpanded"].max() == measured["unexpanded"] < 1e-3
    counts = study.group_by("problem_id").agg(c=(pl.col("verdict") == "correct").sum())
    joined = frame.join(counts, on="problem_id")
    assert joined["right"].max() > 0.01
    for right, c in joined["right", "c"].rows():
        assert abs(c - N * right) <= 5 * (N * right * (1 - right)) ** 0.5 + 1e-9
    for row in frame.iter_rows(named=True):
        assert row["chances"] == sorted(row["chances"], reverse=True)
        assert len(row["texts"]) == len(row["verdicts"]) == min(12, row["responses"])


def test_it_gives_the_same_bytes_again(study):
    stage.run(expand_job())
    first = expansions("toy", "base").read_bytes()
    stage.run(expand_job())
    assert expansions("toy", "base").read_bytes() == first


def test_samples_that_do_not_fit_stop_the_stage(study):
    path = paths.verdicts("toy", "base")
    content = path.read_bytes()
    VERDICTS.write(study.with_columns(verdict=pl.lit("correct")), path)
    with pytest.raises(StageError, match=r"expansions.base: the samples do not fit .* exact 0\."):
        stage.run(expand_job())
    path.write_bytes(content)


def test_a_tree_that_is_too_large_is_named(study):
    with pytest.raises(StageError, match=r"problem .*: the tree has more than 20 tokens; raise"):
        stage.run(expand_job(most=20))


def test_curves_are_exact_and_end_at_their_limit():
    frame = pl.DataFrame(
        {
            "draw": ["a"] * 3, "set": ["s"] * 3, "problem_id": ["x", "y", "z"],
            "right": [0.5, 1e-6, 0.0], "valid": [0.25, 0.0, 0.0], "unexpanded": [0.0, 0.0, 1e-7],
        }
    )  # fmt: skip
    inputs = QuestionInputs(Analysis(questions={}, k=[1, 3]), 1, expansions=frame)
    rows = EXACT.table.check(EXACT.answer(inputs))
    by_k = {row["k"]: row for row in rows.iter_rows(named=True)}
    assert by_k[1]["pass_at_k"] == pytest.approx((0.5 + 1e-6) / 3)
    assert by_k[3]["valid_pass_at_k"] == pytest.approx((1 - 0.75**3) / 3)
    assert by_k[LARGEST]["pass_at_k"] < by_k[1]["limit"] == pytest.approx(2 / 3)
    assert by_k[LARGEST]["high"] > by_k[LARGEST]["pass_at_k"]
