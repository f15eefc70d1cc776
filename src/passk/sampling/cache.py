"""The cache of the step loop, and what a decoder must be able to do with it.

Each slot holds the keys and values of one branch of samples. All shapes are fixed; a slot is
written in place, and what lies behind a branch's last token is never attended to.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from passk.models.image_inputs import ImageInputs


@dataclass(frozen=True)
class Prefix:
    """Keys and values of some tokens: (layers, key-value heads, tokens, head size).

    Attributes:
        keys, values: of the tokens.
        shift: rotary position of the next token, less its position in the cache. The tokens of a
            image share positions, so that what follows it stands nearer than their number says.
    """

    keys: Tensor
    values: Tensor
    shift: int = 0

    @property
    def length(self) -> int:
        """How many tokens."""
        return int(self.keys.shape[2])


class Decoder(Protocol):
    """A model with `rows` slots of `length` cache positions; slots are numbered from 0."""

    def prefill(self, prompt: list[int], image: ImageInputs | None = None) -> tuple[Prefix, Tensor]:
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
    """The cache of all slots: keys and values (layers, rows, key-value heads, length, size).

    `shift`, (rows,), is that of the prefix in each slot.
    """

    keys: Tensor
    values: Tensor
    shift: Tensor

    def admit(self, slots: Tensor, prefix: Prefix) -> None:
        """Put a prefix into slots; what lies behind it is never attended to."""
        self.shift[slots] = prefix.shift
        self.keys[:, slots, :, : prefix.length] = prefix.keys[:, None]
        self.values[:, slots, :, : prefix.length] = prefix.values[:, None]

    def fork(self, source: Tensor, target: Tensor, length: int) -> None:
        """Copy slots to other slots."""
        self.shift[target] = self.shift[source]
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]

    def take(self, slot: int, length: int) -> Prefix:
        """A copy of a slot's first positions."""
        keys, values = self.keys[:, slot, :, :length], self.values[:, slot, :, :length]
        return Prefix(keys.clone(), values.clone(), int(self.shift[slot]))

    def keep(self, slots: Tensor) -> None:
        """Go on with these slots only."""
        self.keys, self.values = self.keys[:, slots], self.values[:, slots]
        self.shift = self.shift[slots]
