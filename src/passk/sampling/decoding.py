"""How the step loop decodes: temperature, nucleus, limits, shapes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DecodingConfig:
    """How samples are drawn.

    Attributes:
        temperature: divides the logits; 0 is greedy decoding.
        top_p: mass of the nucleus, in (0, 1].
        max_new_tokens: a sample that has not ended by then is cut (`length`).
        eos_ids: tokens that end a sample; kept as its last token.
        rows: slots run at once. About 100 suit a small model on a processor, whose cache holds
            the keys and values of few more.
        exact: fixed shapes, so that a request's bytes depend on the request alone. False is faster
            where batches are small and the same calls follow each other anyway (rollouts): the
            batch shrinks as the last samples end, and all prompts share one cache length.
        ends_early: tells of a sample's tokens so far, the last one new, whether they end it
            (`passk.sampling.stopping`), or None. Such a sample's reason is `stop`.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64
    eos_ids: Sequence[int] = ()
    rows: int = 128
    exact: bool = True
    ends_early: Callable[[NDArray[np.int32]], bool] | None = None
