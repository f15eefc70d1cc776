"""Advantage functions: closed forms worked out by hand, and what must not matter."""

import doctest
import typing

import pytest
import torch

from passk.params.training import Training
from passk.training import advantages
from passk.training.advantages import ALGORITHMS, grpo


def test_grpo_equals_the_closed_form_worked_by_hand():
    # rewards 1, 0, 0, 0: mean 1/4, squared deviations 9/16 + 3/16 = 3/4, sample variance 1/4,
    # so std 1/2 and advantages (3/4)/(1/2) = 3/2 and (-1/4)/(1/2) = -1/2.
    got = grpo(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), scale="group", eps=0.0)
    assert torch.allclose(got, torch.tensor([[1.5, -0.5, -0.5, -0.5]]))
    # eps is added to the standard deviation: 3/4 / (1/2 + 1/4) = 1.
    got = grpo(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), scale="group", eps=0.25)
    assert torch.allclose(got, torch.tensor([[1.0, -1 / 3, -1 / 3, -1 / 3]]))


def test_scale_none_only_centres_and_scale_batch_divides_all_alike():
    rewards = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert torch.equal(
        grpo(rewards, scale="none", eps=0.0), torch.tensor([[0.5, -0.5], [0.0, 0.0]])
    )
    # Over all four rewards: mean 3/4, squared deviations 3/4, sample variance 1/4, std 1/2.
    assert torch.allclose(
        grpo(rewards, scale="batch", eps=0.0), torch.tensor([[1.0, -1.0], [0.0, 0.0]])
    )


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_a_group_of_equal_rewards_has_no_signal(reward):
    assert not grpo(torch.full((2, 8), reward), scale="group", eps=1e-4).any()


def test_grpo_invariances():
    generator = torch.Generator().manual_seed(0)
    rewards = torch.rand(5, 8, generator=generator)
    base = grpo(rewards, scale="group", eps=0.0)
    assert torch.allclose(base.sum(1), torch.zeros(5), atol=1e-5)  # zero sum in each group
    assert torch.allclose(grpo(rewards + 3, scale="group", eps=0.0), base, atol=1e-4)  # shift
    assert torch.allclose(grpo(rewards * 7, scale="group", eps=0.0), base, atol=1e-4)  # scale
    order = torch.randperm(8, generator=generator)
    assert torch.allclose(
        grpo(rewards[:, order], scale="group", eps=0.0), base[:, order], atol=1e-6
    )
    # A group's advantages do not depend on the other groups.
    assert torch.equal(grpo(rewards[:1], scale="group", eps=0.0), base[:1])


def test_unknown_scale_is_refused_by_name():
    with pytest.raises(ValueError, match="sideways"):
        grpo(torch.zeros(1, 2), scale="sideways", eps=0.0)


def test_every_algorithm_that_parameters_allow_is_registered_and_no_other():
    allowed = typing.get_args(Training.model_fields["algorithm"].annotation)
    assert set(allowed) == set(ALGORITHMS)


def test_worked_examples_in_docstrings():
    globs = {**vars(advantages)}
    assert doctest.testmod(advantages, extraglobs=globs).failed == 0
