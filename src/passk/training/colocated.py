"""Rollouts by vLLM in the training process, as TRL's `colocate` mode has it.

The policy's weights, adapters merged, are written into vLLM's copy before each step's first draw.
TRL's own class gives all requests one seed; here each rollout is a request of its own (n=1) with
its own hashed seed, since vLLM gives the children of one request seed+index.

Entropies are not to be had from vLLM. What stands in their place is each rollout's mean of -log p
of its tokens under the distribution they were drawn from: at top_p 1 an unbiased estimate of the
entropy. Greedy rollouts: under the model's own distribution.

Covered: one GPU per copy (each process has its own). Not covered: tensor parallelism.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from passk.core.digests import seed
from passk.core.images import opened
from passk.sampling.checkpoint import image_token, takes_pictures
from passk.sampling.streams import sample_streams
from passk.training.rollouts import Rollout, Task
from passk.training.settings import Training
from passk.training.weights import merged


class EngineError(ValueError):
    """vLLM cannot be used here; the message names the remedy."""


class Colocated:
    """vLLM's copy of the policy; an `Engine`.

    Args:
        tokenizer: of the start model.
        settings: the arm's parameters.
        identity: what random numbers derive from.
        start: folder of the start model; its weights are overwritten at the first draw.
        length: tokens of the longest prompt and response.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        settings: Training,
        identity: tuple[int | str, ...],
        start: Path,
        length: int,
    ) -> None:
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; without effect on a GPU
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        # In a process of its own the engine's weights would be out of reach.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        try:
            from vllm import LLM, SamplingParams
            from vllm.platforms import current_platform
        except ImportError as error:
            raise EngineError(
                "engine = 'vllm': vLLM is not installed here; `pip install passk[vllm]` on a GPU "
                "machine, or choose engine steploop or transformers"
            ) from error
        assert settings.vllm is not None, "checked by the schema"
        self.tokenizer = tokenizer
        self.settings = settings
        self.identity = identity
        self.parameters = SamplingParams
        self.image_id = image_token(start) if takes_pictures(start) else None
        self.on_processor = current_platform.is_cpu()
        share = {} if self.on_processor else {"gpu_memory_utilization": settings.vllm.memory_share}
        self.model: Any = LLM(
            model=str(start),
            dtype=settings.precision,
            seed=0,
            max_model_len=length,
            max_num_seqs=min(settings.prompts * settings.rollouts, 1024),
            enforce_eager=self.on_processor,  # compilation takes minutes there
            logprobs_mode="processed_logprobs",  # of the distribution that is drawn from
            generation_config="vllm",  # the folder's own would add sampling parameters
            **share,
        )

    def __call__(
        self,
        model: PreTrainedModel,
        tasks: Sequence[Task],
        step: int,
        *,
        stream: str = "rollout",
        greedy: bool = False,
        first: int = 0,
    ) -> list[list[Rollout]]:
        """Rollouts of a policy whose weights are those of `model` now."""
        self.push(model)
        size = 1 if greedy else self.settings.rollouts
        prompts, parameters = [], []
        for place, task in enumerate(tasks, first):
            own = seed(stream, *self.identity, step, place, task.problem_id)
            for one in sample_streams(own, list(range(size))).tolist():
                prompts.append(self._asked(task))
                parameters.append(self._parameters(one, greedy=greedy))
        answers = self.model.generate(prompts, parameters, use_tqdm=False)
        flat = [self._rollout(answer.outputs[0]) for answer in answers]
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    def push(self, model: PreTrainedModel) -> None:
        """Write a policy's weights into vLLM's copy, and forget what was computed with others."""
        # Through vLLM's reloading, which packs weights again where a processor's kernels want it;
        # plain `load_weights`, as TRL has it, fails there.
        self.model.collective_rpc("reload_weights", kwargs={"weights_iterator": merged(model)})
        if self.on_processor:  # it forgets the packed copy of an output layer
            self.model.apply_model(_pack_outputs)
        self.model.reset_prefix_cache()
        if self.image_id is not None:  # nor may it keep what the old vision tower saw
            self.model.llm_engine.reset_encoder_cache()

    def _asked(self, task: Task) -> dict[str, Any]:
        """A prompt as vLLM takes it, which expands a picture's one placeholder by itself."""
        ids = list(task.prompt_ids)
        if task.seen is None:
            return {"prompt_token_ids": ids}
        mark = self.image_id
        once = [token for i, token in enumerate(ids) if token != mark or ids[i - 1] != mark]
        return {"prompt_token_ids": once, "multi_modal_data": {"image": opened(task.seen.png)}}

    def _parameters(self, own: int, *, greedy: bool) -> Any:  # noqa: ANN401
        settings = self.settings
        return self.parameters(
            n=1,
            seed=None if greedy else own,
            temperature=0.0 if greedy else settings.temperature,
            top_p=1.0 if greedy else settings.top_p,
            top_k=0,
            min_p=0.0,
            repetition_penalty=1.0,
            max_tokens=settings.max_new_tokens,
            stop_token_ids=self._ends,
            logprobs=0,
            skip_special_tokens=True,
        )

    @property
    def _ends(self) -> list[int]:
        declared = self.model.llm_engine.model_config.try_get_generation_config()
        listed = declared.get("eos_token_id")
        listed = listed if isinstance(listed, list) else [listed]
        return sorted({int(i) for i in (self.tokenizer.eos_token_id, *listed) if i is not None})

    def _rollout(self, answer: Any) -> Rollout:  # noqa: ANN401
        tokens = list(answer.token_ids)
        surprise = -sum(
            chances[token].logprob for chances, token in zip(answer.logprobs, tokens, strict=True)
        )
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        return Rollout(tokens, str(text), answer.finish_reason == "length", surprise / len(tokens))


def _pack_outputs(model: Any) -> None:  # noqa: ANN401
    """Make anew what vLLM's processor kernels hold of embeddings and output layers."""
    for layer in model.modules():
        if hasattr(layer, "cpu_linear") and hasattr(layer, "num_embeddings"):
            layer.quant_method.process_weights_after_loading(layer)
