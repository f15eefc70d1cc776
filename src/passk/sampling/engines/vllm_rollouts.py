"""Rollouts by vLLM in the training process, as TRL's `colocate` mode has it.

1. Each rollout is a request of its own (n=1) with its own hashed seed: TRL's own class gives all
   requests one seed.
2. Entropies are not to be had. In their place a rollout has its mean of -log p of its tokens under
   the distribution they were drawn from: at top_p 1 an unbiased estimate of the entropy. Greedy
   rollouts: under the model's own distribution.
3. The policy's weights, adapters merged, are written into vLLM's copy before each step's first
   draw; so the trainer runs in vLLM's environment.

Covered: one GPU per copy (each process has its own). Not covered: tensor parallelism.
"""

import os
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from passk.core.images import decode
from passk.sampling.checkpoint import read_image_token, takes_images
from passk.sampling.engines.engine import EngineOptions
from passk.sampling.engines.process import EngineError
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutPrompt, RolloutRequest
from passk.sampling.streams import derive_streams

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def _prepare(cache_gib: int) -> Any:  # noqa: ANN401
    """Set vLLM up for this process and import it; raises EngineError where it is missing."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(cache_gib))  # without effect on a GPU
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    try:
        import vllm
    except ImportError as error:
        raise EngineError(
            "engine = 'vllm': training with it runs in vLLM's environment, and this one has none; "
            "run the study's train stages with the Python that `make setup-vllm` makes, or "
            "choose another engine"
        ) from error
    return vllm


def _runs_on_processor() -> bool:
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def _find_end_tokens(model: Any, tokenizer: Any) -> list[int]:  # noqa: ANN401
    """Every token that ends a response: the tokenizer's, and those that the model declares."""
    from passk.sampling.ends import as_ids, join_ends

    generation = model.llm_engine.model_config.try_get_generation_config()
    return list(join_ends(as_ids(generation.get("eos_token_id")), tokenizer))


class VllmOptions(EngineOptions):
    """Rollouts by vLLM in the training process (TRL's `colocate`)."""

    memory_share: float = Field(0.3, gt=0, le=1, description="Share of the GPU's memory for vLLM.")
    tensor_parallel: int = Field(1, description="GPUs that hold one copy for rollouts; 1.")

    @field_validator("tensor_parallel")
    @classmethod
    def _has_one_gpu(cls, count: int) -> int:
        if count != 1:
            raise ValueError(
                f"tensor_parallel = {count}: not supported; each process has a copy of the model "
                "on its own GPU, so set it to 1"
            )
        return count

    def gpu_share(self) -> float:
        """What vLLM reserves."""
        return self.memory_share


class VllmRollouts:
    """vLLM's copy of a policy, to draw an arm's rollouts; a `RolloutSampler`.

    The start model's weights are overwritten at the first draw.
    """

    def __init__(self, config: RolloutConfig) -> None:
        """Start vLLM on the start model; tens of seconds."""
        # In a process of its own the engine's weights would be out of reach.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        vllm = _prepare(cache_gib=1)
        self.config = config
        self.parameters = vllm.SamplingParams
        self.image_id = read_image_token(config.start) if takes_images(config.start) else None
        self.on_processor = _runs_on_processor()
        options = config.options
        assert isinstance(options, VllmOptions), "checked by the schema"
        share = {} if self.on_processor else {"gpu_memory_utilization": options.memory_share}
        self.model: Any = vllm.LLM(
            model=str(config.start),
            dtype=config.dtype,
            seed=0,
            max_model_len=config.length,
            max_num_seqs=min(config.prompts * config.rollouts, 1024),
            enforce_eager=self.on_processor,  # compilation takes minutes there
            logprobs_mode="processed_logprobs",  # of the distribution that is drawn from
            generation_config="vllm",  # the folder's own would add sampling parameters
            **share,
        )
        self.ends = _find_end_tokens(self.model, config.tokenizer)

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Rollouts of a policy whose weights are those of `model` now."""
        self.push(model)
        size = request.group_size(self.config.rollouts)
        prompts, parameters = [], []
        seeds = request.task_seeds(self.config.identity)
        for task, task_seed in zip(request.tasks, seeds, strict=True):
            for stream in derive_streams(task_seed, list(range(size))).tolist():
                prompts.append(self._prompt(task))
                parameters.append(self._parameters(stream, greedy=request.greedy))
        answers = self.model.generate(prompts, parameters, use_tqdm=False)
        flat = [self._rollout(answer.outputs[0]) for answer in answers]
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    def push(self, model: "PreTrainedModel") -> None:
        """Write a policy's weights into vLLM's copy, and forget what was computed with others."""
        from passk.models.policy_weights import merge_weights

        # Through vLLM's reloading, which packs weights again where a processor's kernels want it;
        # plain `load_weights`, as TRL has it, fails there.
        self.model.collective_rpc(
            "reload_weights", kwargs={"weights_iterator": merge_weights(model)}
        )
        if self.on_processor:  # it forgets the packed copy of an output layer
            self.model.apply_model(_pack_outputs)
        self.model.reset_prefix_cache()
        if self.image_id is not None:  # nor may it keep what the old vision tower encoded
            self.model.llm_engine.reset_encoder_cache()

    def _prompt(self, task: RolloutPrompt) -> dict[str, Any]:
        """A prompt as vLLM takes it, which expands an image's one placeholder by itself."""
        ids = list(task.prompt_ids)
        if task.image is None:
            return {"prompt_token_ids": ids}
        image_id = self.image_id
        unexpanded = [
            token for i, token in enumerate(ids) if token != image_id or ids[i - 1] != image_id
        ]
        return {
            "prompt_token_ids": unexpanded,
            "multi_modal_data": {"image": decode(task.image.png)},
        }

    def _parameters(self, stream: int, *, greedy: bool) -> Any:  # noqa: ANN401
        config = self.config
        return self.parameters(
            n=1,
            seed=None if greedy else stream,
            temperature=0.0 if greedy else config.temperature,
            top_p=1.0 if greedy else config.top_p,
            top_k=0,
            min_p=0.0,
            repetition_penalty=1.0,
            max_tokens=config.max_new_tokens,
            stop_token_ids=self.ends,
            logprobs=0,
            skip_special_tokens=True,
        )

    def _rollout(self, answer: Any) -> Rollout:  # noqa: ANN401
        tokens = list(answer.token_ids)
        surprise = -sum(
            chances[token].logprob for chances, token in zip(answer.logprobs, tokens, strict=True)
        )
        text = self.config.tokenizer.decode(tokens, skip_special_tokens=True)
        return Rollout(tokens, str(text), answer.finish_reason == "length", surprise / len(tokens))


def _pack_outputs(model: Any) -> None:  # noqa: ANN401
    """Make anew what vLLM's processor kernels hold of embeddings and output layers."""
    for layer in model.modules():
        if hasattr(layer, "cpu_linear") and hasattr(layer, "num_embeddings"):
            layer.quant_method.process_weights_after_loading(layer)
