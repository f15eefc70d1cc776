"""What the stage `score` hands to a model: each response behind its prompt, in token ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from passk.config import paths
from passk.core.schemas.problems import ASKED, PROBLEMS
from passk.data.prompts import encode, render, template
from passk.pipeline.stages.job import Job, StageError
from passk.sampling import checkpoint
from passk.sampling.loaded_model import load_tokenizer
from passk.sampling.scoring import GivenResponse
from passk.sampling.scoring_settings import Score
from passk.sampling.settings import Draw


@dataclass(frozen=True)
class PlannedScores:
    """The responses of a draw as they are scored.

    Attributes:
        given: in the order of the selected rows.
        names: of each, for messages.
        members: the places of the responses to each problem.
    """

    given: Sequence[GivenResponse]
    names: Sequence[str]
    members: Sequence[Sequence[int]]


def plan_scores(job: Job, settings: Score, responses: pl.DataFrame) -> PlannedScores:
    """Token ids of selected responses behind their prompts.

    Args:
        job: of the stage.
        settings: its entry.
        responses: `set, problem_id, sample_index, text, token_ids`, sorted by the first three.

    Raises:
        StageError: a prompt with an image; token ids that are missing or of another tokenizer.
    """
    folder = paths.model(job.study, settings.model)
    checkpoint.check(folder)
    draw = Draw.model_validate(job.params["draws"][settings.draw])
    tokenizer = load_tokenizer(folder)
    name = settings.template or draw.template
    assert name is not None, "checked with the other parameters"
    names = [
        f"set {row[0]!r}, problem {row[1]}, sample {row[2]}"
        for row in responses["set", "problem_id", "sample_index"].rows()
    ]
    ids = _encode_responses(job, settings, responses, names, tokenizer)
    prompts = _encode_prompts(job, draw, name, tokenizer)
    given: list[GivenResponse] = []
    members: dict[tuple[str, ...], list[int]] = {}
    for place, problem in enumerate(responses["set", "problem_id"].rows()):
        given.append(GivenResponse(prompts[problem], ids[place]))
        members.setdefault(problem, []).append(place)
    return PlannedScores(given, names, list(members.values()))


def _encode_prompts(
    job: Job,
    draw: Draw,
    name: str,
    tokenizer: Any,  # noqa: ANN401
) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """Token ids of the prompt of each problem, by set and problem."""
    prompts: dict[tuple[str, str], tuple[int, ...]] = {}
    for set_name in draw.sets:
        problems = PROBLEMS.read(paths.problem_set(job.study, set_name), ASKED)
        for problem in problems.iter_rows(named=True):
            if problem["image"] is not None or template(name).image:
                raise StageError(
                    f"scores.{job.item}: problem {problem['problem_id']} (set {set_name!r}) is "
                    "asked with an image, behind which nothing is scored; take a draw without"
                )
            text = render(name, problem, tokenizer, draw.template_options)
            prompts[set_name, problem["problem_id"]] = tuple(encode(name, text, tokenizer))
    return prompts


def _encode_responses(
    job: Job,
    settings: Score,
    responses: pl.DataFrame,
    names: Sequence[str],
    tokenizer: Any,  # noqa: ANN401
) -> list[Any]:
    """Token ids of each response, int32."""
    texts = responses["text"].to_list()
    if settings.tokens == "text":
        distinct = {
            text: np.asarray(tokenizer.encode(text, add_special_tokens=False), np.int32)
            for text in dict.fromkeys(texts)
        }
        return [distinct[text] for text in texts]
    remedy = f"set scores.{job.item}.tokens to text"
    ids = responses["token_ids"].to_list()
    for place, row in enumerate(ids):
        if row is None:
            raise StageError(f"scores.{job.item}: {names[place]} has no token ids; {remedy}")
    # A stop text may have been cut off behind the text.
    for place, text in enumerate(tokenizer.batch_decode(ids, skip_special_tokens=True)):
        if not text.startswith(texts[place]):
            raise StageError(
                f"scores.{job.item}: {names[place]}: its token ids are not its text to the "
                f"tokenizer of {settings.model!r}; {remedy}"
            )
    return [np.asarray(row, np.int32) for row in ids]
