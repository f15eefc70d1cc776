"""The engine `rule`: it reads the word in the prompt and turns some samples around."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field, PositiveInt

from passk.core.digests import seed
from passk.sampling.blocks import Block, Sample
from passk.sampling.engines.engine import CountSamples, Engine, EngineOptions, SamplingConfig
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutPrompt, RolloutRequest

_WORD = re.compile(r"What is (\S+) backwards\?")


class RuleEngine:
    """A `BlockSampler` that loads no model; its tokens are bytes."""

    def __init__(self, config: SamplingConfig) -> None:
        self.longest = config.max_new_tokens

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Every sample of every block; a block's bytes depend on the block alone."""
        for block in blocks:
            yield block, [self._answer(block, index) for index in block.indices]
            progress(len(block.indices))

    def _answer(self, block: Block, index: int) -> Sample:
        """An even sample is right, an odd one repeats the word."""
        text = _answer(block.prompt, index, right_every=2)
        tokens = np.frombuffer(text.encode(), np.uint8).astype(np.int32)[: self.longest]
        finish = "stop" if len(text.encode()) <= self.longest else "length"
        stream = seed("rule", block.stream, index)  # names the sample, as random numbers would
        return Sample(index, stream, text, tokens, finish, 0.0, 0.0, None)


class RuleOptions(EngineOptions):
    """What an arm may set, e.g. `engine_options: {right_every: 4}`."""

    right_every: PositiveInt = Field(default=2, description="One rollout of so many is right.")


class RuleRollouts:
    """A `RolloutSampler` that asks no policy."""

    def __init__(self, config: RolloutConfig) -> None:
        assert isinstance(config.options, RuleOptions), "checked with the parameters"
        self.config, self.right_every = config, config.options.right_every

    def __call__(self, model: object, request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to each task."""
        indices = range(request.group_size(self.config.rollouts))
        return [[self._answer(task, index) for index in indices] for task in request.tasks]

    def _answer(self, task: RolloutPrompt, index: int) -> Rollout:
        tokenizer = self.config.tokenizer
        text = _answer(tokenizer.decode(task.prompt_ids), index, self.right_every)
        tokens = [*tokenizer.encode(text), tokenizer.eos_token_id]
        return Rollout(tokens, text, truncated=False, entropy=0.0)


def _answer(prompt: str, index: int, right_every: int) -> str:
    """The word of a prompt turned around, or, if it is not this one's turn, as it stands."""
    match = _WORD.search(prompt)
    word = match[1] if match else "?"
    return word if index % right_every else word[::-1]


RULE = Engine(
    version=1,
    exact=True,
    blocks=RuleEngine,
    rollouts=RuleRollouts,
    rollout_options=RuleOptions,
)
