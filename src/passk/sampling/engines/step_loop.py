"""The `step_loop` engine: a Hugging Face model run by the step loop of this project.

Its blocks have the same bytes whenever they are drawn again, and each rollout has random numbers of
its own. On a GPU where there is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from passk.models.optional_imports import skip_unused_imports
from passk.sampling.blocks import Block, Sample
from passk.sampling.checkpoint import CheckpointError, check
from passk.sampling.engines.engine import CountSamples, Engine, SamplingConfig
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutRequest

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from passk.models.image_inputs import ImageInputs
    from passk.sampling.steploop import Drawn

_ROLLOUT_ROWS = 256  # rollouts run at once


class StepLoopEngine:
    """A model of the transformers library, to draw blocks from; a `BlockSampler`."""

    def __init__(self, config: SamplingConfig) -> None:
        """Load model and tokenizer."""
        check(config.folder)
        with skip_unused_imports():  # half a second of a start-up that is longer than the sampling
            import torch
            from safetensors import SafetensorError
            from transformers import AutoTokenizer
            from transformers.utils import logging

            from passk.models.image_inputs import ImageEncoder
            from passk.models.loading import load
        logging.disable_progress_bar()  # the stage has a bar of its own
        self.config = config
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model: Any = load(config.folder, config.dtype)
        except SafetensorError as error:
            raise CheckpointError(
                f"{config.folder}: damaged weights ({error}); delete the folder and run "
                "`dvc checkout`, or the model's stage again"
            ) from error
        self.model = model.to(device)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(config.folder, local_files_only=True)
        self.encoder = ImageEncoder.of(config.folder)

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks; a block's bytes depend on the block alone."""
        from passk.sampling.steploop import DecodingConfig, Request, generate_each
        from passk.sampling.tokens import find_end_tokens

        config = self.config
        declared = getattr(self.model.generation_config, "eos_token_id", None)
        decoding = DecodingConfig(
            config.temperature,
            config.top_p,
            config.max_new_tokens,
            eos_ids=find_end_tokens(declared, self.tokenizer),
            rows=config.rows,
        )
        # Requests share the work on a prompt where they share the very object of its image.
        digests = dict.fromkeys(block.image for block in blocks)
        images = {image_digest: self._encode_image(image_digest) for image_digest in digests}
        prompts = {
            (block.prompt, block.image): self._encode(block.prompt, images[block.image])
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

    def _encode_image(self, image_digest: str | None) -> "ImageInputs | None":
        if image_digest is None:
            return None
        if self.encoder is None:
            from passk.models.image_inputs import VisionError

            raise VisionError(
                f"{self.config.folder}: this model takes no images; use one that does"
            )
        return self.encoder.encode(self.config.images[image_digest])

    def _encode(self, prompt: str, image: "ImageInputs | None") -> list[int]:
        ids: list[int] = self.tokenizer.encode(prompt, add_special_tokens=self.config.plain)
        if image is None or self.encoder is None:
            return ids
        return self.encoder.expand(ids, image.tokens)

    def _make_samples(self, block: Block, drawn: "list[Drawn]") -> list[Sample]:
        # Samples that agree share one array, and so one text.
        arrays = {id(sample.token_ids): sample.token_ids for sample in drawn}
        decoded = self.tokenizer.batch_decode(list(arrays.values()), skip_special_tokens=True)
        texts = dict(zip(arrays, decoded, strict=True))
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
        self.config = config

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to tasks, all in one run of the step loop."""
        from passk.sampling.steploop import DecodingConfig, Request, generate
        from passk.sampling.tokens import find_end_tokens

        config = self.config
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
            eos_ids=find_end_tokens(declared, config.tokenizer),
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
    cached_rows=lambda rows, passes: min(rows, _ROLLOUT_ROWS),
)
