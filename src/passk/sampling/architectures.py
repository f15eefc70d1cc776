"""What the step loop computes rightly, told from a model's configuration before any work.

The step loop keeps the keys and values of all tokens, and each token sees all before it. A model
that sees a window or a chunk of them, or keeps a state in their place, would be sampled from a
wrong distribution. Sequences that fit into the window are the same as without one. What no
configuration tells, `passk.sampling.self_check` finds when a model is loaded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_KINDS = {"full_attention", "attention", "sliding_attention", "chunked_attention"}
# Keys of layers that keep a state: Mamba, RWKV, and the linear layers of hybrids.
_STATES = (
    "state_size", "ssm_cfg", "mamba_d_state", "ssm_state_size", "linear_num_key_heads",
    "rwkv", "lru_width",
)  # fmt: skip
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")
REMEDY = "use `engine: generate` or `engine: vllm`"

Configuration = Mapping[str, Any]  # a checkpoint's config.json


def text_part(config: Configuration) -> Configuration:
    """The configuration of the decoder: of a model that takes images, a part of the whole."""
    part = config.get("text_config")
    return part if isinstance(part, Mapping) else config


def longest_sequence(config: Configuration) -> int | None:
    """Positions of a model; None where its configuration does not say.

    Example:
        >>> longest_sequence({"text_config": {"max_position_embeddings": 4096}})
        4096
    """
    text = text_part(config)
    lengths = [text[key] for key in _LENGTHS if isinstance(text.get(key), int)]
    return lengths[0] if lengths else None


def find_objection(config: Configuration, context: int | None = None) -> str | None:
    """Why the step loop would sample a model wrongly, with the remedy; None where it does not.

    Args:
        config: of the checkpoint.
        context: longest sequence that is asked for; None: the model's own.

    Example:
        >>> find_objection({"sliding_window": 4096, "max_position_embeddings": 32768})[:52]
        'each token sees the last 4096 alone, and the step lo'
        >>> find_objection({"sliding_window": 4096, "max_position_embeddings": 32768}, 4096)
    """
    text = text_part(config)
    if kinds := _find_states(text):
        return f"layers that keep a state ({', '.join(kinds)}), not keys and values; {REMEDY}"
    longest = context or longest_sequence(config)
    for tokens, reason in _find_limits(text):
        if longest is None or longest > tokens:
            return (
                f"{reason}, and the step loop computes full attention; {REMEDY}, or set "
                f"`context: {tokens}`, up to which the two are the same"
            )
    return None


def _find_states(text: Configuration) -> list[str]:
    """Kinds of layers that have no keys and values, or the keys that speak of such."""
    kinds = set(text.get("layer_types") or text.get("layers_block_type") or ()) - _KINDS
    return sorted(kinds) or [key for key in _STATES if text.get(key)]


def _find_limits(text: Configuration) -> Iterator[tuple[int, str]]:
    """Lengths up to which a model is one with full attention, and what it does beyond."""
    kinds = text.get("layer_types")
    window = text.get("sliding_window")
    if window and _uses_window(text) and (not kinds or "sliding_attention" in kinds):
        yield int(window), f"each token sees the last {window} alone"
    chunk = text.get("attention_chunk_size")
    if chunk and (not kinds or "chunked_attention" in kinds):
        yield int(chunk), f"each token sees its chunk of {chunk} alone"
    rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
    kind = rope.get("rope_type") or rope.get("type")
    if kind in ("dynamic", "longrope"):
        original = rope.get("original_max_position_embeddings") or text.get(
            "original_max_position_embeddings"
        )
        if tokens := original or longest_sequence(text):
            yield int(tokens), f"positions change with the length beyond {tokens} ({kind})"


def _uses_window(text: Configuration) -> bool:
    """Whether a window that is given is in use: Qwen2 gives one and leaves it out."""
    if text.get("use_sliding_window") is False:
        return False
    first = text.get("max_window_layers") if not text.get("layer_types") else None
    return first is None or first < text.get("num_hidden_layers", first + 1)
