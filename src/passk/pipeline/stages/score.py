"""Stage group `score`: how likely a model finds the responses of a draw.

Scored blocks are kept in a block store of their own: a killed run goes on, and a model is loaded
only if some block is missing. What is scored is in a block's key, token by token.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from tqdm import tqdm

from passk.config import paths
from passk.config.score_paths import SCORED_BLOCKS, scores
from passk.core.digests import digest
from passk.core.machine import read_machine
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.scores import SCORES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.score_plan import PlannedScores, plan_scores
from passk.sampling import checkpoint
from passk.sampling.blocks import Block, BlockStore, Sample
from passk.sampling.engines.registry import ENGINES
from passk.sampling.scoring import (
    GivenResponse,
    Scorer,
    Scoring,
    ScoringConfig,
    ScoringError,
    perplexity,
    sum_logprobs,
)
from passk.sampling.scoring_settings import Score
from passk.sampling.settings import Sampling

_KEY = ["set", "problem_id", "sample_index"]


def run(job: Job) -> dict[str, float]:
    """Score a draw's responses; returns how many were scored and reused."""
    settings = job.settings("scores", Score)
    responses = select_responses(job, settings)
    planned = plan_scores(job, settings, responses)
    blocks = _make_blocks(job, settings, planned)
    store = BlockStore(SCORED_BLOCKS)
    first = {key: alike[0] for key, alike in blocks.items()}
    held = {key: samples for key in first if (samples := store.read(_as_block(key, first[key])))}
    missing = {key: members for key, members in first.items() if key not in held}
    reused = sum(len(samples) * len(blocks[key]) for key, samples in held.items())
    if missing:
        scorer = _load(job, settings)
        _check_context(job, planned, scorer)
        title = f"score {job.item}" + (f" ({reused} reused)" if reused else "")
        held |= dict(_score(scorer, planned, missing, store, title))
    frame = _make_table(job.item, settings, responses, blocks, held)
    SCORES.write(frame, scores(job.study, job.item))
    return {
        "responses": float(frame.height),
        "scored": float(frame.height - reused),
        "reused": float(reused),
        "damaged_blocks": float(len(store.damaged)),
        "tokens": float(frame["n_tokens"].sum()),
    }


def select_responses(job: Job, settings: Score) -> pl.DataFrame:
    """The responses that are scored: columns of a samples table with `verdict`, by `_KEY`.

    Which ones of a problem are taken follows from the study's seed and their names alone, so that
    every model scores the same ones, and a larger `per_problem` keeps those of a smaller.

    Raises:
        StageError: none is left, or a sample has no verdict.
    """
    columns = [*_KEY, "text", "token_ids", "finish_reason"]
    samples = SAMPLES.read(paths.samples(job.study, settings.draw), columns)
    verdicts = VERDICTS.read(paths.verdicts(job.study, settings.draw), [*_KEY, "verdict"])
    joined = samples.join(verdicts, on=_KEY, how="left").sort(_KEY)
    if unjudged := joined["verdict"].null_count():
        raise StageError(
            f"{unjudged} samples of draw {settings.draw!r} have no verdict; run the stage "
            f"verify@{settings.draw} again"
        )
    chosen = joined.filter(pl.col("verdict").is_in(settings.verdicts))
    if chosen.is_empty():
        raise StageError(
            f"scores.{job.item}: no response of draw {settings.draw!r} has a verdict of "
            f"{', '.join(settings.verdicts)}; take more verdicts, or raise draws.{settings.draw}.n"
        )
    if settings.per_problem is None:
        return chosen
    lots = pl.Series(
        [digest("score", job.seed, settings.draw, *row) for row in chosen[_KEY].rows()]
    )
    group = ["set", "problem_id", *(["verdict"] if settings.by_verdict else [])]
    place = pl.col("lot").rank("ordinal").over(group)
    return (
        chosen.with_columns(lot=lots).filter(place <= settings.per_problem).drop("lot").sort(_KEY)
    )


def _make_blocks(
    job: Job, settings: Score, planned: PlannedScores
) -> dict[str, list[Sequence[int]]]:
    """The places of responses by the key of the block that holds their scores.

    Several blocks have one key where they hold the same responses to one prompt, token by token:
    a model that is sure repeats itself, and two sets may share a problem.
    """
    sampling = job.section("sampling", Sampling)
    recipe = {
        "weights": checkpoint.digest_weights(paths.model(job.study, settings.model)),
        "engine": settings.engine,
        "version": _scoring(settings).version,
        "dtype": settings.dtype or sampling.dtype,
    }
    blocks: dict[str, list[Sequence[int]]] = {}
    for members in planned.members:
        for start in range(0, len(members), sampling.block):
            part = members[start : start + sampling.block]
            given = [planned.given[place] for place in part]
            ids = [one.response_ids.tolist() for one in given]
            blocks.setdefault(digest("score", recipe, given[0].prompt_ids, ids), []).append(part)
    return blocks


def _as_block(key: str, members: Sequence[int]) -> Block:
    """A block of scored responses as the store knows it."""
    return Block(key, "", range(len(members)), len(members))


def _score(
    scorer: Scorer,
    planned: PlannedScores,
    missing: Mapping[str, Sequence[int]],
    store: BlockStore,
    title: str,
) -> Iterator[tuple[str, list[Sample]]]:
    """Score the blocks that the store lacks; each is kept as soon as it is complete."""
    owners = [(key, place) for key, members in missing.items() for place in members]
    logprobs: dict[str, dict[int, Any]] = {key: {} for key in missing}
    given = [planned.given[place] for _, place in owners]
    with tqdm(total=len(given), desc=title, unit="response", file=sys.stderr, smoothing=0.1) as bar:
        for number, scored in scorer.score(given, bar.update):
            key, place = owners[number]
            logprobs[key][place] = scored
            if len(logprobs[key]) < len(missing[key]):
                continue
            found = logprobs.pop(key)
            samples = [
                _make_sample(i, planned.given[place], found[place])
                for i, place in enumerate(missing[key])
            ]
            store.write(_as_block(key, missing[key]), samples)
            yield key, samples


def _load(job: Job, settings: Score) -> Scorer:
    sampling = job.section("sampling", Sampling)
    folder = paths.model(job.study, settings.model)
    return _scoring(settings).load(
        ScoringConfig(folder, settings.dtype or sampling.dtype, read_machine())
    )


def _scoring(settings: Score) -> Scoring:
    scoring = ENGINES[settings.engine].scores
    assert scoring is not None, "checked by the schema"
    return scoring


def _check_context(job: Job, planned: PlannedScores, scorer: Scorer) -> None:
    """Refuse, before any work, what does not fit the model; names the first response."""
    for place, given in enumerate(planned.given):
        if scorer.context is not None and given.length > scorer.context:
            raise StageError(
                f"scores.{job.item}: {planned.names[place]}: {len(given.prompt_ids)} tokens of the "
                f"prompt and {len(given.response_ids)} of the response exceed the model's context "
                f"of {scorer.context}; drop the problem, or score under a model with a longer one"
            )


def _make_sample(index: int, given: GivenResponse, logprobs: Any) -> Sample:  # noqa: ANN401
    """A scored response as the block store keeps it."""
    if len(logprobs) != len(given.response_ids):
        raise ScoringError(
            f"an engine gave {len(logprobs)} log-probabilities for {len(given.response_ids)} tokens"
        )
    total = sum_logprobs(logprobs)
    return Sample(index, 0, "", given.response_ids, "stop", total, None, logprobs)


def _make_table(
    item: str,
    settings: Score,
    responses: pl.DataFrame,
    blocks: Mapping[str, Sequence[Sequence[int]]],
    held: Mapping[str, Sequence[Sample]],
) -> pl.DataFrame:
    """The scores table."""
    by_place = {
        place: sample
        for key, alike in blocks.items()
        for members in alike
        for place, sample in zip(members, held[key], strict=True)
    }
    samples = [by_place[place] for place in range(responses.height)]
    lengths = [len(sample.token_ids) for sample in samples]
    sums = [sample.sum_logprob for sample in samples if sample.sum_logprob is not None]  # all have
    kept = settings.keep_token_logprobs
    columns: dict[str, list[Any]] = {
        "n_tokens": lengths,
        "sum_logprob": sums,
        "perplexity": [perplexity(*each) for each in zip(sums, lengths, strict=True)],
        "token_logprobs": [sample.token_logprobs if kept else None for sample in samples],
    }
    return responses.with_columns(
        pl.lit(item).alias("score"),
        pl.lit(settings.draw).alias("draw"),
        *(pl.Series(name, values, SCORES.columns[name]) for name, values in columns.items()),
    )
