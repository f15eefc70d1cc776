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

import torch
from torch import Tensor

from passk.training.algorithms.tokens import response_mask, whiten


def gae(rewards: Tensor, *, values: Tensor, lengths: Tensor, gamma: float, lam: float) -> Tensor:
    """A_t = sum over l of (gamma lam)^l delta_(t+l), delta_t = r_t + gamma V_(t+1) - V_t.

    Args:
        rewards: of whole responses, shape (prompts, rollouts); r_t is 0 but for the last token.
        values: V_t, of the prefix before token t, shape (prompts, rollouts, longest length).
        lengths: tokens per response, shape (prompts, rollouts). V behind the end is 0.
        gamma: discount per token.
        lam: 0 trusts the critic (bias), 1 the return (variance).

    Returns:
        Advantages, shape of `values`, 0 behind a response's end. Adding `values` gives the
        returns that the critic learns.

    Example:
        >>> gae(torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        ...     lengths=torch.tensor([[2]]), gamma=1.0, lam=0.5)
        tensor([[[0.1250, 0.7500]]])
    """
    mask = response_mask(lengths)
    known = torch.where(mask, values, torch.zeros_like(values))
    following = torch.nn.functional.pad(known[..., 1:], (0, 1))
    last = mask & ~torch.nn.functional.pad(mask[..., 1:], (0, 1))
    deltas = rewards[..., None] * last + gamma * following - known
    advantages = torch.zeros_like(known)
    ahead = torch.zeros_like(known[..., 0])
    for t in reversed(range(known.shape[-1])):
        ahead = (deltas[..., t] + gamma * lam * ahead) * mask[..., t]
        advantages[..., t] = ahead
    return advantages


def ppo(
    rewards: Tensor, *, values: Tensor, lengths: Tensor, gamma: float, lam: float, eps: float
) -> Tensor:
    """Estimated advantages (see `gae`), whitened over all tokens of the step.

    Example:
        >>> ppo(torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        ...     lengths=torch.tensor([[2]]), gamma=1.0, lam=0.5, eps=0.0)
        tensor([[[-1.,  1.]]])
    """
    estimated = gae(rewards, values=values, lengths=lengths, gamma=gamma, lam=lam)
    return whiten(estimated, response_mask(lengths), eps)
