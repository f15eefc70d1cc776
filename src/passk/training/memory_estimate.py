"""How much memory an arm takes, estimated from shapes alone.

Counted, in bytes: weights, gradients, AdamW's two moments, the copies that an arm keeps, the
key-value cache of rollouts, what one forward pass of the loss keeps for its backward pass, a
critic, and the weights and the cache of an engine that has its own (vLLM). Coarse on purpose (a
factor of two), since allocators, kernels and response lengths are not known beforehand: every
response is taken to be as long as it may be.
"""

from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from passk.sampling.engines.registry import ENGINES
from passk.training.settings import Training

_GIB = 2**30
ENGINE_PARTS = ("engine's weights", "engine's cache")
# What vLLM takes for its cache on a processor; see `passk.sampling.engines.vllm`.
_PROCESSOR_CACHE = _GIB
# Python, torch and the libraries, before a model is loaded: measured 0.6 GiB on a processor.
_PROCESS = 0.7 * _GIB


class FitError(ValueError):
    """An arm does not fit; the message names the parameters and what would fit."""


@dataclass(frozen=True)
class ModelShape:
    """What of a model decides how much memory it takes.

    Attributes:
        parameters: weights.
        trained: weights that are trained.
        layers, width, feed_forward, vocabulary: of the decoder.
        cached: numbers per token and layer in the key-value cache.
    """

    parameters: int
    trained: int
    layers: int
    width: int
    feed_forward: int
    vocabulary: int
    cached: int


def measure_shape(model: PreTrainedModel, settings: Training) -> ModelShape:
    """The shape of a start model under an arm's settings."""
    config = model.config.get_text_config()
    heads = config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    groups = getattr(config, "num_key_value_heads", None) or heads
    parameters = model.num_parameters()
    return ModelShape(
        parameters=parameters,
        trained=_count_adapter_weights(model, settings) if settings.lora else parameters,
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        feed_forward=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        vocabulary=config.vocab_size,
        cached=2 * groups * head,
    )


def _count_adapter_weights(model: PreTrainedModel, settings: Training) -> int:
    """Weights of the adapters."""
    assert settings.lora is not None
    all_linear = settings.lora.targets == ["all-linear"]
    output = model.get_output_embeddings()
    adapted_layers = [
        layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and layer is not output
        and (all_linear or name.rpartition(".")[2] in settings.lora.targets)
    ]  # fmt: skip
    if not adapted_layers:
        raise FitError(
            f"lora.targets = {settings.lora.targets}: the start model has no such layers; it has "
            + ", ".join(sorted({name.rpartition(".")[2] for name, layer in model.named_modules()
                                if isinstance(layer, nn.Linear)}))
        )  # fmt: skip
    return sum(
        settings.lora.rank * (layer.in_features + layer.out_features) for layer in adapted_layers
    )


def estimate_bytes(shape: ModelShape, settings: Training, length: int) -> dict[str, float]:
    """Bytes by what they are for, in each process of an arm.

    Args:
        shape: of the start model.
        settings: the arm's parameters.
        length: tokens of the longest prompt and response.
    """
    is_half = settings.precision == "bfloat16"
    frozen = shape.parameters - shape.trained if settings.lora else 0
    number_size = 2 if is_half else 4  # bytes of a number that is computed with
    sizes: dict[str, float] = {"weights": frozen * number_size + (shape.parameters - frozen) * 4}
    sizes["gradients and AdamW"] = shape.trained * 12
    # Gradients are averaged in buffers of their size.
    sizes["gradients' exchange"] = shape.trained * 4 * (settings.processes > 1)
    copies = 0
    if settings.lora is None:
        copies += 4 * (bool(settings.kl_every) + (settings.beta > 0))
    engine = ENGINES[settings.engine]
    if not engine.has_own_weights and (settings.lora or is_half):
        copies += number_size
    sizes["copies of the model"] = shape.parameters * copies
    rows = settings.prompts * settings.rollouts / settings.processes
    cached = engine.cached_rows(rows, settings.gradient_accumulation)
    cache = cached * length * shape.layers * shape.cached
    sizes["rollouts' cache"] = cache * number_size
    rows_per_pass = rows / settings.minibatches / settings.gradient_accumulation
    tokens = rows_per_pass * length
    per_layer = 14 * shape.width + 4 * shape.feed_forward
    activations = tokens * (
        shape.layers * shape.width + per_layer
        if settings.gradient_checkpointing
        else shape.layers * per_layer
    )
    sizes["activations"] = activations * number_size
    sizes["critic"] = 0
    if (critic := settings.algorithm.critic()) is not None:
        # Weights and optimizer; a minibatch of the critic is one backward pass, never recomputed.
        graph = (
            settings.prompts
            * settings.rollouts
            / critic.minibatches
            * length
            * shape.layers
            * per_layer
            * number_size
        )
        sizes["critic"] = shape.parameters * 16 + graph
    # Shared prompts keep the log-probabilities of the whole vocabulary for the backward pass, and
    # a chunk's logits and their gradients besides; TRL's own pass goes through them in pieces.
    answers = rows_per_pass * settings.max_new_tokens * settings.share_prompts
    chunk = (
        min(settings.forward_rows, rows_per_pass) * settings.max_new_tokens * settings.share_prompts
    )
    sizes["logits"] = (answers * 2 + chunk * 2) * shape.vocabulary * 4
    sizes |= _estimate_engine(shape, settings, length, number_size)
    sizes["process"] = 0 if torch.cuda.is_available() else _PROCESS
    return sizes


def _estimate_engine(
    shape: ModelShape, settings: Training, length: int, number_size: int
) -> dict[str, float]:
    """What an engine with weights of its own holds at least: them, and one response's cache."""
    if not ENGINES[settings.engine].has_own_weights:
        return dict.fromkeys(ENGINE_PARTS, 0.0)
    cache = length * shape.layers * shape.cached * number_size
    if not torch.cuda.is_available():
        cache = max(cache, _PROCESSOR_CACHE)
    return dict(zip(ENGINE_PARTS, (shape.parameters * number_size, cache), strict=True))
