"""Scoring by the `step_loop` engine: the model of the transformers library, by teacher forcing.

Where the step loop draws a response, it notes the same log-probabilities up to float rounding.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from passk.sampling.loaded_model import load_weights
from passk.sampling.scoring import CountResponses, GivenResponse, Scoring, ScoringConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class StepLoopScorer:
    """A model of the transformers library, to score responses; a `Scorer`."""

    def __init__(self, config: ScoringConfig) -> None:
        """Load the model; on a GPU where there is one."""
        self.model = load_weights(config.folder, config.dtype)
        from passk.sampling.teacher_forcing import find_context  # imports torch

        self.context = find_context(self.model)

    def score(
        self, responses: Sequence[GivenResponse], progress: CountResponses
    ) -> "Iterator[tuple[int, NDArray[np.float32]]]":
        """Score responses; a response's numbers depend on itself and its prompt alone."""
        from passk.sampling.teacher_forcing import score_responses

        yield from score_responses(self.model, responses, progress)


STEP_LOOP_SCORING = Scoring(version=1, load=StepLoopScorer)
