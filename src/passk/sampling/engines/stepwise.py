"""The `step_loop` engine: a Hugging Face model run by the step loop of this project."""

from collections.abc import Iterator, Sequence
from typing import Any

from passk.models.optional_imports import lean_imports
from passk.sampling.blocks import Block, Sample
from passk.sampling.checkpoint import CheckpointError, check
from passk.sampling.engines.protocol import Order, Progress

with lean_imports():  # half a second of a start-up that is longer than the sampling
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer
    from transformers.utils import logging

    from passk.models.image_inputs import Eye, Seen, VisionError
    from passk.models.loading import load
    from passk.sampling.steploop import Drawn, Request, Settings, completed


class Stepwise:
    """A model of the transformers library; on a GPU where there is one."""

    def __init__(self, order: Order) -> None:
        """Load model and tokenizer."""
        check(order.folder)
        logging.disable_progress_bar()  # the stage has a bar of its own
        self.order = order
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model: Any = load(order.folder, order.dtype)
        except SafetensorError as error:
            raise CheckpointError(
                f"{order.folder}: damaged weights ({error}); delete the folder and run "
                "`dvc checkout`, or the model's stage again"
            ) from error
        self.model = model.to(device)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(order.folder, local_files_only=True)
        self.eye = Eye.of(order.folder)

    def draw(
        self, blocks: Sequence[Block], progress: Progress
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks; a block's bytes depend on the block alone."""
        order = self.order
        settings = Settings(
            order.temperature,
            order.top_p,
            order.max_new_tokens,
            eos_ids=end_tokens(self.model.generation_config, self.tokenizer),
            rows=order.rows,
        )
        images = dict.fromkeys(block.image for block in blocks)
        seen: dict[str | None, Seen | None] = {image: self._seen(image) for image in images}
        prompts = {
            (block.prompt, block.image): self._encoded(block.prompt, seen[block.image])
            for block in blocks
        }
        requests = [
            Request(prompts[one.prompt, one.image], one.stream, one.indices, seen[one.image])
            for one in blocks
        ]
        for place, drawn in completed(self.model, requests, settings, progress):
            yield blocks[place], self._samples(blocks[place], drawn)

    def _seen(self, image: str | None) -> Seen | None:
        if image is None:
            return None
        if self.eye is None:
            raise VisionError(
                f"{self.order.folder}: this model takes no pictures; use one that does"
            )
        return self.eye.look(self.order.pictures[image])

    def _encoded(self, prompt: str, seen: Seen | None) -> list[int]:
        ids: list[int] = self.tokenizer.encode(prompt, add_special_tokens=self.order.plain)
        return ids if seen is None or self.eye is None else self.eye.expand(ids, seen.tokens)

    def _samples(self, block: Block, drawn: list[Drawn]) -> list[Sample]:
        # Samples that agree share one array, and so one text.
        arrays = {id(one.token_ids): one.token_ids for one in drawn}
        texts = self.tokenizer.batch_decode(list(arrays.values()), skip_special_tokens=True)
        spoken = dict(zip(arrays, texts, strict=True))
        return [
            Sample(
                index,
                one.stream,
                spoken[id(one.token_ids)],
                one.token_ids,
                one.finish_reason,
                one.sum_logprob,
                one.mean_entropy,
                one.token_logprobs,
            )
            for index, one in zip(block.indices, drawn, strict=True)
        ]


def end_tokens(generation: Any, tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Every token that ends an answer: the tokenizer's, and those that the model declares."""
    declared = getattr(generation, "eos_token_id", None)
    listed = declared if isinstance(declared, list) else [declared]
    return tuple(sorted({int(i) for i in (tokenizer.eos_token_id, *listed) if i is not None}))
