"""What the stage `sample` will draw: the blocks of each problem, and what their bytes depend on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from passk.config import paths
from passk.core.digests import digest
from passk.core.schemas.problems import ASKED, PROBLEMS
from passk.data.prompts import render, template
from passk.models.served import is_served
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.sample_served import make_served_recipe, write_request
from passk.sampling import checkpoint
from passk.sampling.blocks import Block, plan_blocks
from passk.sampling.ends import find_ends, has_chat_template, own_ends, read_declared
from passk.sampling.engines.registry import ENGINES
from passk.sampling.loaded_model import load_tokenizer
from passk.sampling.settings import Draw, Sampling

_REMEDY = "look at the sets' filters and at `draws.*.sets`"


@dataclass(frozen=True)
class PlannedProblem:
    """What is drawn of one problem of one set."""

    set: str
    problem_id: str
    prompt_digest: str
    blocks: list[Block]


def read_problems(job: Job, draw: Draw) -> pl.DataFrame:
    """The problems of all sets of a draw, with the name of their `set`; no answer is read."""
    frames = []
    for name in draw.sets:
        frame = PROBLEMS.read(paths.problem_set(job.study, name), ASKED)
        if not frame.height:
            raise StageError(f"draws.{job.item}: set {name!r} has no problems; {_REMEDY}")
        frames.append(frame.with_columns(pl.lit(name).alias("set")))
    return pl.concat(frames)


def plan_problems(job: Job, draw: Draw, problems: pl.DataFrame, n: int) -> list[PlannedProblem]:
    """The blocks of every problem of a draw for samples 0 .. n-1."""
    folder = paths.model(job.study, draw.model)
    sampling = job.section("sampling", Sampling)
    served = ENGINES[draw.engine].served
    if not served:
        checkpoint.check(folder)
    check_images(problems, draw, folder, f"draws.{job.item}")
    write_prompt: Callable[[Mapping[str, Any]], str]
    if served:
        recipe = make_served_recipe(draw, folder, job.seed)
        write_prompt = partial(write_request, draw)
    else:
        recipe, write_prompt = _prepare(job, draw, sampling, folder)
    size = sampling.block if draw.temperature else 1
    planned = []
    for problem in problems.iter_rows(named=True):
        prompt = write_prompt(problem)
        blocks = plan_blocks(recipe, prompt, problem["image"], n, size)
        prompt_digest = digest("prompt", prompt, problem["image"])[:16]
        planned.append(PlannedProblem(problem["set"], problem["problem_id"], prompt_digest, blocks))
    return planned


def _prepare(
    job: Job, draw: Draw, sampling: Sampling, folder: Path
) -> tuple[dict[str, Any], Callable[[Mapping[str, Any]], str]]:
    """The recipe of a draw of a checkpoint, and what writes the prompt of a problem."""
    assert draw.template is not None, "checked by the schema"
    is_chat = template(draw.template).chat
    speaker = load_tokenizer(folder) if is_chat or has_chat_template(folder) else None
    recipe = _make_recipe(job, draw, sampling, folder) | _list_further_ends(folder, speaker)
    tokenizer = speaker if is_chat else None
    placeholder: str | None = None  # what stands in a prompt for its image
    if tokenizer is not None and template(draw.template).image:
        placeholder = tokenizer.convert_ids_to_tokens(checkpoint.read_image_token(folder))

    def write_prompt(problem: Mapping[str, Any]) -> str:
        assert draw.template is not None, "checked by the schema"
        prompt = render(draw.template, problem, tokenizer, draw.template_options)
        if placeholder is not None and (placeholders := prompt.count(placeholder)) != 1:
            raise StageError(
                f"draws.{job.item}: problem {problem['problem_id']} (set {problem['set']!r}, index "
                f"{problem['index']}): its prompt has {placeholders} placeholders {placeholder} "
                "for one image; one comes from the template: drop the problem, or the one of its "
                "question"
            )
        return prompt

    return recipe, write_prompt


def _make_recipe(job: Job, draw: Draw, sampling: Sampling, folder: Path) -> dict[str, Any]:
    """All that the samples of a draw depend on, but prompts, images and their number."""
    engine = ENGINES[draw.engine]
    assert draw.template is not None, "checked by the schema"
    recipe: dict[str, Any] = {
        "weights": checkpoint.digest_weights(folder),
        "tokenizer": checkpoint.digest_tokenizer(folder),
        "temperature": draw.temperature,
        "top_p": draw.top_p if draw.temperature else 1.0,
        "max_new_tokens": draw.max_new_tokens,
        "seed": job.seed,
        "replicate": draw.replicate,
        "engine": draw.engine,
        "version": engine.version,
        "dtype": draw.dtype or sampling.dtype,
        "rows": sampling.rows if engine.exact else None,
        "plain": not template(draw.template).chat,
    }
    # What is named only where a draw has it: the keys of other draws' blocks stay as they were.
    if draw.stop:
        recipe["stop"] = sorted(draw.stop)
    if draw.tensor_parallel > 1:
        recipe["tensor_parallel"] = draw.tensor_parallel
    return recipe


def _list_further_ends(folder: Path, tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    """The ends of a response where they are more than the files that a recipe names declare."""
    if tokenizer is None:
        return {}
    ends = find_ends(folder, tokenizer)
    declared = {*read_declared(folder), *own_ends(tokenizer)}
    return {} if declared.issuperset(ends) else {"ends": list(ends)}


def check_images(problems: pl.DataFrame, draw: Draw, folder: Path, key: str) -> None:
    """See that template, model and problems agree on whether there are images.

    Raises:
        StageError: it names the first problem at fault, and the remedy.
    """
    assert draw.template is not None, "checked by the schema"
    shows_images = template(draw.template).image
    misfits = problems.filter(
        pl.col("image").is_null() if shows_images else pl.col("image").is_not_null()
    )
    if misfits.height:
        misfit = misfits.row(0, named=True)
        has, remedy = "has an image, which {} does not show", "use a template with `image: true`"
        if shows_images:
            has = "has no image, which {} shows"
            remedy = (
                "add `{kind: image_present}` to the set's filters, or give `images` to its source"
            )
        raise StageError(
            f"{key}: problem {misfit['problem_id']} (set {misfit['set']!r}, index "
            f"{misfit['index']}) {has.format(f'template {draw.template!r}')}; {misfits.height} "
            f"problem(s) in all: {remedy}"
        )
    if shows_images and not is_served(folder) and not checkpoint.takes_images(folder):
        raise StageError(
            f"{key}.model: {folder} takes no images; use a model with a vision tower and an "
            "image processor (preprocessor_config.json), or a template without images"
        )
