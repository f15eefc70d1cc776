"""Log-probabilities of given responses under a model: what is asked, and what comes out.

A response of T tokens behind a prompt has T log-probabilities, log p(token t | prompt, tokens
before t), in nats at temperature 1 and untruncated. Nothing is drawn: the response is fed to the
model as it is (teacher forcing). An engine that can do this has a `Scoring` in its registration.

Example:
    >>> given = GivenResponse((5, 6), np.array([7, 8, 2], np.int32))
    >>> given.length
    5
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passk.core.machine import Machine

CountResponses = Callable[[int], object]  # told how many more responses are done


class ScoringError(ValueError):
    """Responses cannot be scored; the message names the first at fault and the remedy."""


@dataclass(frozen=True)
class GivenResponse:
    """A response behind its prompt, in token ids of the model that scores it.

    Attributes:
        prompt_ids: at least one; not scored.
        response_ids: int32 of shape (T,); T may be 0.
    """

    prompt_ids: tuple[int, ...]
    response_ids: NDArray[np.int32]

    @property
    def length(self) -> int:
        """Tokens of prompt and response."""
        return len(self.prompt_ids) + len(self.response_ids)


@dataclass(frozen=True)
class ScoringConfig:
    """How responses are scored.

    Attributes:
        folder: the checkpoint whose probabilities are asked.
        dtype: float32 | bfloat16 | float16.
        machine: what this host has, and how it starts the engine; no number depends on it.
    """

    folder: Path
    dtype: str
    machine: Machine | None = None


class Scorer(Protocol):
    """A model that is loaded, to score responses."""

    @property
    def context(self) -> int | None:
        """Most tokens of prompt and response together; None where there is no limit."""

    def score(
        self, responses: Sequence[GivenResponse], progress: CountResponses
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield (place of a response, its log-probabilities (T,) in nats), in any order."""


@dataclass(frozen=True)
class Scoring:
    """An engine's way to score responses.

    Attributes:
        version: raised when its numbers change for equal inputs; part of every block's key.
        load: loads a checkpoint.
    """

    version: int
    load: Callable[[ScoringConfig], Scorer]


def sum_logprobs(logprobs: NDArray[np.float32]) -> float:
    """Sum of the log-probabilities (T,) of a response's tokens, in nats, added in float64."""
    return float(logprobs.sum(dtype=np.float64))


def perplexity(sum_logprob: float, tokens: int) -> float | None:
    """exp(-(1/T) sum of log p): the perplexity of a response (arXiv 2504.13837, section 4.1).

    Args:
        sum_logprob: over its tokens, in nats.
        tokens: T.

    Returns:
        At least 1; infinite where a token has no probability; None where there is no token.

    Example:
        >>> round(perplexity(3 * math.log(0.25), 3), 6)
        4.0
    """
    if not tokens:
        return None
    surprise = -sum_logprob / tokens
    return math.exp(surprise) if surprise < 700 else math.inf


def check_lengths(responses: Sequence[GivenResponse], context: int | None) -> None:
    """See that every response can be scored.

    Raises:
        ScoringError: a prompt is empty, or prompt and response exceed the context.
    """
    for place, given in enumerate(responses):
        if not given.prompt_ids:
            raise ScoringError(f"response {place} has no prompt tokens; give it a prompt")
        if context is not None and given.length > context:
            raise ScoringError(
                f"response {place}: {len(given.prompt_ids)} prompt tokens and "
                f"{len(given.response_ids)} of the response exceed the model's context of "
                f"{context}; leave it out, or use a model with a longer context"
            )
