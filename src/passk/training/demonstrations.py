"""What fine-tuning learns: demonstrations as token ids, as sampling has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from passk.data.prompts import encode, render


class DemonstrationError(ValueError):
    """Demonstrations cannot be learned by a model; the message names the first and the remedy."""


@dataclass(frozen=True)
class Demonstration:
    """A row of the demonstrations table, as far as fine-tuning reads it.

    Attributes:
        set, problem_id: which problem it answers, for messages.
        question, starter_code: what its prompt shows.
        response: what is learned.
    """

    set: str
    problem_id: str
    question: str
    starter_code: str | None
    response: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The demonstration of a row of the table."""
        return cls(*(row[name] for name in cls.__dataclass_fields__))


def encode_pairs(
    demonstrations: Sequence[Demonstration], template: str, tokenizer: PreTrainedTokenizerBase
) -> list[tuple[list[int], list[int]]]:
    """Token ids of each prompt, as sampling has them, and of each response with its end token."""
    end = tokenizer.eos_token_id
    prompts = []
    for demonstration in demonstrations:
        columns = {
            "question": demonstration.question,
            "starter_code": demonstration.starter_code,
        }
        prompts.append(list(encode(template, render(template, columns, tokenizer), tokenizer)))
    # A response stands in the middle of a text: nothing is put before it.
    texts = [demonstration.response for demonstration in demonstrations]
    responses = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return [(p, [*r, end]) for p, r in zip(prompts, responses, strict=True)]


def check_context(
    demonstrations: Sequence[Demonstration],
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    model: PreTrainedModel,
    *,
    arm: str,
    start: str,
) -> None:
    """Compare demonstrations with a model's context.

    Args:
        demonstrations: to be learned.
        pairs: their token ids.
        model: the start model.
        arm: its name, for messages.
        start: the start model's, for messages.

    Raises:
        DemonstrationError: one is longer than the context.
    """
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for demonstration, (prompt, response) in zip(demonstrations, pairs, strict=True):
        length = len(prompt) + len(response)
        if context is not None and length > context:
            raise DemonstrationError(
                f"sft.{arm}: problem {demonstration.problem_id} of set {demonstration.set!r} makes "
                f"{length} tokens, more than the context of {start!r}, {context}; drop it with a "
                "filter of its set, sample shorter responses (draws.*.max_new_tokens), or start "
                "from a model with a longer context"
            )
