"""The `generate` engine: transformers' own `generate`, for any architecture that it runs.

`generate` draws all rows of a batch from one random stream. A draw's batch is a block: one prompt,
the block's samples, a generator seeded by the block. So a block that is drawn again has the same
bytes, whatever was drawn before (tested). A rollout depends on the batch that it is in, which has
as many rows as a forward pass of the loss. The model's own sampling defaults (top-k, penalties) are
not used.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from passk.core.digests import seed
from passk.sampling.blocks import Block, Sample
from passk.sampling.ends import as_ids, join_ends
from passk.sampling.engines.engine import CountSamples, Engine, SamplingConfig
from passk.sampling.engines.probing import probe_transformers
from passk.sampling.loaded_model import load_model
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutPrompt, RolloutRequest
from passk.sampling.stopping import make_stop
from passk.sampling.streams import derive_streams

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from passk.models.image_inputs import ImageInputs
    from passk.sampling.generated import Generated, Way


class GenerateEngine:
    """A model of the transformers library, to draw blocks from; a `BlockSampler`."""

    def __init__(self, config: SamplingConfig) -> None:
        """Load model and tokenizer."""
        self.loaded = load_model(config)
        self.stop = make_stop(config.stop, self.loaded.tokenizer)
        self.way = _describe_way(
            self.loaded.model, self.loaded.tokenizer, config.max_new_tokens,
            config.temperature, config.top_p,
        )  # fmt: skip

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks, one by one; a block's bytes depend on the block alone."""
        for block in blocks:
            samples = self._draw_block(block)
            progress(len(samples))
            yield block, samples

    def _draw_block(self, block: Block) -> list[Sample]:
        from passk.sampling.generated import run_generate

        image = self.loaded.encode_image(block.image)
        prompts = [self.loaded.encode(block, image)] * len(block.indices)
        model = self.loaded.model
        generated = run_generate(
            model,
            prompts,
            self.way,
            seed=block.stream,
            ends_early=self.stop,
            images=[image] * len(prompts),
            one_thread=True,
        )
        texts = self.loaded.tokenizer.batch_decode(
            [row.token_ids.tolist() for row in generated], skip_special_tokens=True
        )
        streams = derive_streams(block.stream, list(block.indices)).tolist()
        return [
            self._make_sample(index, stream, text, row)
            for index, stream, text, row in zip(
                block.indices, streams, texts, generated, strict=True
            )
        ]

    def _make_sample(self, index: int, stream: int, text: str, row: "Generated") -> Sample:
        return Sample(
            index,
            stream,
            self.stop.cut(text) if self.stop else text,
            row.token_ids,
            "stop" if row.stopped else "length",
            float(row.logprobs.sum(dtype="float64")),
            row.mean_entropy,
            row.logprobs,
        )


class GenerateRollouts:
    """Draws an arm's rollouts by `generate`; a `RolloutSampler`."""

    def __init__(self, config: RolloutConfig) -> None:
        self.config = config

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to tasks, batch by batch; torch's global generator stays as it was."""
        config = self.config
        size = request.group_size(config.rollouts)
        at_once = max(config.prompts * config.rollouts // config.passes, 1)
        prompts = [task for task in request.tasks for _ in range(size)]
        flat: list[Rollout] = []
        for begin in range(0, len(prompts), at_once):
            identity = (*config.identity, request.step, request.first, begin)
            batch_seed = seed(request.stream, *identity)
            batch = prompts[begin : begin + at_once]
            flat += self._generate(model, batch, batch_seed, greedy=request.greedy)
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    def _generate(
        self,
        model: "PreTrainedModel",
        tasks: Sequence[RolloutPrompt],
        batch_seed: int,
        *,
        greedy: bool,
    ) -> list[Rollout]:
        """One response to each task, by one call of `generate`."""
        from passk.sampling.generated import run_generate

        config = self.config
        way = _describe_way(
            model, config.tokenizer, config.max_new_tokens,
            0.0 if greedy else config.temperature, config.top_p,
        )  # fmt: skip
        images: list[ImageInputs | None] = [task.image for task in tasks]
        prompts = [list(task.prompt_ids) for task in tasks]
        generated = run_generate(model, prompts, way, seed=batch_seed, images=images)
        rows = [row.token_ids.tolist() for row in generated]
        texts = config.tokenizer.batch_decode(rows, skip_special_tokens=True)
        return [
            Rollout(ids, text, not row.stopped, row.mean_entropy)
            for ids, text, row in zip(rows, texts, generated, strict=True)
        ]


def _describe_way(
    model: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    max_new_tokens: int,
    temperature: float,
    top_p: float,
) -> "Way":
    from passk.sampling.generated import Way

    declared = as_ids(getattr(model.generation_config, "eos_token_id", None))
    ends = join_ends(declared, tokenizer)
    pad = tokenizer.pad_token_id
    if pad is None:  # what stands behind an end is cut off again
        pad = ends[0] if ends else 0
    return Way(temperature, top_p, max_new_tokens, ends, pad)


GENERATE = Engine(
    version=1,
    exact=True,
    blocks=GenerateEngine,
    rollouts=GenerateRollouts,
    probe=probe_transformers,
    cached_rows=lambda rows, passes: rows / passes,
)
