"""The forward passes of the step loop: prefill of a prompt, one step of all rows.

Two decoders share one protocol. `ModuleDecoder` runs any Hugging Face causal language model with
full attention, on any device, through a static cache of slots. `FusedDecoder` runs the same
weights of Qwen2 and Llama models with fewer and larger operations; on one processor thread it is
several times faster for models of a few million parameters.

A row's numbers must not depend on the other rows. Both decoders keep the shapes of every
operation fixed by (rows, length) and the prompt, and each row attends to its own slot alone.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu
from transformers.cache_utils import Cache, DynamicCache


@dataclass(frozen=True)
class Prefix:
    """Keys and values of some tokens: (layers, key-value heads, tokens, head size)."""

    keys: Tensor
    values: Tensor

    @property
    def length(self) -> int:
        """How many tokens."""
        return int(self.keys.shape[2])


class Decoder(Protocol):
    """A model with `rows` slots of `length` cache positions; slots are numbered from 0."""

    def prefill(self, prompt: list[int]) -> tuple[Prefix, Tensor]:
        """Run a prompt alone; its share of the cache, and logits (1, vocabulary) behind it."""

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Append tokens (rows,) at positions (rows,); return logits (rows, vocabulary)."""

    def admit(self, slots: Tensor, prefix: Prefix) -> None:
        """Put a prefix into slots."""

    def fork(self, source: Tensor, target: Tensor, length: int) -> None:
        """Copy slots to other slots, the first `length` positions."""

    def take(self, slot: int, length: int) -> Prefix:
        """A copy of a slot's first `length` positions."""

    def keep(self, slots: Tensor) -> None:
        """Go on with these slots only, renumbered from 0."""


class Slots:
    """The cache of all slots: keys and values (layers, rows, key-value heads, length, size)."""

    keys: Tensor
    values: Tensor

    def admit(self, slots: Tensor, prefix: Prefix) -> None:
        """Put a prefix into slots; what lies behind it is never attended to."""
        self.keys[:, slots, :, : prefix.length] = prefix.keys[:, None]
        self.values[:, slots, :, : prefix.length] = prefix.values[:, None]

    def fork(self, source: Tensor, target: Tensor, length: int) -> None:
        """Copy slots to other slots."""
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]

    def take(self, slot: int, length: int) -> Prefix:
        """A copy of a slot's first positions."""
        keys, values = self.keys[:, slot, :, :length], self.values[:, slot, :, :length]
        return Prefix(keys.clone(), values.clone())

    def keep(self, slots: Tensor) -> None:
        """Go on with these slots only."""
        self.keys, self.values = self.keys[:, slots], self.values[:, slots]


def decoder(model: nn.Module, rows: int, length: int) -> Decoder:
    """The fastest decoder that computes this model."""
    return (FusedDecoder if fusable(model) else ModuleDecoder)(model, rows, length)


def fusable(model: nn.Module) -> bool:
    """Whether FusedDecoder computes this model: Qwen2 or Llama, float32, processor, plain."""
    config: Any = model.config
    weight = next(model.parameters())
    layers = getattr(config, "layer_types", None) or ["full_attention"]
    return (
        config.model_type in ("qwen2", "llama")
        and config.hidden_act == "silu"
        and weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and set(layers) == {"full_attention"}
        and not getattr(config, "mlp_bias", False)
        and config.rope_parameters["rope_type"] not in ("dynamic", "longrope")
        and all(type(part) is nn.Linear for part in model.modules() if hasattr(part, "in_features"))
    )


@dataclass(frozen=True)
class _Layer:
    """Weights of one layer, joined so that each product reads its input once."""

    norm_in: Tensor
    qkv: Tensor
    qkv_bias: Tensor | None
    out: Tensor
    out_bias: Tensor | None
    norm_mid: Tensor
    gate_up: Tensor
    down: Tensor


def _layer(part: Any, scale: float, queries: int) -> _Layer:  # noqa: ANN401
    attention, mlp = part.self_attn, part.mlp
    three = (attention.q_proj, attention.k_proj, attention.v_proj)
    qkv = torch.cat([one.weight for one in three])
    bias = torch.cat([one.bias for one in three]) if three[0].bias is not None else None
    # Queries are scaled once here, not the scores at every step.
    qkv[:queries] *= scale
    if bias is not None:
        bias[:queries] *= scale
    return _Layer(
        part.input_layernorm.weight,
        qkv,
        bias,
        attention.o_proj.weight,
        attention.o_proj.bias,
        part.post_attention_layernorm.weight,
        torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]),
        mlp.down_proj.weight,
    )


class FusedDecoder(Slots):
    """Qwen2 and Llama in float32 on the processor; logits equal the module's within 1e-5."""

    def __init__(self, model: nn.Module, rows: int, length: int) -> None:
        """Join the weights as they are now; make anew after the model has changed."""
        whole: Any = model
        config, body = whole.config, whole.model
        self.heads = config.num_attention_heads
        self.kv_heads = config.num_key_value_heads
        self.size = getattr(config, "head_dim", None) or config.hidden_size // self.heads
        self.hidden = (config.hidden_size,)
        self.epsilon = config.rms_norm_eps
        self.embedding = body.embed_tokens.weight
        self.norm = body.norm.weight
        self.head, self.head_bias = whole.lm_head.weight, whole.lm_head.bias
        scaling, queries = body.layers[0].self_attn.scaling, self.heads * self.size
        self.layers = [_layer(part, scaling, queries) for part in body.layers]
        cos, sin = body.rotary_emb(self.embedding, torch.arange(length)[None])
        half = self.size // 2
        self.cos, self.sin = (
            cos[0, :, None, :half].contiguous(),
            sin[0, :, None, :half].contiguous(),
        )
        self.keys = torch.zeros(len(self.layers), rows, self.kv_heads, length, self.size)
        self.values = torch.zeros_like(self.keys)
        self.places = torch.arange(length)

    def _rotate(self, states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotary embedding of states (tokens, heads, size); cos, sin: (tokens, 1, size / 2)."""
        first, second = states.chunk(2, dim=-1)
        return torch.cat(
            (
                torch.addcmul(first * cos, second, sin, value=-1),
                torch.addcmul(second * cos, first, sin),
            ),
            dim=-1,
        )

    def _project(
        self, layer: _Layer, x: Tensor, cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys, values (tokens, heads, size); queries are scaled."""
        states = rms_norm(x, self.hidden, layer.norm_in, self.epsilon)
        heads = linear(states, layer.qkv, layer.qkv_bias).view(len(x), -1, self.size)
        turned = self._rotate(heads[:, : self.heads + self.kv_heads], cos, sin)
        return (
            turned[:, : self.heads],
            turned[:, self.heads :],
            heads[:, self.heads + self.kv_heads :],
        )

    def _close(self, layer: _Layer, x: Tensor, attended: Tensor) -> Tensor:
        """Everything of a layer behind its attention; attended: (tokens, heads x size)."""
        x = x + linear(attended, layer.out, layer.out_bias)
        states = rms_norm(x, self.hidden, layer.norm_mid, self.epsilon)
        gate, up = linear(states, layer.gate_up).chunk(2, dim=-1)
        return x + linear(silu(gate) * up, layer.down)

    def _logits(self, x: Tensor) -> Tensor:
        return linear(rms_norm(x, self.hidden, self.norm, self.epsilon), self.head, self.head_bias)

    def prefill(self, prompt: list[int]) -> tuple[Prefix, Tensor]:
        """Run a prompt alone."""
        x = self.embedding[torch.tensor(prompt)]
        cos, sin = self.cos[: len(prompt)], self.sin[: len(prompt)]
        keys, values = [], []
        for layer in self.layers:
            q, k, v = (part.transpose(0, 1) for part in self._project(layer, x, cos, sin))
            attended = scaled_dot_product_attention(
                q[None], k[None], v[None], is_causal=True, scale=1.0,
                enable_gqa=self.heads != self.kv_heads,
            )[0]  # fmt: skip
            x = self._close(layer, x, attended.transpose(0, 1).reshape(len(x), -1))
            keys.append(k)
            values.append(v)
        return Prefix(torch.stack(keys), torch.stack(values)), self._logits(x[-1:])

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """One token for every row."""
        rows, groups = len(tokens), self.heads // self.kv_heads
        slots, unseen = torch.arange(rows), self.places > positions[:, None, None]
        mask = torch.zeros(rows, self.kv_heads, groups, len(self.places))
        mask = mask.masked_fill_(unseen[:, None], -torch.inf).flatten(0, 1)
        x, cos, sin = self.embedding[tokens], self.cos[positions], self.sin[positions]
        for layer, keys, values in zip(self.layers, self.keys, self.values, strict=True):
            q, k, v = self._project(layer, x, cos, sin)
            keys[slots, :, positions] = k
            values[slots, :, positions] = v
            q = q.reshape(rows * self.kv_heads, groups, self.size)
            scores = torch.baddbmm(mask, q, keys.flatten(0, 1).transpose(1, 2))
            attended = scores.softmax(-1).bmm(values.flatten(0, 1))
            x = self._close(layer, x, attended.view(rows, -1))
        return self._logits(x)


class _SlotCache(Cache):
    """A static cache whose rows stand at different positions; written in place."""

    def __init__(self, keys: Tensor, values: Tensor, positions: Tensor) -> None:
        # The layers' own machinery (lazy growth, sequence lengths) is not used.
        super().__init__(layers=[])
        self.keys, self.values = keys, values
        self.slots = torch.arange(keys.shape[1], device=keys.device)
        self.positions = positions

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Write (rows, heads, 1, size) at each row's position; return the layer's slots."""
        self.keys[layer_idx][self.slots, :, self.positions] = key_states[:, :, 0]
        self.values[layer_idx][self.slots, :, self.positions] = value_states[:, :, 0]
        return self.keys[layer_idx], self.values[layer_idx]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Unused: positions are given to the model explicitly."""
        return 0


class ModuleDecoder(Slots):
    """Any causal language model with full attention, through its own forward pass."""

    def __init__(self, model: nn.Module, rows: int, length: int) -> None:
        """The cache is made at the first prefill, whose shapes say how large."""
        self.model: Any = model
        self.rows, self.length = rows, length
        weight = next(model.parameters())
        self.device, self.dtype = weight.device, weight.dtype
        self.places = torch.arange(length, device=self.device)
        # Added to the scores, which is what every attention implementation takes.
        self.closed = torch.finfo(self.dtype).min
        self.keys = self.values = torch.empty(0)

    def prefill(self, prompt: list[int]) -> tuple[Prefix, Tensor]:
        """Run a prompt alone."""
        cache = DynamicCache()
        ids = torch.tensor([prompt], device=self.device)
        logits = self.model(
            input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1
        ).logits
        layers: list[Any] = list(cache.layers)
        prefix = Prefix(
            torch.stack([layer.keys[0] for layer in layers]),
            torch.stack([layer.values[0] for layer in layers]),
        )
        if not self.keys.numel():
            count, heads, _, size = prefix.keys.shape
            self.keys = prefix.keys.new_zeros((count, self.rows, heads, self.length, size))
            self.values = torch.zeros_like(self.keys)
        return prefix, logits[0, -1:]

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """One token for every row."""
        mask = torch.zeros(
            len(tokens), 1, 1, len(self.places), dtype=self.dtype, device=self.device
        )
        unseen = self.places > positions[:, None, None, None]
        logits: Tensor = self.model(
            input_ids=tokens[:, None],
            position_ids=positions[:, None],
            attention_mask=mask.masked_fill_(unseen, self.closed),
            past_key_values=_SlotCache(self.keys, self.values, positions),
            use_cache=True,
        ).logits
        return logits[:, -1]
