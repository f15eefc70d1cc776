"""PPO: advantages per token from a learned critic, by generalised advantage estimation.

Sources: Schulman et al. 2017, PPO (arXiv 1707.06347), equations 7 and 11; Schulman et al. 2015,
GAE (arXiv 1506.02438), equation 16. The critic is `passk.training.critic`; the clipped surrogate is
the trainer's loss.

Deviations from the sources:
    1. States are prefixes and actions are tokens; the reward is given at the last token.
    2. A response cut at the longest length ends its episode there, with the reward that it got: no
       value is bootstrapped, as in TRL and verl.
    3. Advantages are whitened over all tokens of the step (the original code does so per
       minibatch; the paper does not say).
    4. Policy and critic share no weights, so the loss has no value term; the critic has an
       optimizer of its own. Its value loss is clipped as in the original code (not in the paper).
    5. The entropy bonus and the KL penalty are `entropy_coef` and `beta` of the loss.
    6. In the first `critic_warmup` steps the critic alone is trained; they count as steps, and the
       learning rate's warmup passes meanwhile.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from passk.core.parameters import Rate
from passk.training.algorithms.algorithm import Algorithm, CriticConfig, Fraction, StepRewards

if TYPE_CHECKING:
    from torch import Tensor


class Ppo(Algorithm):
    """A learned token-level critic and generalised advantage estimation (arXiv 1707.06347)."""

    label: ClassVar[str] = "PPO"
    source: ClassVar[str] = "arXiv 1707.06347, equation 11"
    baseline_beyond_group: ClassVar[bool] = True

    name: Literal["ppo"]
    gamma: Fraction = Field(
        default=1.0, description="Discount of later rewards per token; 1 is none."
    )
    lam: Fraction = Field(
        default=0.95, description="Lambda of generalised advantage estimation (1506.02438)."
    )
    eps: float = Field(
        default=1e-4, gt=0, description="Added to the standard deviation that whitens."
    )
    critic_learning_rate: Rate = Field(
        default=1e-3, description="AdamW's learning rate of the critic."
    )
    critic_passes: PositiveInt = Field(
        default=1, description="Passes of the critic over each rollout batch."
    )
    critic_minibatches: PositiveInt = Field(default=2, description="Critic updates per pass.")
    critic_clip: PositiveFloat = Field(
        default=0.2, description="Values move at most this far from those at the rollout."
    )
    critic_warmup: int = Field(
        default=5, ge=0, description="First steps in which the critic alone is trained."
    )

    def advantages(self, step: StepRewards) -> "Tensor":
        """See `ppo`."""
        assert step.values is not None, "there is a critic"
        return ppo(
            step.rewards,
            values=step.values,
            lengths=step.lengths,
            gamma=self.gamma,
            lam=self.lam,
            eps=self.eps,
        )

    def critic(self) -> CriticConfig:
        """A critic that learns the returns."""
        return CriticConfig(
            gamma=self.gamma,
            lam=self.lam,
            learning_rate=self.critic_learning_rate,
            passes=self.critic_passes,
            minibatches=self.critic_minibatches,
            clip=self.critic_clip,
            warmup=self.critic_warmup,
        )


def ppo(
    rewards: "Tensor",
    *,
    values: "Tensor",
    lengths: "Tensor",
    gamma: float,
    lam: float,
    eps: float,
) -> "Tensor":
    """Estimated advantages, `gae` in `tokens`, whitened over all tokens of the step.

    Example:
        >>> import torch
        >>> ppo(torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        ...     lengths=torch.tensor([[2]]), gamma=1.0, lam=0.5, eps=0.0)
        tensor([[[-1.,  1.]]])
    """
    from passk.training.algorithms.tokens import gae, make_response_mask, whiten

    estimated = gae(rewards, values=values, lengths=lengths, gamma=gamma, lam=lam)
    return whiten(estimated, make_response_mask(lengths), eps)
