"""Do the prompts of a draw, and the longest responses to them, fit into the model's context?

Looked at before the model is loaded, for every engine: one that clips (vLLM) would end responses
early without a word.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passk.core.files import read_json
from passk.data.prompts import template
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.sample_plan import PlannedProblem
from passk.sampling.architectures import longest_sequence
from passk.sampling.ends import find_ends
from passk.sampling.loaded_model import load_tokenizer
from passk.sampling.settings import Draw


@dataclass(frozen=True)
class Lengths:
    """What was counted.

    Attributes:
        longest: tokens of the longest prompt with the longest response.
        ends: tokens that end a response.
    """

    longest: int
    ends: tuple[int, ...]


def measure_lengths(
    draw: Draw,
    folder: Path,
    planned: Sequence[PlannedProblem],
    images: Mapping[str, bytes],
    key: str,
) -> Lengths:
    """Count the tokens of all prompts.

    Args:
        draw: the draw.
        folder: of the model.
        planned: its problems.
        images: PNG by digest, of those that prompts show.
        key: of the draw, for messages.

    Raises:
        StageError: the context is too small; it names draw, set, problem and numbers.
    """
    assert draw.max_new_tokens is not None, "checked by the schema"
    context = find_context(draw, folder, key)
    tokenizer = load_tokenizer(folder)
    sizes = _count_image_tokens(folder, images)
    longest, worst = 0, planned[0]
    for problem, tokens in _count_tokens(draw, tokenizer, planned, sizes):
        if tokens > longest:
            longest, worst = tokens, problem
    if context is not None and longest + draw.max_new_tokens > context:
        room = context - longest
        remedy = f"lower max_new_tokens to {room}, or " if room > 0 else ""
        raise StageError(
            f"{key}: set {worst.set!r}, problem {worst.problem_id}: {longest} prompt tokens and "
            f"max_new_tokens = {draw.max_new_tokens} exceed the context of {context}; {remedy}"
            "leave the problem out (`sets.*.filters`), or use a model with a longer one"
        )
    return Lengths(longest + draw.max_new_tokens, find_ends(folder, tokenizer))


def find_context(draw: Draw, folder: Path, key: str) -> int | None:
    """The longest sequence that is allowed; None where neither draw nor model say.

    Raises:
        StageError: the draw's is longer than the model's.
    """
    own = longest_sequence(read_json(folder / "config.json"))
    if draw.context is None:
        return own
    if own is not None and draw.context > own:
        raise StageError(
            f"{key}.context = {draw.context}: the model has {own} positions; legal: at most {own}"
        )
    return draw.context


def _count_tokens(
    draw: Draw,
    tokenizer: Any,  # noqa: ANN401
    planned: Sequence[PlannedProblem],
    image_sizes: Mapping[str, int],
) -> Iterator[tuple[PlannedProblem, int]]:
    """Problems with the tokens of their prompts, placeholders expanded."""
    assert draw.template is not None, "checked by the schema"
    plain = not template(draw.template).chat
    for problem in planned:
        block = problem.blocks[0]
        tokens = len(tokenizer.encode(block.prompt, add_special_tokens=plain))
        if block.image is not None:  # its one placeholder is there already
            tokens += image_sizes.get(block.image, 1) - 1
        yield problem, tokens


def _count_image_tokens(folder: Path, images: Mapping[str, bytes]) -> dict[str, int]:
    if not images:
        return {}
    from passk.models.image_inputs import ImageEncoder

    encoder = ImageEncoder.of(folder)
    if encoder is None:
        return {}
    return {name: encoder.encode(png).tokens for name, png in images.items()}
