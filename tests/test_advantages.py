"""Advantage functions: closed forms worked out by hand, and what must not matter."""

import doctest
import importlib
import itertools
import math
import os
import pkgutil
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import toy_policy as toy
from passk.training import algorithms
from passk.training.algorithms.algorithm import StepRewards
from passk.training.algorithms.dapo import dapo, penalise_overlong
from passk.training.algorithms.grpo import grpo
from passk.training.algorithms.pass_at_k import pass_at_k
from passk.training.algorithms.pkpo import pkpo, sloo_minus_one
from passk.training.algorithms.ppo import ppo
from passk.training.algorithms.registry import ALGORITHMS
from passk.training.algorithms.reinforce_plus_plus import reinforce_plus_plus
from passk.training.algorithms.remax import remax
from passk.training.algorithms.rloo import rloo
from passk.training.algorithms.subsets import average_best, average_best_with, average_best_without
from passk.training.algorithms.tokens import gae
from passk.training.batches import find_signal


def equal(got, wanted, **near):
    assert torch.allclose(got, torch.as_tensor(wanted, dtype=got.dtype), **near), got


# --- GRPO ---------------------------------------------------------------------------------------


def test_grpo_equals_the_closed_form_worked_by_hand():
    # rewards 1, 0, 0, 0: mean 1/4, squared deviations 9/16 + 3/16 = 3/4, sample variance 1/4,
    # so std 1/2 and advantages (3/4)/(1/2) = 3/2 and (-1/4)/(1/2) = -1/2.
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    equal(grpo(rewards, scale="group", eps=0.0), [[1.5, -0.5, -0.5, -0.5]])
    # eps is added to the standard deviation: 3/4 / (1/2 + 1/4) = 1.
    equal(grpo(rewards, scale="group", eps=0.25), [[1.0, -1 / 3, -1 / 3, -1 / 3]])


def test_scale_none_only_centres_and_scale_batch_divides_all_alike():
    rewards = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    equal(grpo(rewards, scale="none", eps=0.0), [[0.5, -0.5], [0.0, 0.0]])
    # Over all four rewards: mean 3/4, squared deviations 3/4, sample variance 1/4, std 1/2.
    equal(grpo(rewards, scale="batch", eps=0.0), [[1.0, -1.0], [0.0, 0.0]])


def test_unknown_scale_is_refused_by_name():
    with pytest.raises(ValueError, match="sideways"):
        grpo(torch.zeros(1, 2), scale="sideways", eps=0.0)


# --- RLOO, ReMax --------------------------------------------------------------------------------


def test_rloo_equals_the_mean_of_the_others_written_out():
    # rewards 1, 0, 0.5: others' means 0.25, 0.75, 0.5.
    equal(rloo(torch.tensor([[1.0, 0.0, 0.5]])), [[0.75, -0.75, 0.0]])
    rewards = torch.rand(4, 7, generator=torch.Generator().manual_seed(0))
    for row, got in zip(rewards.tolist(), rloo(rewards).tolist(), strict=True):
        for i, value in enumerate(row):
            others = row[:i] + row[i + 1 :]
            assert got[i] == pytest.approx(value - sum(others) / 6, abs=1e-6)


def test_remax_takes_the_greedy_reward_off_and_pushes_groups_of_equal_rewards_too():
    rewards = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    got = remax(rewards, greedy=torch.tensor([1.0, 0.0, 0.0]))
    equal(got, [[0.0, -1.0], [1.0, 1.0], [0.0, 0.0]])


# --- REINFORCE++, PPO ---------------------------------------------------------------------------


def test_reinforce_plus_plus_whitens_over_tokens_not_over_responses():
    # Two responses: 1 token of reward 1, and 3 tokens of reward 0. Over the four tokens the mean is
    # 1/4 and the population variance 3/16, std sqrt(3)/4: (3/4) / (sqrt(3)/4) = sqrt(3), and
    # (-1/4) / (sqrt(3)/4) = -1/sqrt(3). Over responses it would be 1 and -1.
    got = reinforce_plus_plus(
        torch.tensor([[1.0, 0.0]]), lengths=torch.tensor([[1, 3]]), gamma=1.0, eps=0.0
    )
    low = -1 / math.sqrt(3)
    equal(got, [[[math.sqrt(3), 0.0, 0.0], [low, low, low]]])


def test_reinforce_plus_plus_discounts_by_the_tokens_that_follow():
    # One response of 2 tokens, reward 1, gamma 1/2: returns 1/2 and 1, whitened to -1 and 1.
    one = torch.tensor([[1.0]])
    equal(
        reinforce_plus_plus(one, lengths=torch.tensor([[2]]), gamma=0.5, eps=0.0), [[[-1.0, 1.0]]]
    )
    # eps beside the standard deviation 1/4: 1/4 / (1/4 + 1/4).
    equal(
        reinforce_plus_plus(one, lengths=torch.tensor([[2]]), gamma=0.5, eps=0.25), [[[-0.5, 0.5]]]
    )


def test_gae_equals_an_example_worked_by_hand():
    # Two tokens, reward 1 at the end, values 1/2 and 1/4, gamma 1, lambda 1/2:
    # delta_2 = 1 - 1/4 = 3/4; delta_1 = 0 + 1/4 - 1/2 = -1/4; A_2 = 3/4; A_1 = -1/4 + 3/8 = 1/8.
    # A second response has one token, reward 0, value 1: A = -1; what stands behind it is no value.
    got = gae(
        torch.tensor([[1.0, 0.0]]),
        values=torch.tensor([[[0.5, 0.25], [1.0, 9.0]]]),
        lengths=torch.tensor([[2, 1]]),
        gamma=1.0,
        lam=0.5,
    )
    equal(got, [[[0.125, 0.75], [-1.0, 0.0]]])
    # With gamma 1/2: delta_1 = 1/8 - 1/2 = -3/8; A_1 = -3/8 + (1/4)(3/4) = -3/16.
    got = gae(
        torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        lengths=torch.tensor([[2]]), gamma=0.5, lam=0.5,
    )  # fmt: skip
    equal(got, [[[-0.1875, 0.75]]])


def test_gae_at_its_ends_is_the_return_and_the_temporal_difference():
    generator = torch.Generator().manual_seed(1)
    rewards, values = (
        torch.rand(2, 3, generator=generator),
        torch.rand(2, 3, 5, generator=generator),
    )
    lengths = torch.tensor([[5, 1, 3], [2, 4, 5]])
    inside = torch.arange(5) < lengths[..., None]
    whole = gae(rewards, values=values, lengths=lengths, gamma=1.0, lam=1.0)
    equal(whole, (rewards[..., None] - values) * inside, atol=1e-6)  # return - value
    one = gae(rewards, values=values, lengths=lengths, gamma=1.0, lam=0.0)
    ahead = torch.nn.functional.pad(values[..., 1:], (0, 1))
    ahead = torch.where(torch.arange(5) == lengths[..., None] - 1, rewards[..., None], ahead)
    equal(one, (ahead - values) * inside, atol=1e-6)


def test_ppo_whitens_what_gae_estimates():
    # 1/8 and 3/4 (above): mean 7/16, deviations 5/16 both, so -1 and 1.
    got = ppo(
        torch.tensor([[1.0]]), values=torch.tensor([[[0.5, 0.25]]]),
        lengths=torch.tensor([[2]]), gamma=1.0, lam=0.5, eps=0.0,
    )  # fmt: skip
    equal(got, [[[-1.0, 1.0]]])


@pytest.mark.parametrize("name", ["reinforce++", "ppo"])
def test_whitened_tokens_have_mean_zero_and_variance_one_whatever_stands_behind_them(name):
    generator = torch.Generator().manual_seed(2)
    lengths = torch.randint(1, 6, (3, 4), generator=generator)
    lengths[0, 0] = 5
    rewards, values = (
        torch.rand(3, 4, generator=generator),
        torch.rand(3, 4, 5, generator=generator),
    )
    changed = {"gamma": 0.9, "eps": 1e-30, **({"lam": 0.8} if name == "ppo" else {})}
    algorithm = ALGORITHMS[name](name=name, **{**PLAIN[name], **changed})
    got = algorithm.advantages(StepRewards(rewards, lengths, 9, values=values))
    inside = torch.arange(5) < lengths[..., None]
    assert not got[~inside].any()
    assert float(got[inside].mean()) == pytest.approx(0, abs=1e-6)
    assert float(got[inside].std(correction=0)) == pytest.approx(1, abs=1e-5)
    noisy = torch.where(inside, values, torch.full_like(values, 99.0))
    again = algorithm.advantages(StepRewards(rewards, lengths, 9, values=noisy))
    equal(again, got)


# --- DAPO ---------------------------------------------------------------------------------------


def test_dapo_penalty_equals_the_source_equation_13():
    # L_max = 10, L_cache = 4: up to 6 nothing, then (6 - |y|) / 4, at 10 the whole.
    got = penalise_overlong(torch.tensor([1, 6, 7, 8, 9, 10]), longest=10, tokens=4, penalty=1.0)
    equal(got, [0.0, 0.0, 0.25, 0.5, 0.75, 1.0])
    equal(penalise_overlong(torch.tensor([10]), longest=10, tokens=4, penalty=0.5), [0.5])
    equal(penalise_overlong(torch.tensor([10]), longest=10, tokens=0, penalty=1.0), [0.0])


def test_dapo_normalises_rewards_less_penalties():
    # Rewards 1, 1, 0, 0; the second is as long as can be: 1, 0, 0, 0, see GRPO.
    rewards, lengths = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[4, 8, 4, 4]])
    options = {"longest": 8, "eps": 0.0, "overlong_penalty": 1.0}
    got = dapo(rewards, lengths=lengths, overlong_tokens=2, **options)
    equal(got, [[1.5, -0.5, -0.5, -0.5]])
    # Without a penalty: mean 1/2, sample variance 1/3.
    got = dapo(rewards, lengths=lengths, overlong_tokens=0, **options)
    half = math.sqrt(3) / 2
    equal(got, [[half, half, -half, -half]])


def test_groups_with_a_signal_are_those_neither_all_right_nor_all_wrong():
    table = torch.tensor([[1.0, 1.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert find_signal(table).tolist() == [False, False, True, True]


# --- pass@k and PKPO, against all subsets -------------------------------------------------------


def rows_of_rewards():
    generator = np.random.default_rng(0)
    yield [1.0, 0.0, 0.0, 0.0]
    yield [1.0, 1.0, 0.0, 0.0, 0.0]
    yield generator.normal(size=6).tolist()
    yield [0.5, 0.5, -1.0, 2.0, 2.0, 0.0, 0.5]  # ties


CASES = [(row, k) for row in rows_of_rewards() for k in range(1, len(row) + 1)]


@pytest.mark.parametrize(("row", "k"), CASES)
def test_best_of_k_equals_enumerating_every_subset(row, k):
    rewards, places = torch.tensor([row], dtype=torch.float64), range(len(row))
    subsets = list(itertools.combinations(places, k))
    largest = {s: max(row[i] for i in s) for s in subsets}
    assert float(average_best(rewards, k)) == pytest.approx(np.mean(list(largest.values())))
    for i in places:
        own = [largest[s] for s in subsets if i in s]
        assert float(average_best_with(rewards, k)[0, i]) == pytest.approx(np.mean(own))
        others = [largest[s] for s in subsets if i not in s]
        if others:
            assert float(average_best_without(rewards, k)[0, i]) == pytest.approx(np.mean(others))


@pytest.mark.parametrize(("row", "k"), [(row, k) for row, k in CASES if k > 1])
def test_pkpo_equals_its_definition_over_every_subset(row, k):
    n, rewards = len(row), torch.tensor([row], dtype=torch.float64)
    got = sloo_minus_one(rewards, k)[0].tolist()
    for i in range(n):
        gains = [
            max(row[j] for j in s) - max(row[j] for j in s if j != i)
            for s in itertools.combinations(range(n), k)
            if i in s
        ]
        assert got[i] == pytest.approx(sum(gains) / math.comb(n, k), abs=1e-12)
    equal(pkpo(rewards, k=k)[0], [n * x for x in got])


def test_pkpo_gradient_is_that_of_the_largest_of_k_for_a_two_armed_policy():
    """Averaged over all draws of n = 3 exactly, the estimate is the gradient of E[max of 2]."""
    logit = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    good = torch.sigmoid(logit)  # chance of reward 1
    objective = 1 - (1 - good) ** 2
    (wanted,) = torch.autograd.grad(objective, logit, retain_graph=True)
    total = torch.zeros((), dtype=torch.float64)
    for draw in itertools.product([0, 1], repeat=3):
        rewards = torch.tensor([draw], dtype=torch.float64)
        chances = torch.stack([good if x else 1 - good for x in draw])
        surrogate = (pkpo(rewards, k=2)[0] * chances.log()).mean()  # the trainer's mean over rows
        (gradient,) = torch.autograd.grad(surrogate, logit, retain_graph=True)
        total = total + chances.detach().prod() * gradient
    assert float(total) == pytest.approx(float(wanted), abs=1e-12)


def test_pkpo_refuses_k_below_two():
    with pytest.raises(ValueError, match="k = 1: legal are 2"):
        sloo_minus_one(torch.zeros(1, 4), 1)


@pytest.mark.parametrize("right", range(9))
@pytest.mark.parametrize("k", [1, 2, 4, 8])
def test_pass_at_k_equals_the_source_pair_of_formulas(right, k):
    """Equations 10 to 15 as the source writes them, for N = 8."""
    n, wrong = 8, 8 - right
    mean = 1 - math.comb(wrong, k) / math.comb(n, k)
    deviation = math.sqrt(mean * (1 - mean))
    got = pass_at_k(torch.tensor([[1.0] * right + [0.0] * wrong]), k=k, eps=0.0)
    if deviation == 0:
        assert not got.any()
        return
    positive = (1 - mean) / deviation
    negative = (1 - mean - math.comb(wrong - 1, k - 1) / math.comb(n - 1, k - 1)) / deviation
    equal(got, [[positive] * right + [negative] * wrong], atol=1e-5)


def test_pass_at_k_by_hand():
    # Rewards 1, 0, 0, 0, k = 2: 3 of 6 pairs hold the 1, so mean 1/2, std 1/2. With the 1: always
    # 1, (1 - 1/2) / (1/2) = 1. With a 0: 1 of its 3 pairs, (1/3 - 1/2) / (1/2) = -1/3.
    equal(pass_at_k(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), k=2, eps=0.0), [[1.0] + [-1 / 3] * 3])


# --- all ----------------------------------------------------------------------------------------

PLAIN = {  # options under which nothing is divided by zero, and the greedy response earns nothing
    "grpo": {"scale": "group", "eps": 1e-4},
    "rloo": {},
    "reinforce++": {"gamma": 1.0, "eps": 1e-4},
    "remax": {},
    "ppo": {
        "gamma": 1.0, "lam": 1.0, "eps": 1e-4, "critic_learning_rate": 1e-3, "critic_passes": 1,
        "critic_minibatches": 1, "critic_clip": 0.5, "critic_warmup": 0,
    },
    "dapo": {"eps": 1e-4, "rounds": 1, "overlong_tokens": 0, "overlong_penalty": 0.0},
    "pass_at_k": {"k": 4, "eps": 1e-4},
    "pkpo": {"k": 4},
}  # fmt: skip


def of(name, rewards):
    lengths = torch.full(rewards.shape, 2)
    step = StepRewards(
        rewards, lengths, 9, greedy=rewards.amin(1), values=torch.zeros(*rewards.shape, 2)
    )
    return ALGORITHMS[name](name=name, **PLAIN[name]).advantages(step)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_no_algorithm_is_another_renamed(name):
    rewards = torch.tensor([[1.0, 0, 0, 0, 0, 0, 0, 0], [1.0, 1.0, 0.5, 0.25, 0, 0, 0, 0]])
    for other in set(ALGORITHMS) - {name}:
        one, two = of(name, rewards), of(other, rewards)
        if {name, other} == {"grpo", "dapo"} or {name, other} == {"reinforce++", "ppo"}:
            continue  # told apart by rounds and penalty, and by the critic: tested with those
        if one.dim() == two.dim():
            assert not torch.allclose(one, two, atol=1e-3), other


@pytest.mark.parametrize("name", ALGORITHMS)
def test_order_of_rollouts_and_reward_shift(name):
    generator = torch.Generator().manual_seed(3)
    rewards = torch.rand(5, 8, generator=generator)
    order = torch.randperm(8, generator=generator)
    base = of(name, rewards)
    equal(of(name, rewards[:, order]), base[:, order], atol=1e-5)
    equal(of(name, rewards + 3), base, atol=1e-3)  # a constant is no advantage


@pytest.mark.parametrize("name", ["grpo", "rloo", "dapo", "pass_at_k", "pkpo"])
def test_a_group_stands_for_itself_and_equal_rewards_have_no_signal(name):
    rewards = torch.rand(5, 8, generator=torch.Generator().manual_seed(4))
    equal(of(name, rewards)[:2], of(name, rewards[:2]))
    for value in (0.0, 0.3, 1.0):
        assert not of(name, torch.full((2, 8), value)).abs().gt(1e-3).any()
    assert not of(name, torch.ones(2, 8)).any()  # exactly: such rows are left out


@pytest.mark.parametrize("name", ["grpo", "rloo", "dapo", "pass_at_k"])
def test_advantages_of_a_group_sum_to_zero(name):
    rewards = torch.rand(5, 8, generator=torch.Generator().manual_seed(5))
    equal(of(name, rewards).sum(1), torch.zeros(5), atol=1e-4)


def test_every_algorithm_is_registered_under_the_name_that_parameters_give_it():
    for name, algorithm in ALGORITHMS.items():
        assert typing.get_args(algorithm.model_fields["name"].annotation) == (name,)
        assert algorithm.label
        assert algorithm.source.startswith("arXiv")
        read = toy.settings(algorithm={"name": name, **PLAIN[name]}).algorithm
        assert type(read) is algorithm


def test_parameters_are_checked_without_torch():
    code = "import sys, passk.training.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_installed_package_adds_an_algorithm(tmp_path):
    """Its options are checked, its advantages computed, without an edit of this package."""
    install(tmp_path)
    code = """
import sys, torch, toy_policy as toy
from passk.training.algorithms.algorithm import StepRewards
settings = toy.settings(algorithm={"name": "doubled", "factor": 2.0})
step = StepRewards(torch.tensor([[1.0, 0.0]]), torch.tensor([[1, 1]]), 9)
assert settings.algorithm.advantages(step).tolist() == [[2.0, 0.0]]
try:
    toy.settings(algorithm={"name": "doubled"})
except ValueError as error:
    assert "doubled.factor" in str(error), error
else:
    raise AssertionError("an option was missing")
"""
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def install(folder):
    """A package with one algorithm, as pip would leave it."""
    (folder / "toy_doubled.py").write_text(
        "from typing import ClassVar, Literal\n"
        "from passk.training.algorithms.algorithm import Algorithm\n"
        "class Doubled(Algorithm):\n"
        "    label: ClassVar[str] = 'doubled'\n"
        "    name: Literal['doubled']\n"
        "    factor: float\n"
        "    def advantages(self, step):\n"
        "        return self.factor * step.rewards\n"
    )
    info = folder / "toy_doubled-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-doubled\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[passk.algorithms]\ndoubled = toy_doubled:Doubled\n")


@pytest.mark.parametrize(
    ("algorithm", "message"),
    [
        ({"name": "pkpo", "k": 1}, "greater than or equal to 2"),
        ({"name": "pkpo", "k": 9}, "k = 9 is more than rollouts = 8"),
        ({"name": "pass_at_k", "k": 9, "eps": 0.0}, "k = 9 is more than rollouts = 8"),
        ({"name": "remax", "eps": 0.1}, "remax.eps"),
        ({"name": "dapo", "rounds": 0}, "dapo.rounds"),
        ({"name": "reinforce"}, "reinforce\\+\\+"),
    ],
)
def test_options_that_an_algorithm_cannot_have_are_refused(algorithm, message):
    with pytest.raises(ValidationError, match=message):
        toy.settings(algorithm=algorithm)


@pytest.mark.parametrize(
    "module",
    [
        "passk.training.batches",
        "passk.training.critic",
        "passk.training.problem_schedule",
        "passk.training.curricula.easy_first",
        "passk.sampling.engines.engine",
        "passk.core.registered",
    ]
    + [f"passk.training.algorithms.{m.name}" for m in pkgutil.iter_modules(algorithms.__path__)],
)
def test_worked_examples_in_docstrings(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_equal_rewards_give_no_advantage_at_all_whatever_their_value():
    # Eight times 0.5 / 3: the mean in float32 is not 0.5 / 3.
    rewards = torch.full((1, 8), 0.5 / 3)
    lengths = torch.full((1, 8), 4)
    found = [
        grpo(rewards, scale="group", eps=1e-9),
        rloo(rewards),
        dapo(
            rewards, lengths=lengths, longest=8, eps=1e-9, overlong_tokens=0, overlong_penalty=1.0
        ),
        pass_at_k(rewards, k=2, eps=1e-9),
        pkpo(rewards, k=2),
    ]
    assert all(torch.equal(one, torch.zeros(1, 8)) for one in found)
