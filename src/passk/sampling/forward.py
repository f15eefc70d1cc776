"""The forward passes of the step loop: prefill of a prompt, one step of all rows.

`ModuleDecoder` runs any Hugging Face causal language model with full attention, on any device and
in any precision, through a static cache of slots. `FusedDecoder` runs the same weights of Qwen2,
Llama and Qwen2.5-VL models in float32 on a processor, faster.

A row's numbers must not depend on the other rows. Both decoders keep the shapes of every
operation fixed by (rows, length) and the prompt, and each row attends to its own slot alone.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache, DynamicCache

from passk.models.image_inputs import ImageInputs, find_rotary_positions, make_model_inputs
from passk.sampling.cache import Decoder, Prefix, Slots
from passk.sampling.fused import FusedDecoder, can_fuse


def make_decoder(model: nn.Module, rows: int, length: int) -> Decoder:
    """The fastest decoder that computes this model."""
    return (FusedDecoder if can_fuse(model) else ModuleDecoder)(model, rows, length)


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
        self.shift = torch.zeros(rows, dtype=torch.long, device=self.device)

    def prefill(self, prompt: list[int], image: ImageInputs | None = None) -> tuple[Prefix, Tensor]:
        """Run a prompt alone."""
        cache = DynamicCache()
        ids = torch.tensor([prompt], device=self.device)
        image_tensors: dict[str, Tensor] = {}
        shift = 0
        if image is not None:
            image_tensors = make_model_inputs(ids, [image], self.model.config.image_token_id)
            image_tensors["position_ids"], shifts = find_rotary_positions(
                self.model, ids, image_tensors
            )
            image_tensors["pixel_values"] = image_tensors["pixel_values"].to(self.dtype)
            shift = int(shifts[0])
        logits = self.model(
            input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1, **image_tensors
        ).logits
        layers: list[Any] = list(cache.layers)
        prefix = Prefix(
            torch.stack([layer.keys[0] for layer in layers]),
            torch.stack([layer.values[0] for layer in layers]),
            shift,
        )
        if not self.keys.numel():
            self.keys, self.values = self._make_slots(prefix.keys), self._make_slots(prefix.values)
        return prefix, logits[0, -1:]

    def _make_slots(self, states: Tensor) -> Tensor:
        """Empty slots for keys or values like these of a prompt; the two may differ in size."""
        count, heads, _, size = states.shape
        return states.new_zeros((count, self.rows, heads, self.length, size))

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """One token for every row."""
        mask = torch.zeros(
            len(tokens), 1, 1, len(self.places), dtype=self.dtype, device=self.device
        )
        unseen = self.places > positions[:, None, None, None]
        logits: Tensor = self.model(
            input_ids=tokens[:, None],
            position_ids=(positions + self.shift)[:, None],
            attention_mask=mask.masked_fill_(unseen, self.closed),
            past_key_values=_SlotCache(self.keys, self.values, positions),
            use_cache=True,
        ).logits
        return logits[:, -1]
