"""Drawing blocks by any engine, with a second try for samples that the engine gave up."""

from collections.abc import Iterator, Sequence

from passk.core.finish_reasons import ABORTED
from passk.sampling.blocks import Block, Sample
from passk.sampling.engines.engine import BlockSampler, CountSamples


def draw_blocks(
    sampler: BlockSampler, blocks: Sequence[Block], progress: CountSamples
) -> Iterator[tuple[Block, list[Sample]]]:
    """All samples of all blocks, in any order.

    A block with aborted samples is drawn once more at the end, and they are taken from there. What
    is aborted again stays so: the verdict on it is unknown, with that reason.
    """
    again: dict[str, tuple[Block, list[Sample]]] = {}
    for block, samples in sampler.draw(blocks, progress):
        if any(sample.finish_reason == ABORTED for sample in samples):
            again[block.key] = block, samples
        else:
            yield block, samples
    if not again:
        return
    for block, second in sampler.draw([block for block, _ in again.values()], lambda count: None):
        yield (
            block,
            [
                later if first.finish_reason == ABORTED else first
                for first, later in zip(again[block.key][1], second, strict=True)
            ],
        )
