"""Scoring: log-probabilities of given responses, and the stage that keeps them."""

import json
import math
import shutil

import numpy as np
import polars as pl
import pytest
import torch
from transformers import (
    AutoTokenizer,
    Gemma2Config,
    Gemma2ForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from passk.config import paths
from passk.config.score_paths import SCORED_BLOCKS, scores
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.scores import SCORES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages import sample as sample_stage
from passk.pipeline.stages import score as score_stage
from passk.pipeline.stages.job import Job, StageError
from passk.sampling import teacher_forcing
from passk.sampling.checkpoint import CheckpointError
from passk.sampling.engines.registry import ENGINES
from passk.sampling.scoring import (
    GivenResponse,
    ScoringError,
    perplexity,
    sum_logprobs,
)
from passk.sampling.scoring_settings import Score
from passk.sampling.teacher_forcing import score_responses
from toy_checkpoint import QUESTIONS, job, save, uneven_qwen2, write_set


def given(prompt, response):
    return GivenResponse(tuple(prompt), np.asarray(response, np.int32))


def responses(count=24, vocabulary=300, longest=30):
    """Responses of all lengths from 1 behind prompts of several lengths."""
    random = np.random.default_rng(1)
    return [
        given(
            random.integers(1, vocabulary, 2 + i % 5).tolist(),
            random.integers(1, vocabulary, 1 + i % longest),
        )
        for i in range(count)
    ]


def reference(model, one):
    """Log-probabilities by one plain pass over one response alone, in double precision."""
    ids = torch.tensor([[*one.prompt_ids, *one.response_ids.tolist()]])
    with torch.no_grad():
        logs = model.double()(input_ids=ids).logits[0].log_softmax(-1)
    start = len(one.prompt_ids)
    return logs[torch.arange(start - 1, one.length - 1), ids[0, start:]].numpy()


@pytest.fixture(scope="module")
def model():
    return uneven_qwen2()


def test_numbers_are_those_of_a_plain_pass_in_double_precision(model):
    asked = responses()
    scored = dict(score_responses(model, asked))
    assert sorted(scored) == list(range(len(asked)))
    exact = uneven_qwen2()
    for place, one in enumerate(asked):
        assert scored[place].dtype == np.float32
        np.testing.assert_allclose(scored[place], reference(exact, one), atol=1e-4)


def test_a_responses_bytes_do_not_depend_on_its_company(model, monkeypatch):
    asked = responses(40)
    monkeypatch.setattr(teacher_forcing, "_WINDOW", 500)
    together = dict(score_responses(model, asked))
    order = np.random.default_rng(2).permutation(len(asked)).tolist()
    turned = dict(score_responses(model, [asked[i] for i in order]))
    for place, one in enumerate(asked):
        ((_, alone),) = score_responses(model, [one])
        assert together[place].tobytes() == alone.tobytes()
        assert turned[order.index(place)].tobytes() == alone.tobytes()


def windowed(**changes):
    """A Mistral that sees 16 tokens back."""
    torch.manual_seed(0)
    return MistralForCausalLM(
        MistralConfig(
            vocab_size=300, hidden_size=32, num_hidden_layers=2, intermediate_size=48,
            num_attention_heads=4, num_key_value_heads=2, sliding_window=16, **changes,
        )
    ).eval()  # fmt: skip


def capped():
    """A Gemma2: windows in every second layer, logits that are capped."""
    torch.manual_seed(0)
    return Gemma2ForCausalLM(
        Gemma2Config(
            vocab_size=300, hidden_size=32, num_hidden_layers=2, intermediate_size=48,
            num_attention_heads=4, num_key_value_heads=2, head_dim=8, sliding_window=16,
        )
    ).eval()  # fmt: skip


@pytest.mark.parametrize("make", [uneven_qwen2, windowed, capped])
def test_long_sequences_run_in_pieces_to_the_same_numbers(make, monkeypatch):
    model = make(max_position_embeddings=256) if make is uneven_qwen2 else make()
    asked = [given([1, 2, 3], range(1, 180)), given([7] * 60, range(1, 90)), given([1], [2])]
    whole = dict(score_responses(model, asked))
    monkeypatch.setattr(teacher_forcing, "_MOST_POSITIONS", 32)
    pieces = dict(score_responses(model, asked))
    for place, one in enumerate(asked):
        np.testing.assert_allclose(pieces[place], whole[place], atol=2e-4)
        np.testing.assert_allclose(whole[place], reference(make_again(make), one), atol=2e-4)


def make_again(make):
    return make(max_position_embeddings=256) if make is uneven_qwen2 else make()


def test_an_empty_response_has_no_numbers_and_progress_tells_all(model):
    told = []
    asked = [given([1], []), given([1, 2], [3, 4])]
    scored = dict(score_responses(model, asked, told.append))
    assert [len(scored[0]), len(scored[1]), sum(told)] == [0, 2, 2]
    assert perplexity(sum_logprobs(scored[0]), 0) is None


def test_perplexity_is_at_least_one_and_overflows_to_infinity():
    assert perplexity(0.0, 3) == 1.0
    assert perplexity(-6.0, 3) == pytest.approx(math.e**2)
    assert perplexity(-math.inf, 3) == math.inf
    assert perplexity(-1e9, 1) == math.inf


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (given([], [1]), "response 1 has no prompt tokens"),
        (given([1] * 40, [1] * 25), "response 1: 40 prompt tokens and 25 of the response exceed"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_work(model, one, message):
    with pytest.raises(ScoringError, match=message):
        next(score_responses(model, [given([1], [2]), one]))


@pytest.mark.parametrize("which", ["half", "large"])
def test_half_precision_and_large_models_run_each_response_alone(which, monkeypatch):
    model = uneven_qwen2().bfloat16() if which == "half" else uneven_qwen2()
    monkeypatch.setattr(teacher_forcing, "_SMALL", 0)
    asked = responses(12)
    together = dict(score_responses(model, asked))
    for place, one in enumerate(asked):
        ((_, alone),) = score_responses(model, [one])
        assert together[place].tobytes() == alone.tobytes()
    if which == "large":
        exact = uneven_qwen2()
        for place, one in enumerate(asked):
            np.testing.assert_allclose(together[place], reference(exact, one), atol=1e-4)


# --------------------------------------------------------------------------------- the stage


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "base"
    save(folder)
    return folder


VERDICTS_IN_TURN = ("correct", "wrong", "wrong", "unknown")


@pytest.fixture
def study(tmp_path, monkeypatch, checkpoint):
    """A draw of 7 problems, 20 responses each, with verdicts in turn."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(checkpoint, paths.model("toy", "base"))
    write_set("one", QUESTIONS[:4])
    write_set("two", QUESTIONS[4:7])
    sample_stage.run(job(keep_token_logprobs=True))
    rows = SAMPLES.read(paths.samples("toy", "base"), ["set", "problem_id", "sample_index"])
    verdicts = [VERDICTS_IN_TURN[i % 4] for i in rows["sample_index"]]
    columns = {
        "draw": "base", "answer": None, "reason": "", "chain_valid": None, "grader": "toy"
    }  # fmt: skip
    frame = rows.with_columns(
        pl.Series("verdict", verdicts), *(pl.lit(v).alias(k) for k, v in columns.items())
    )
    VERDICTS.write(frame, paths.verdicts("toy", "base"))
    return tmp_path


def score_job(name="own", **changes):
    entry = {"model": "base", "draw": "base", **changes}
    params = {**job(keep_token_logprobs=True).params, "scores": {name: entry}}
    return Job("score", name, params, "inputs")


def table(name="own"):
    return SCORES.read(scores("toy", name))


def test_a_model_finds_its_own_samples_as_likely_as_when_it_drew_them(study):
    measured = score_stage.run(score_job(keep_token_logprobs=True))
    assert (measured["responses"], measured["scored"], measured["reused"]) == (140, 140, 0)
    drawn = SAMPLES.read(paths.samples("toy", "base"))
    joined = table().join(drawn, on=["set", "problem_id", "sample_index"], suffix="_drawn")
    assert joined.height == 140
    assert joined["n_tokens"].to_list() == joined["n_tokens_drawn"].to_list()
    off = (joined["sum_logprob"] - joined["sum_logprob_drawn"]).abs().max()
    assert off < 1e-3
    for ours, theirs in joined["token_logprobs", "token_logprobs_drawn"].rows():
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    for total, tokens, value in joined["sum_logprob", "n_tokens", "perplexity"].rows():
        assert value == pytest.approx(math.exp(-total / tokens))


def test_a_second_run_scores_nothing_and_a_lost_block_alone_to_the_same_bytes(study):
    score_stage.run(score_job())
    first = scores("toy", "own").read_bytes()
    assert score_stage.run(score_job())["scored"] == 0
    blocks = sorted(path for path in SCORED_BLOCKS.rglob("*") if path.is_file())
    assert len(blocks) == 7 * 3  # 20 responses a problem, 8 a block
    blocks[4].unlink()
    blocks[9].write_bytes(b"damaged")
    measured = score_stage.run(score_job())
    assert 0 < measured["scored"] <= 16
    assert measured["damaged_blocks"] == 1
    assert scores("toy", "own").read_bytes() == first


def test_blocks_of_the_same_responses_are_scored_once_and_all_have_their_numbers(study):
    sure = {"temperature": 1e-3, "keep_token_logprobs": True}
    sample_stage.run(job(**sure))  # the twenty responses to most problems are all alike
    job_ = score_job()
    alike = Job("score", "own", {**job_.params, "draws": job(**sure).params["draws"]}, "inputs")
    measured = score_stage.run(alike)
    assert measured["responses"] == measured["scored"] == 140
    frame = table()
    distinct = frame.group_by("problem_id").agg(pl.col("sum_logprob").n_unique())["sum_logprob"]
    assert (distinct == 1).sum() >= 5
    assert score_stage.run(alike)["reused"] == 140
    assert table().equals(frame)


def test_a_kill_keeps_finished_blocks(study, monkeypatch):
    monkeypatch.setattr(teacher_forcing, "_WINDOW", 1000)
    scoring = ENGINES["step_loop"].scores

    class Dying(scoring.load):
        def score(self, responses, progress):
            for number, one in enumerate(super().score(responses, progress)):
                if number == 100:
                    raise KeyboardInterrupt
                yield one

    with monkeypatch.context() as patch:
        patch.setattr(score_stage, "_scoring", lambda _: type(scoring)(scoring.version, Dying))
        with pytest.raises(KeyboardInterrupt):
            score_stage.run(score_job())
    measured = score_stage.run(score_job())
    assert 60 < measured["reused"] <= 100
    assert measured["scored"] == 140 - measured["reused"]


def test_chosen_responses_are_the_same_for_every_name_and_grow(study):
    score_stage.run(score_job("few", per_problem=3))
    score_stage.run(score_job("other", per_problem=3, keep_token_logprobs=True))
    score_stage.run(score_job("more", per_problem=9))
    key = ["set", "problem_id", "sample_index"]
    few, other, more = (table(name)[key] for name in ("few", "other", "more"))
    assert few.equals(other)
    assert few.group_by("set", "problem_id").len()["len"].to_list() == [3] * 7
    assert few.join(more, on=key, how="anti").is_empty()
    assert more.height == 63
    assert few["sample_index"].n_unique() > 3  # no problem's first ones


def test_right_and_wrong_are_taken_in_like_numbers(study):
    score_stage.run(
        score_job("matched", verdicts=["correct", "wrong"], per_problem=4, by_verdict=True)
    )
    counted = table("matched").group_by("problem_id", "verdict").len()
    assert set(counted["verdict"]) == {"correct", "wrong"}
    assert counted["len"].to_list() == [4] * 14


def test_texts_are_encoded_anew_without_an_end(study):
    score_stage.run(score_job("text", tokens="text"))
    tokenizer = AutoTokenizer.from_pretrained(paths.model("toy", "base"))
    drawn = SAMPLES.read(paths.samples("toy", "base"), ["sample_index", "problem_id", "text"])
    joined = table("text").join(drawn, on=["problem_id", "sample_index"])
    for text, tokens, value in joined["text", "n_tokens", "perplexity"].rows():
        assert tokens == len(tokenizer.encode(text, add_special_tokens=False))
        assert (value is None) == (tokens == 0)


def test_token_ids_of_another_tokenizer_and_missing_ones_are_refused(study):
    path = paths.samples("toy", "base")
    frame = SAMPLES.read(path)
    moved = pl.col("token_ids").list.eval((pl.element() + 7) % 260)
    SAMPLES.write(frame.with_columns(moved), path)
    with pytest.raises(StageError, match=r"scores\.own: set 'one'.*not its text.*tokens to text"):
        score_stage.run(score_job())
    none = pl.lit(None, SAMPLES.columns["token_ids"]).alias("token_ids")
    SAMPLES.write(frame.with_columns(none), path)
    with pytest.raises(StageError, match=r"has no token ids; set scores\.own\.tokens to text"):
        score_stage.run(score_job())


def test_damaged_weights_are_named(study):
    (weights,) = paths.model("toy", "base").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="models/toy/base: damaged weights"):
        score_stage.run(score_job())


def test_what_does_not_fit_the_context_is_named_before_work(study):
    config = paths.model("toy", "base") / "config.json"
    values = json.loads(config.read_text()) | {"max_position_embeddings": 12}
    config.write_text(json.dumps(values))
    with pytest.raises(StageError, match=r"scores\.own: set 'one', problem .* context of 12"):
        score_stage.run(score_job())
    assert not SCORED_BLOCKS.exists()


def test_no_response_of_a_verdict_and_a_sample_without_one_are_refused(study):
    path = paths.verdicts("toy", "base")
    frame = VERDICTS.read(path)
    VERDICTS.write(frame.with_columns(verdict=pl.lit("wrong")), path)
    with pytest.raises(StageError, match="has a verdict of correct"):
        score_stage.run(score_job(verdicts=["correct"]))
    VERDICTS.write(frame.head(100), path)
    with pytest.raises(StageError, match="40 samples of draw 'base' have no verdict"):
        score_stage.run(score_job())


def test_an_engine_that_cannot_score_is_refused_with_those_that_can():
    with pytest.raises(ValueError, match=r"unknown; legal: step_loop"):
        Score(model="base", draw="base", engine="imported")
