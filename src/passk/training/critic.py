"""A critic, as of PPO: what reward a policy will earn from a prefix on, learned beside it.

A copy of the start model with one output in place of the vocabulary, which begins at 0 everywhere.
Its value of token t is computed from the prefix before t: it has seen what the policy had when it
chose t. Its own AdamW is part of the resume point.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from passk.core.digests import seed
from passk.training.algorithms.algorithm import CriticConfig
from passk.training.algorithms.tokens import gae, make_response_mask
from passk.training.log_rows import CriticSummary
from passk.training.scoring import run_sharing_prompts
from passk.training.settings import Training

_FILE = "critic.pt"


class Critic:
    """A token-level critic with its optimizer.

    Args:
        start: a copy of the start model, which the critic takes over.
        config: how it is learned.
        settings: the arm's parameters.
        identity: what the order of its minibatches derives from.
        device: where it computes.

    Attributes:
        network: the decoder without its output layer.
        head: hidden state to value.
    """

    def __init__(
        self,
        start: PreTrainedModel,
        config: CriticConfig,
        settings: Training,
        identity: tuple[int | str, ...],
        device: torch.device,
    ) -> None:
        self.config = config
        self.settings = settings
        self.identity = identity
        self.network = start.base_model.requires_grad_(True).float().eval().to(device)
        self.head = nn.Linear(start.config.hidden_size, 1, device=device)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.optimizer = torch.optim.AdamW(
            self._parameters(),
            lr=config.learning_rate,
            betas=(settings.adam_beta1, settings.adam_beta2),
            eps=settings.adam_eps,
            weight_decay=settings.weight_decay,
            fused=True,  # its square roots are exact: see passk.models.arithmetic
        )

    def values(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Values of every prefix of a batch's responses, shape (rows, longest), float32."""
        with torch.no_grad():
            return self._values(batch)

    def learn(
        self,
        batch: Mapping[str, Tensor],
        rewards: Tensor,
        values: Tensor,
        lengths: Tensor,
        step: int,
    ) -> CriticSummary:
        """Learn the returns of a step's rollouts.

        Args:
            batch: the padded rollouts.
            rewards: of the responses, shape (rows,).
            values: what `values` said of the batch.
            lengths: tokens per response, shape (rows,).
            step: part of the minibatches' random order.

        Returns:
            For the log.
        """
        config = self.config
        estimated = gae(rewards, values=values, lengths=lengths, gamma=config.gamma, lam=config.lam)
        returns = estimated + values
        mask = make_response_mask(lengths)
        losses: list[float] = []
        for number in range(config.passes):
            generator = torch.Generator().manual_seed(seed("critic", *self.identity, step, number))
            order = torch.randperm(len(values), generator=generator).to(values.device)
            for rows in order.tensor_split(min(config.minibatches, len(order))):
                part = {name: tensor[rows] for name, tensor in batch.items()}
                loss = value_loss(
                    self._values(part), values[rows], returns[rows], mask[rows], config.clip
                )
                self._update(loss)
                losses.append(loss.item())
        return CriticSummary(
            critic_loss=sum(losses) / len(losses),
            explained_variance=explained_variance(returns[mask], values[mask]),
        )

    def save(self, folder: Path) -> None:
        """Write weights and optimizer into a resume point."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, folder / _FILE)

    def load(self, folder: Path) -> None:
        """Go on from a resume point."""
        state = torch.load(folder / _FILE, map_location=self.head.weight.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _parameters(self) -> list[nn.Parameter]:
        return [*self.network.parameters(), *self.head.parameters()]

    def _update(self, loss: Tensor) -> None:
        """One step of the optimizer."""
        self.optimizer.zero_grad()
        loss.backward()
        if self.settings.max_grad_norm:
            nn.utils.clip_grad_norm_(self._parameters(), self.settings.max_grad_norm)
        self.optimizer.step()

    def _values(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Values of a batch, shape (rows, longest), with gradients."""
        ids, mask = batch["completion_ids"], batch["completion_mask"]
        values = torch.zeros(ids.shape, device=ids.device)
        mixed = self.settings.precision == "bfloat16"
        with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=mixed):
            for rows, hidden in self._states(batch):
                read = self.head(hidden.to(self.head.weight.dtype))[..., 0].float()
                wide = nn.functional.pad(read, (0, ids.shape[1] - read.shape[1]))
                values = values.index_copy(0, rows, wide)
        return values * mask

    def _states(self, batch: Mapping[str, Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Rows, and the hidden states from which each of their response tokens is chosen."""
        prompts = batch["prompt_ids"], batch["prompt_mask"]
        responses = batch["completion_ids"], batch["completion_mask"]
        if self.settings.share_prompts:
            yield from run_sharing_prompts(
                self.network, prompts, responses, self.settings.forward_rows
            )
            return
        ids = torch.cat([prompts[0], responses[0]], dim=1)
        mask = torch.cat([prompts[1], responses[1]], dim=1)
        before_response = prompts[0].shape[1] - 1
        for rows in torch.arange(len(ids), device=ids.device).split(self.settings.forward_rows):
            states = self.network(
                input_ids=ids[rows], attention_mask=mask[rows], use_cache=False
            ).last_hidden_state
            yield rows, states[:, before_response:-1]


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """Half the squared error, mean over tokens; a value gains nothing by moving beyond `clip`.

    0.5 max((V - R)^2, (V_old + clamp(V - V_old, -clip, clip) - R)^2), as in the code of PPO's
    authors.

    Example:
        >>> one = torch.ones(1, 1)
        >>> value_loss(one, 0 * one, one, one.bool(), clip=0.5)
        tensor(0.1250)
    """
    near = old + (values - old).clamp(-clip, clip)
    errors = torch.maximum((values - returns) ** 2, (near - returns) ** 2)
    return 0.5 * errors[mask].mean()


def explained_variance(returns: Tensor, values: Tensor) -> float | None:
    """1 - Var(R - V) / Var(R): 1 is perfect, 0 as good as a constant, below 0 worse.

    Example:
        >>> explained_variance(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.5]))
        0.75
    """
    total = float(returns.var(correction=0))
    return 1 - float((returns - values).var(correction=0)) / total if total > 0 else None
