"""PrefixTree of the step loop: samples that agree so far share a slot and its work.

A branch is a set of samples with one token sequence. Each step runs one token of every branch
that has a slot, and lets each of its samples draw with its own random number. Where they differ,
the branch splits; where they draw an end, they are done. A branch that finds no free slot waits
with a copy of its keys and values, so that its numbers are those of an undisturbed run.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from passk.models.image_inputs import ImageInputs
from passk.sampling.cache import Decoder, Prefix
from passk.sampling.decoding import DecodingConfig
from passk.sampling.streams import draw_uniforms
from passk.sampling.tokens import draw, prepare_draws

# Waiting branches move in when one slot in so many is free: each move costs a few copies.
_REFILL_SHARE = 16


@dataclass(frozen=True)
class FinishedSequence:
    """Samples that ended alike.

    Attributes:
        members: sample numbers.
        tokens: int32, with the one that ended them.
        logprobs: float32, one per token.
        entropy: nats, summed over tokens.
        stopped: by an end token, not by the limit.
    """

    members: NDArray[np.int64]
    tokens: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    entropy: float
    stopped: bool


@dataclass(frozen=True)
class QueuedSequence:
    """A branch without a slot; `prefix` holds all its tokens but the last."""

    prefix: Prefix
    tokens: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    entropy: float
    members: NDArray[np.int64]


class PrefixTree:
    """All branches; arrays with one entry per slot, and two with one entry per running sample."""

    def __init__(
        self,
        network: Decoder,
        rows: int,
        model: nn.Module,
        config: DecodingConfig,
        streams: NDArray[np.int64],
    ) -> None:
        """Begin with empty slots; `streams` has one entry per sample number."""
        self.network, self.config, self.streams = network, config, streams
        self.device = next(model.parameters()).device
        self.vocabulary = int(model.get_output_embeddings().weight.shape[0])  # type: ignore[operator]
        self.ends = np.zeros(self.vocabulary, dtype=bool)
        self.ends[list(config.eos_ids)] = True  # type: ignore[call-overload]
        self.tokens = np.zeros((rows, config.max_new_tokens), dtype=np.int32)
        self.logprobs = np.zeros((rows, config.max_new_tokens), dtype=np.float32)
        self.entropy = np.zeros(rows)
        self.last = np.zeros(rows, dtype=np.int64)
        self.position = np.zeros(rows, dtype=np.int64)  # of the last token
        self.count = np.zeros(rows, dtype=np.int64)
        self.free = list(range(rows))[::-1]
        self.sample = np.zeros(0, dtype=np.int64)
        self.slot = np.zeros(0, dtype=np.int64)
        self.queued: deque[QueuedSequence] = deque()
        self.done: list[FinishedSequence] = []

    @property
    def busy(self) -> bool:
        """Whether there is anything to step or to hand out."""
        return bool(len(self.sample) or self.queued or self.done)

    @property
    def hungry(self) -> bool:
        """Whether slots are free that no branch waits for."""
        return len(self.free) > len(self.queued)

    def begin(
        self, prompt: tuple[int, ...], image: ImageInputs | None, members: NDArray[np.int64]
    ) -> None:
        """Run a prompt and draw the first token of its samples."""
        prefix, logits = self.network.prefill(list(prompt), image)
        distribution = prepare_draws(logits, self.config.temperature, self.config.top_p)
        rows = np.zeros(len(members), dtype=np.int64)
        tokens = draw(distribution, rows, draw_uniforms(self.streams[members], 0))
        for token in np.unique(tokens):
            logprob = distribution.logprobs[0, int(token)].cpu().numpy()[None]
            first_token, branch_members = np.array([token], np.int32), members[tokens == token]
            stopped = bool(self.ends[token]) or self._ends_early(first_token)
            if stopped or self.config.max_new_tokens == 1:
                self.done.append(
                    FinishedSequence(
                        branch_members,
                        first_token,
                        logprob,
                        float(distribution.entropy[0]),
                        stopped,
                    )
                )
            else:
                branch = QueuedSequence(
                    prefix, first_token, logprob, float(distribution.entropy[0]), branch_members
                )
                self.queued.append(branch)

    def step(self) -> list[FinishedSequence]:
        """One more token for every branch that has a slot; the samples that have ended."""
        self._move_in()
        if len(self.sample):
            self._advance()
        done, self.done = self.done, []
        return done

    def _tensor(self, values: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(values).to(self.device)

    def _move_in(self) -> None:
        """Give free slots to waiting branches."""
        if len(self.free) * _REFILL_SHARE < len(self.last):
            return
        while self.queued and self.free:
            prefix, slots, samples = self.queued[0].prefix, [], []
            while self.queued and self.free and self.queued[0].prefix is prefix:
                branch, slot = self.queued.popleft(), self.free.pop()
                count = len(branch.tokens)
                self.tokens[slot, :count], self.logprobs[slot, :count] = (
                    branch.tokens,
                    branch.logprobs,
                )
                self.entropy[slot], self.count[slot] = branch.entropy, count
                self.last[slot], self.position[slot] = branch.tokens[-1], prefix.length
                slots.append(slot)
                samples.append(branch.members)
            self.network.admit(self._tensor(np.array(slots)), prefix)
            sizes = [len(members) for members in samples]
            self.slot = np.concatenate([self.slot, np.repeat(slots, sizes)])
            self.sample = np.concatenate([self.sample, *samples])

    def _advance(self) -> None:
        config = self.config
        logits = self.network.step(self._tensor(self.last), self._tensor(self.position))
        distribution = prepare_draws(logits, config.temperature, config.top_p)
        # (samples,): each sample draws from its branch's distribution with its own number.
        chance = draw_uniforms(self.streams[self.sample], self.count[self.slot])
        token = draw(distribution, self.slot, chance)
        # One child for each token that some sample of a branch has drawn, ordered by slot.
        pairs, child = np.unique(self.slot * self.vocabulary + token, return_inverse=True)
        # `child`, (samples,), is the child that each sample belongs to; `parent` and `new_token`,
        # (children,), are the slot that a child comes from and the token that it appends.
        parent, new_token = np.divmod(pairs, self.vocabulary)
        logprob = distribution.logprobs[self._tensor(parent), self._tensor(new_token)].cpu().numpy()
        entropy = self.entropy[parent] + distribution.entropy[parent]
        stopped = self.ends[new_token]
        if config.ends_early is not None:
            stopped = stopped | self._find_early_ends(parent, new_token)
        over = stopped | (self.count[parent] + 1 == config.max_new_tokens)
        (lives,) = np.nonzero(~over)
        # The samples of each child, in their order: sorted by child, cut where the child changes.
        order, bounds = np.argsort(child, kind="stable"), np.cumsum(np.bincount(child))
        members = np.split(self.sample[order], bounds[:-1])
        for i in np.flatnonzero(over):
            tokens, logs = self._history(parent[i], new_token[i], logprob[i])
            self.done.append(
                FinishedSequence(members[i], tokens, logs, float(entropy[i]), bool(stopped[i]))
            )
        # Where each child goes on: a slot, or -1 where it has ended or must wait.
        target_slot = np.full(len(pairs), -1)
        # The first living child stays in its parent's slot; slots without one become free.
        stays = np.ones(len(lives), dtype=bool)
        stays[1:] = parent[lives[1:]] != parent[lives[:-1]]
        target_slot[lives[stays]] = parent[lives[stays]]
        self._release(np.setdiff1d(parent, parent[lives]))
        moves = lives[~stays]
        fitting, waiting = moves[: len(self.free)], moves[len(self.free) :]
        if len(fitting):
            target_slot[fitting] = [self.free.pop() for _ in fitting]
            self._fork(parent[fitting], target_slot[fitting])
        # No slot is left: these queue with a copy of their keys and values, in front, so that
        # samples of prompts in work end before further prompts begin.
        for i in waiting[::-1]:
            tokens, logs = self._history(parent[i], new_token[i], logprob[i])
            prefix = self.network.take(int(parent[i]), int(self.position[parent[i]]) + 1)
            branch = QueuedSequence(prefix, tokens, logs, float(entropy[i]), members[i])
            self.queued.appendleft(branch)
        # Append each token; `position` is that of the last token, whose keys are yet to be written.
        (continuing,) = np.nonzero(target_slot >= 0)
        slots = target_slot[continuing]
        self.tokens[slots, self.count[slots]], self.logprobs[slots, self.count[slots]] = (
            new_token[continuing],
            logprob[continuing],
        )
        self.entropy[slots], self.last[slots] = entropy[continuing], new_token[continuing]
        self.count[slots] += 1
        self.position[slots] += 1
        self.slot = target_slot[child]
        running = self.slot >= 0
        self.slot, self.sample = self.slot[running], self.sample[running]

    def _ends_early(self, tokens: NDArray[np.int32]) -> bool:
        return self.config.ends_early is not None and self.config.ends_early(tokens)

    def _find_early_ends(
        self, parent: NDArray[np.int64], new_token: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which children their texts end, (children,)."""
        return np.array(
            [
                self._ends_early(np.append(self.tokens[slot, : self.count[slot]], np.int32(token)))
                for slot, token in zip(parent, new_token, strict=True)
            ],
            dtype=bool,
        )

    def _history(
        self, slot: int, token: int, logprob: float
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """A branch's tokens and log-probabilities, and one more."""
        count = self.count[slot]
        tokens = np.append(self.tokens[slot, :count], np.int32(token))
        return tokens, np.append(self.logprobs[slot, :count], np.float32(logprob))

    def _release(self, slots: NDArray[np.int64]) -> None:
        # Spare slots run along at position 0.
        self.last[slots] = self.position[slots] = self.count[slots] = 0
        self.free.extend(slots.tolist()[::-1])

    def _fork(self, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
        """Copy branches to other slots."""
        length = int(self.position[source].max()) + 1
        self.network.fork(self._tensor(source), self._tensor(target), length)
        for name in ("tokens", "logprobs", "position", "count"):
            values = getattr(self, name)
            values[target] = values[source]

    def shrink(self) -> None:
        """Halve the slots if half are spare and nothing waits; last bits of numbers change."""
        rows = len(self.last)
        used = np.unique(self.slot)
        if self.queued or not len(used) or len(used) > rows // 2:
            return
        kept = np.concatenate([used, np.setdiff1d(np.arange(rows), used)])[: -(-rows // 2)]
        self.network.keep(self._tensor(kept))
        for name in ("tokens", "logprobs", "entropy", "last", "position", "count"):
            setattr(self, name, getattr(self, name)[kept])
        self.slot = np.searchsorted(used, self.slot)
        self.free = list(range(len(used), len(kept)))[::-1]
