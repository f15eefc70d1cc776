"""The `vllm` engine. vLLM lives in an environment of its own; nothing else imports this module.

1. Each sample is a request of its own (n=1) with its own hashed seed. vLLM gives the children of
   one request seed+index, so that requests with near seeds would share streams.
2. vLLM batches as requests come, so that a block that is drawn again need not have the same
   bytes: a finished block is never drawn again, and samples that are held are kept.
3. Log-probabilities are raw ones: temperature 1, untruncated. Entropies are not to be had.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from passk.core.images import opened
from passk.sampling.blocks import Block, Sample
from passk.sampling.checkpoint import check, takes_pictures
from passk.sampling.engines.protocol import Order, Progress
from passk.sampling.streams import sample_streams

_BLOCKS_AT_ONCE = 32  # handed to vLLM together; what a kill loses at most


class Served:
    """A model loaded by vLLM."""

    def __init__(self, order: Order) -> None:
        """Start vLLM on the checkpoint; tens of seconds."""
        check(order.folder)
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")  # GiB; without effect on a GPU
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        from vllm import LLM, SamplingParams
        from vllm.platforms import current_platform

        self.order = order
        self.parameters = SamplingParams
        self.model: Any = LLM(
            model=str(order.folder),
            dtype=order.dtype,
            seed=0,
            max_num_seqs=order.rows,
            enforce_eager=current_platform.is_cpu(),  # compilation takes minutes there
            logprobs_mode="raw_logprobs",
            generation_config="vllm",  # the folder's own would add sampling parameters
            **({"limit_mm_per_prompt": {"image": 1}} if takes_pictures(order.folder) else {}),
        )
        self.tokenizer: Any = self.model.get_tokenizer()
        generation = self.model.llm_engine.model_config.try_get_generation_config()
        declared = generation.get("eos_token_id")
        self.ends = declared if isinstance(declared, list) else [declared]
        self.ends = sorted({i for i in (*self.ends, self.tokenizer.eos_token_id) if i is not None})

    def draw(
        self, blocks: Sequence[Block], progress: Progress
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks, a few at a time."""
        for first in range(0, len(blocks), _BLOCKS_AT_ONCE):
            batch = blocks[first : first + _BLOCKS_AT_ONCE]
            prompts, parameters = [], []
            for block in batch:
                ids = self.tokenizer.encode(block.prompt, add_special_tokens=self.order.plain)
                asked: dict[str, Any] = {"prompt_token_ids": ids}
                if block.image is not None:  # vLLM expands the one placeholder itself
                    image = opened(self.order.pictures[block.image])
                    asked["multi_modal_data"] = {"image": image}
                for stream in sample_streams(block.stream, list(block.indices)).tolist():
                    prompts.append(asked)
                    parameters.append(self._parameters(stream))
            answers = iter(self.model.generate(prompts, parameters, use_tqdm=False))
            for block in batch:
                streams = sample_streams(block.stream, list(block.indices)).tolist()
                samples = [
                    self._sample(index, stream, next(answers).outputs[0])
                    for index, stream in zip(block.indices, streams, strict=True)
                ]
                progress(len(samples))
                yield block, samples

    def _parameters(self, stream: int) -> Any:  # noqa: ANN401
        order = self.order
        return self.parameters(
            n=1,
            seed=stream if order.temperature > 0 else None,
            temperature=order.temperature,
            top_p=order.top_p,
            max_tokens=order.max_new_tokens,
            stop_token_ids=self.ends,
            logprobs=0,
            skip_special_tokens=True,
        )

    def _sample(self, index: int, stream: int, answer: Any) -> Sample:  # noqa: ANN401
        tokens = np.asarray(answer.token_ids, dtype=np.int32)
        logprobs = np.asarray(
            [
                chances[int(one)].logprob
                for chances, one in zip(answer.logprobs, tokens, strict=True)
            ],
            dtype=np.float32,
        )
        text: str = self.tokenizer.decode(tokens.tolist(), skip_special_tokens=True)
        total = float(logprobs.sum(dtype=np.float64))
        reason = "length" if answer.finish_reason == "length" else "stop"
        return Sample(index, stream, text, tokens, reason, total, None, logprobs)
