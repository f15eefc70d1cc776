"""Parameters of the stage group `score`: responses of a draw under another model."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveInt

from passk.core.parameters import ParameterSection, refuse_repeats
from passk.core.registered import NameIn
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Precision


class Score(ParameterSection):
    """One entry of `scores`: how likely a model finds the responses of a draw."""

    model: str = Field(
        description="Model whose probabilities are asked: of `pretrain`, `fetch` or `sft`, or "
        "ARM/step-N."
    )
    draw: str = Field(description="The draw whose responses are scored, a name under `draws:`.")
    verdicts: Annotated[
        list[Literal["correct", "wrong", "unknown"]],
        AfterValidator(refuse_repeats),
        Field(min_length=1),
    ] = Field(
        default=["correct", "wrong", "unknown"],
        description="Verdicts of the responses that are scored: of correct, wrong, unknown.",
    )
    per_problem: PositiveInt | None = Field(
        default=None,
        description="Responses of each problem at most, chosen by the study's seed; the same ones "
        "for every model, and raising it keeps them. null: all.",
    )
    by_verdict: bool = Field(
        default=False,
        description="Whether per_problem counts the responses of each verdict apart, so that "
        "right and wrong ones of a problem can be compared in like numbers.",
    )
    tokens: Literal["drawn", "text"] = Field(
        default="drawn",
        description="drawn: the token ids as they were drawn, the end with them, for a model with "
        "the same tokenizer. text: the text, in tokens of the model that scores, without an end; "
        "for other tokenizers and imported responses.",
    )
    template: str | None = Field(
        default=None,
        description="Prompt template before the responses, as in `draws:`; null: the draw's own.",
    )
    engine: Annotated[str, NameIn(ENGINES, lambda engine: engine.scores is not None)] = Field(
        default="step_loop",
        description="Who scores; a name in passk.sampling.engines.registry.",
    )
    dtype: Precision | None = Field(
        default=None, description="Precision of weights and computation; null: `sampling.dtype`."
    )
    keep_token_logprobs: bool = Field(
        default=False, description="Whether the table keeps log-probabilities per token."
    )
