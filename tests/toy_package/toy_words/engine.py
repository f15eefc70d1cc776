"""The engine `rule`: it reads the word in the prompt and turns every other sample around."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from passk.core.digests import seed
from passk.sampling.blocks import Block, Sample
from passk.sampling.engines.engine import CountSamples, Engine, SamplingConfig

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
        match = _WORD.search(block.prompt)
        word = match[1] if match else "?"
        text = word if index % 2 else word[::-1]
        tokens = np.frombuffer(text.encode(), np.uint8).astype(np.int32)[: self.longest]
        finish = "stop" if len(text.encode()) <= self.longest else "length"
        stream = seed("rule", block.stream, index)  # names the sample, as random numbers would
        return Sample(index, stream, text, tokens, finish, 0.0, 0.0, None)


RULE = Engine(version=1, exact=True, blocks=RuleEngine)
