"""The `step_loop` engine: a Hugging Face model run by the step loop of this project.

Its blocks have the same bytes whenever they are drawn again, and each rollout has random numbers of
its own. On a GPU where there is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from passk.sampling.architectures import find_objection
from passk.sampling.blocks import Block, Sample
from passk.sampling.ends import as_ids, join_ends
from passk.sampling.engines.engine import CountSamples, Engine, SamplingConfig
from passk.sampling.engines.probing import probe_transformers
from passk.sampling.engines.step_loop_scoring import STEP_LOOP_SCORING
from passk.sampling.loaded_model import load_model
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutRequest
from passk.sampling.stopping import make_stop

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from passk.sampling.steploop import Drawn

_ROLLOUT_ROWS = 256  # rollouts run at once


class StepLoopEngine:
    """A model of the transformers library, to draw blocks from; a `BlockSampler`."""

    def __init__(self, config: SamplingConfig) -> None:
        """Load model and tokenizer, and try whether the step loop computes this model."""
        self.loaded = load_model(config)
        from passk.sampling.self_check import check_model

        self.config = config
        self.model, self.tokenizer = self.loaded.model, self.loaded.tokenizer
        self.stop = make_stop(config.stop, self.tokenizer)
        longest = config.longest or config.context
        check_model(self.model, self.tokenizer, longest, str(config.folder))

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks; a block's bytes depend on the block alone."""
        from passk.sampling.steploop import DecodingConfig, Request, generate_each

        config = self.config
        declared = getattr(self.model.generation_config, "eos_token_id", None)
        decoding = DecodingConfig(
            config.temperature,
            config.top_p,
            config.max_new_tokens,
            eos_ids=join_ends(as_ids(declared), self.tokenizer),
            rows=config.rows,
            ends_early=self.stop,
        )
        # Requests share the work on a prompt where they share the very object of its image.
        digests = dict.fromkeys(block.image for block in blocks)
        images = {image_digest: self.loaded.encode_image(image_digest) for image_digest in digests}
        prompts = {
            (block.prompt, block.image): self.loaded.encode(block, images[block.image])
            for block in blocks
        }
        requests = [
            Request(
                prompts[block.prompt, block.image], block.stream, block.indices, images[block.image]
            )
            for block in blocks
        ]
        for position, drawn in generate_each(self.model, requests, decoding, progress):
            yield blocks[position], self._make_samples(blocks[position], drawn)

    def _cut(self, text: str) -> str:
        return self.stop.cut(text) if self.stop else text

    def _make_samples(self, block: Block, drawn: "list[Drawn]") -> list[Sample]:
        # Samples that agree share one array, and so one text.
        arrays = {id(sample.token_ids): sample.token_ids for sample in drawn}
        decoded = self.tokenizer.batch_decode(list(arrays.values()), skip_special_tokens=True)
        texts = dict(zip(arrays, map(self._cut, decoded), strict=True))
        return [
            Sample(
                index,
                sample.stream,
                texts[id(sample.token_ids)],
                sample.token_ids,
                sample.finish_reason,
                sample.sum_logprob,
                sample.mean_entropy,
                sample.token_logprobs,
            )
            for index, sample in zip(block.indices, drawn, strict=True)
        ]


class StepLoopRollouts:
    """Draws an arm's rollouts by the step loop; a `RolloutSampler`."""

    def __init__(self, config: RolloutConfig) -> None:
        self.config, self.checked = config, False

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to tasks, all in one run of the step loop."""
        from passk.sampling.self_check import check_model
        from passk.sampling.steploop import DecodingConfig, Request, generate

        config = self.config
        if not self.checked:
            check_model(model, config.tokenizer, config.length, str(config.start))
            self.checked = True
        size = request.group_size(config.rollouts)
        seeds = request.task_seeds(config.identity)
        requests = [
            Request(task.prompt_ids, task_seed, range(size), task.image)
            for task, task_seed in zip(request.tasks, seeds, strict=True)
        ]
        declared = getattr(model.generation_config, "eos_token_id", None)
        decoding = DecodingConfig(
            config.temperature,
            config.top_p,
            config.max_new_tokens,
            eos_ids=join_ends(as_ids(declared), config.tokenizer),
            rows=min(config.prompts * config.rollouts, _ROLLOUT_ROWS),
            exact=False,
        )
        if request.greedy:
            decoding = replace(decoding, temperature=0.0, top_p=1.0)
        groups = generate(model, requests, decoding)
        ids = [[sample.token_ids.tolist() for sample in group] for group in groups]
        texts = iter(
            config.tokenizer.batch_decode(
                [row for rows in ids for row in rows], skip_special_tokens=True
            )
        )
        return [
            [
                Rollout(row, next(texts), sample.finish_reason == "length", sample.mean_entropy)
                for row, sample in zip(rows, group, strict=True)
            ]
            for rows, group in zip(ids, groups, strict=True)
        ]


# The version is that of samples: tests/test_golden_samples.py fails when it must be raised.
STEP_LOOP = Engine(
    version=2,
    exact=True,
    blocks=StepLoopEngine,
    rollouts=StepLoopRollouts,
    probe=probe_transformers,
    cached_rows=lambda rows, passes: min(rows, _ROLLOUT_ROWS),
    objects=find_objection,
    scores=STEP_LOOP_SCORING,
)
