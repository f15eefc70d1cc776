"""The eight algorithms in the trainer: each learns, by the gradient that its formula says."""

import math

import pytest
import torch
from transformers import TrainerCallback

import toy_policy as toy
from passk.sampling.rollouts import Rollout
from passk.training import arm as arms
from passk.training import checkpoints
from passk.training.algorithms.registry import ALGORITHMS
from passk.training.batches import split_batch
from passk.training.collection import Collector
from passk.training.critic import Critic, explained_variance, value_loss
from passk.training.reward import Rewards
from passk.training.seconds import Stopwatch
from passk.training.tasks import Task
from passk.training.trainer import PolicyTrainer

OPTIONS = {
    "grpo": {"scale": "group", "eps": 1e-4},
    "rloo": {},
    "reinforce++": {"gamma": 1.0, "eps": 1e-4},
    "remax": {},
    "ppo": {
        "gamma": 1.0, "lam": 0.95, "eps": 1e-4, "critic_learning_rate": 3e-3, "critic_passes": 2,
        "critic_minibatches": 2, "critic_clip": 0.5, "critic_warmup": 0,
    },
    "dapo": {"eps": 1e-4, "rounds": 3, "overlong_tokens": 2, "overlong_penalty": 0.5},
    "pass_at_k": {"k": 2, "eps": 1e-4},
    "pkpo": {"k": 2},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return toy.make_start(tmp_path_factory.mktemp("start"))


def by(name, **changes):
    """An algorithm with the toy's options, some changed."""
    return {"algorithm": {"name": name, **OPTIONS[name], **changes}}


def run(start, folder, reward=toy.printable_start, **changes):
    arm = arms.Arm("toy", toy.settings(**changes), 1, start, folder)
    return arms.train(arm, toy.tasks, reward)


def final(folder, step):
    return (folder / f"step-{step}" / "model.safetensors").read_bytes()


# --- each learns, each by its own formula -------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("grpo", "ppo") else pytest.param(name, marks=pytest.mark.long)
        for name in ALGORITHMS
    ],
)
def test_each_algorithm_raises_the_reward_of_a_bandit(start, tmp_path, name):
    rows = run(
        start, tmp_path, steps=36, checkpoints=[36], resume_every=50, learning_rate=2e-2, **by(name)
    )
    first, last = (sum(r["reward"] for r in part) / 5 for part in (rows[:5], rows[-5:]))
    assert last > first + 0.2
    assert all(math.isfinite(row["loss"]) for row in rows)


class Gradients(TrainerCallback):
    """What the optimizer is about to apply."""

    def __init__(self):
        self.seen = []

    def on_pre_optimizer_step(self, args, state, control, **named):
        self.seen = [p.grad.clone() for p in named["model"].parameters()]


def plain_logps(model, prompt, response):
    """Log-probabilities of a response's tokens, and the states that they are chosen from."""
    ids = torch.tensor([[*prompt, *response]])
    states = model.base_model(input_ids=ids).last_hidden_state[0, len(prompt) - 1 : -1]
    logps = torch.log_softmax(model.get_output_embeddings()(states), -1)
    return logps.gather(1, torch.tensor(response)[:, None])[:, 0], states


def written_out(name, groups, rewards, greedy, values):
    """Advantages per token of every rollout, by loops over the formulas."""
    rows = [r for group in rewards for r in group]
    lengths = [len(one.token_ids) for group in groups for one in group]
    n, found = len(rewards[0]), []

    def whitened(tokens):
        flat = torch.cat(tokens)
        return [(t - flat.mean()) / (flat.std(correction=0) + 1e-4) for t in tokens]

    if name == "reinforce++":
        return whitened([torch.full((k,), r) for r, k in zip(rows, lengths, strict=True)])
    if name == "ppo":
        for reward, own in zip(rows, values, strict=True):
            ahead, total = 0.0, []
            for t in reversed(range(len(own))):
                last = t == len(own) - 1
                delta = (reward if last else float(own[t + 1])) - float(own[t])
                ahead = delta + 0.95 * ahead
                total.insert(0, ahead)
            found.append(torch.tensor(total))
        return whitened(found)
    for place, group in enumerate(rewards):
        if name == "dapo":  # max_new_tokens 6, the penalty over the last 2: 0, 0.25, 0.5
            sizes = lengths[place * n : place * n + n]
            group = [r - 0.5 * max(0, k - 4) / 2 for r, k in zip(group, sizes, strict=True)]  # noqa: PLW2901
        mean = sum(group) / n
        std = math.sqrt(sum((r - mean) ** 2 for r in group) / (n - 1))
        wrong = sum(r == 0 for r in group)
        pairs = 1 - math.comb(wrong, 2) / math.comb(n, 2)
        spread = math.sqrt(pairs * (1 - pairs))
        for i, r in enumerate(group):
            others = [x for j, x in enumerate(group) if j != i]
            formulas = {
                "grpo": (r - mean) / (std + 1e-4),
                "dapo": (r - mean) / (std + 1e-4),
                "rloo": r - sum(others) / len(others),
                "remax": r - greedy[place] if greedy else None,
                "pass_at_k": (1 - pairs - (0 if r else (wrong - 1) / (n - 1))) / (spread + 1e-4),
                "pkpo": n * sum(max(r, x) - x for x in others) / math.comb(n, 2),
            }
            found.append(formulas[name])
    return [torch.full((k,), float(a)) for a, k in zip(found, lengths, strict=True)]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_gradient_of_each_algorithm_agrees_with_its_formula_written_out(start, tmp_path, name):
    """On-policy, it is that of -A log pi: mean of means, or for DAPO the mean over all tokens."""
    loss_type = "dapo" if name == "dapo" else "grpo"
    settings = toy.settings(
        steps=1, checkpoints=[1], max_grad_norm=0.0, loss_type=loss_type, **by(name)
    )
    model, tokenizer = checkpoints.load(start)
    reference, _ = checkpoints.load(start)
    drawn, gradients = {}, Gradients()
    engine = toy.sampler("step_loop", tokenizer, settings)

    def draw(policy, request):
        groups = engine(policy, request)
        drawn[request.stream] = (request.tasks, groups)
        return groups

    trainer = PolicyTrainer(
        model, tokenizer, toy.tasks(tokenizer), settings, draw=draw, reward=toy.printable_start,
        identity=(1,), folder=tmp_path, on_step=lambda *_: None,
    )  # fmt: skip
    head = None
    if trainer.critic is not None:
        torch.nn.init.normal_(trainer.critic.head.weight, generator=torch.manual_seed(5))
        head = trainer.critic.head.weight.detach().clone()
    trainer.add_callback(gradients)
    trainer.train()
    tasks, groups = [], []
    for stream in ("rollout", "rollout-2", "rollout-3"):
        for task, group in zip(*drawn.get(stream, ([], [])), strict=True):
            reward = toy.printable_start(None, [r.text for r in group], None).values
            if name != "dapo" or 0 < sum(reward) < len(reward):
                tasks.append(task)
                groups.append(group)
    rewards = [toy.printable_start(None, [r.text for r in g], None).values for g in groups]
    greedy = [
        toy.printable_start(None, [one.text], None).values[0]
        for (one,) in drawn.get("greedy", ([], []))[1]
    ]
    scored = [
        plain_logps(reference, task.prompt_ids, one.token_ids)
        for task, group in zip(tasks, groups, strict=True)
        for one in group
    ]
    values = [(states @ head.T)[:, 0].detach() for _, states in scored] if name == "ppo" else None
    advantages = written_out(name, groups, rewards, greedy, values)
    terms = [-(a * logps) for a, (logps, _) in zip(advantages, scored, strict=True)]
    if name == "dapo":
        loss = torch.cat(terms).mean()
    else:
        loss = torch.stack([term.mean() for term in terms]).mean()
    loss.backward()
    size = max(float(p.grad.abs().max()) for p in reference.parameters())
    assert size > 1e-4  # something is compared
    for got, parameter in zip(gradients.seen, reference.parameters(), strict=True):
        assert torch.allclose(got, parameter.grad, atol=2e-4 * size)


# --- ReMax --------------------------------------------------------------------------------------


def test_greedy_responses_count_as_drawn_and_nowhere_else(start, tmp_path):
    plain = run(start, tmp_path / "rloo", steps=1, checkpoints=[1], **by("rloo"))
    rows = run(start, tmp_path / "remax", steps=1, checkpoints=[1], **by("remax"))
    assert rows[0]["rollouts"] == plain[0]["rollouts"] + 4
    assert rows[0]["tokens"] > plain[0]["tokens"]
    for same in ("reward", "reward_std", "length", "entropy", "signal"):
        assert rows[0][same] == plain[0][same]


# --- PPO ----------------------------------------------------------------------------------------


def test_critic_learns_what_the_reward_will_be(start, tmp_path):
    def by_problem(tasks, texts, cut):
        return Rewards([float(task.problem_id.startswith("1")) for task in tasks], 0)

    rows = run(
        start, tmp_path, by_problem, steps=16, checkpoints=[16], resume_every=50,
        **by("ppo", critic_warmup=16),
    )  # fmt: skip
    first, last = (sum(r["critic_loss"] for r in part) / 4 for part in (rows[:4], rows[-4:]))
    assert last < 0.2 * first
    assert rows[0]["explained_variance"] == pytest.approx(0, abs=1e-6)  # it begins at 0 everywhere
    assert sum(r["explained_variance"] for r in rows[-4:]) / 4 > 0.8
    # While the critic warms up, the policy stands still, to the byte.
    assert final(tmp_path, 16) == (start / "model.safetensors").read_bytes()
    assert all(row["trained"] == row["loss"] == row["grad_norm"] == 0 for row in rows)


@pytest.mark.parametrize("shared", [True, False])
def test_values_are_those_of_the_prefix_before_each_token(start, shared):
    model, tokenizer = checkpoints.load(start)
    reference, _ = checkpoints.load(start)
    settings = toy.settings(share_prompts=shared, forward_rows=2, **by("ppo"))
    config = settings.algorithm.critic()
    critic = Critic(model, config, settings, (1,), torch.device("cpu"))
    torch.nn.init.normal_(critic.head.weight, generator=torch.manual_seed(5))
    prompts = [tokenizer(p)["input_ids"] for p in ("1+1=", "123+4=", "1+1=")]
    responses = [[5, 6, 7], [9], [8, 7, 6, 5, 4]]
    batch = {}
    for name, rows, left in (("prompt", prompts, True), ("completion", responses, False)):
        fill = [[0] * (6 - len(r)) for r in rows]
        pairs = list(zip(rows, fill, strict=True))
        batch[f"{name}_ids"] = torch.tensor([f + r if left else r + f for r, f in pairs])
        ones = [([1] * len(r), f) for r, f in pairs]
        batch[f"{name}_mask"] = torch.tensor([f + r if left else r + f for r, f in ones])
    got = critic.values(batch)
    for row, (prompt, response) in enumerate(zip(prompts, responses, strict=True)):
        _, states = plain_logps(reference, prompt, response)
        wanted = (states @ critic.head.weight.T)[:, 0]
        assert torch.allclose(got[row, : len(response)], wanted, atol=1e-5)
        assert not got[row, len(response) :].any()


def test_value_loss_and_explained_variance_by_hand():
    old, returns = torch.tensor([[0.0, 0.0, 9.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False]])
    # V = 1 would be right, but may move by 1/2 only: (1 - 1/2)^2. V = -1 is off by 2. What is
    # masked counts nothing. Mean of 1/4 and 4, halved.
    loss = value_loss(torch.tensor([[1.0, -1.0, 5.0]]), old, returns, mask, 0.5)
    assert float(loss) == pytest.approx(0.5 * (0.25 + 4.0) / 2)
    assert explained_variance(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 2.0])) == 0.75
    assert explained_variance(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 3.0])) is None


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


def test_ppo_goes_on_to_the_same_bytes_critic_included(start, tmp_path):
    changes = {**by("ppo", critic_warmup=1), "kl_every": 2, "minibatches": 2, "num_iterations": 2}
    whole = run(start, tmp_path / "whole", **changes)
    calls = []

    def dies(*batch):
        calls.append(1)
        if len(calls) == 6:
            raise Killed
        return toy.printable_start(*batch)

    with pytest.raises(Killed):
        run(start, tmp_path / "cut", dies, **changes)
    assert run(start, tmp_path / "cut", **changes) == whole
    assert final(tmp_path / "cut", 6) == final(tmp_path / "whole", 6)
    ends = [
        torch.load(tmp_path / name / "checkpoint-24" / "critic.pt") for name in ("cut", "whole")
    ]
    assert str(ends[0]) == str(ends[1])
    for name, weights in ends[0]["network"].items():
        assert torch.equal(weights, ends[1]["network"][name])


def test_an_infinite_critic_loss_stops_and_names_the_step(start, tmp_path):
    def reward(*batch):
        values = toy.printable_start(*batch).values
        return Rewards([float("inf"), *values[1:]], 0)

    with pytest.raises(ValueError, match=r"step 1: .*critic's loss is (inf|nan)"):
        run(start, tmp_path, reward, **by("ppo"))


# --- DAPO ---------------------------------------------------------------------------------------

TASKS = [Task(f"p{i}", (1, 2), str(i), level=1 + i % 3) for i in range(12)]


def answers_of(kinds):
    """Rollouts whose text is right always, never, or for every other one, by problem."""

    def draw(model, request):
        seen.append((request.stream, [task.problem_id for task in request.tasks]))
        return [
            [
                Rollout([3] * (1 + i), "yes" if right(task, i) else "no", False, 1.0)
                for i in range(4)
            ]
            for task in request.tasks
        ]

    def right(task, i):
        kind = kinds[int(task.gold)]
        return kind == "all" or (kind == "half" and i % 2 == 0)

    seen = []
    return draw, seen


def said_yes(tasks, texts, cut):
    return Rewards([float(text == "yes") for text in texts], 0)


def collect(kinds, step=1, reward=said_yes, identity=(1,), **changes):
    settings = toy.settings(rollouts=4, **(by("dapo") | changes))
    draw, seen = answers_of(kinds)
    collector = Collector(TASKS, settings, draw, reward, identity, Stopwatch())
    return collector(None, step), seen


def test_groups_of_equal_reward_are_dropped_and_other_problems_asked():
    kinds = ["half", "all", "none"] * 4
    got, seen = collect(kinds)
    assert len(got.tasks) <= 4
    assert all(kinds[int(task.gold)] == "half" for task in got.tasks)
    assert got.rewards.tolist() == [[1.0, 0.0, 1.0, 0.0]] * len(got.tasks)
    # Each round asks as many as are missing, none of them twice, with random streams of its own.
    asked = [one for _, ids in seen for one in ids]
    assert len(set(asked)) == len(asked)
    missing = 4
    for number, (stream, ids) in enumerate(seen, 1):
        assert stream == ("rollout" if number == 1 else f"rollout-{number}")
        assert len(ids) == missing
        missing -= sum(kinds[int(one[1:])] == "half" for one in ids)
    assert got.summary["rounds"] == len(seen)
    assert got.summary["rollouts"] == 4 * len(asked)
    assert got.summary["tokens"] == 10 * len(asked)
    assert got.summary["signal"] == pytest.approx(len(got.tasks) / len(asked))


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_rounds_are_capped_and_a_step_may_end_with_nothing(rounds):
    got, seen = collect(["all"] * 12, **by("dapo", rounds=rounds))
    assert len(seen) == got.summary["rounds"] == rounds
    assert got.tasks == []
    assert got.summary["reward"] == 1.0
    full, seen = collect(["half"] * 12, **by("dapo", rounds=rounds))
    assert len(seen) == full.summary["rounds"] == 1
    assert len(full.tasks) == 4


def test_problems_of_every_round_are_a_function_of_seed_step_and_round():
    asked = [collect(["none"] * 12, step)[1] for step in (1, 2, 1)]
    assert asked[0] == asked[2] != asked[1]
    assert collect(["none"] * 12, identity=(2,))[1] != asked[0]
    # The first round asks what any algorithm would ask.
    assert collect(["none"] * 12, **by("grpo"))[1] == asked[0][:1]


def test_the_test_for_a_signal_reads_correctness_not_the_denser_reward():
    def denser(tasks, texts, cut):
        return Rewards([0.1 * i for i in range(len(texts))], 0, [1.0] * len(texts))

    got, _ = collect(["half"] * 12, reward=denser, **by("dapo", rounds=2))
    assert got.tasks == []
    assert got.summary["signal"] == 1.0


def test_a_curriculum_holds_in_every_round():
    for step, highest in ((1, 1), (3, 2), (6, 3)):
        _, seen = collect(["none"] * 12, step, curriculum="easy_first")
        levels = {TASKS[int(one[1:])].level for _, ids in seen for one in ids}
        assert max(levels) == highest


def test_a_run_without_any_signal_is_logged_and_changes_nothing(start, tmp_path, capsys):
    rows = run(start, tmp_path, lambda tasks, *_: Rewards([1.0] * len(tasks), 0), **by("dapo"))
    assert [row["step"] for row in rows] == list(range(1, 7))
    assert all(row["trained"] == row["loss"] == row["grad_norm"] == 0 for row in rows)
    assert all(row["rounds"] == 3 for row in rows)
    assert final(tmp_path, 6) == (start / "model.safetensors").read_bytes()
    assert "no group had a signal in 3 steps" in capsys.readouterr().err


def test_dapo_with_partial_batches_goes_on_to_the_same_bytes(start, tmp_path):
    changes = {
        **by("dapo", rounds=2), "rollouts": 2, "minibatches": 2, "loss_type": "dapo",
        "epsilon_high": 0.28,
    }  # fmt: skip
    whole = run(start, tmp_path / "whole", **changes)
    sizes = {row["rollouts"] for row in whole}
    assert max(sizes) > 8  # some step asked again
    calls = []

    def dies(*batch):
        calls.append(1)
        if len(calls) == 8:
            raise Killed
        return toy.printable_start(*batch)

    with pytest.raises(Killed):
        run(start, tmp_path / "cut", dies, **changes)
    assert run(start, tmp_path / "cut", **changes) == whole
    assert final(tmp_path / "cut", 6) == final(tmp_path / "whole", 6)


# --- micro-batches ------------------------------------------------------------------------------


@pytest.mark.parametrize("loss_type", ["grpo", "dapo", "bnpo", "dr_grpo"])
@pytest.mark.parametrize(("rows", "parts", "processes"), [(6, 3, 1), (5, 3, 1), (5, 2, 2)])
def test_parts_and_processes_add_up_to_the_mean_over_all_rows(loss_type, rows, parts, processes):
    generator = torch.Generator().manual_seed(0)
    losses = torch.rand(rows, 4, generator=generator)  # a token's loss, in place of a model's
    lengths = torch.tensor([4, 1, 3, 2, 4, 2])[:rows]
    mask = (torch.arange(4) < lengths[:, None]).long()
    advantages = torch.ones(rows)
    advantages[[0, 3]] = 0.0
    batch = {
        "loss": losses * advantages[:, None],
        "completion_mask": mask,
        "advantages": advantages,
    }
    total = 0.0
    for rank in range(processes):
        slices, _ = split_batch(
            batch, parts, order=torch.arange(rows), skip=True, loss_type=loss_type,
            share=(rank, processes),
        )  # fmt: skip
        for part in slices:
            tokens = (part["loss"] * part["completion_mask"]).sum()
            held = part["completion_mask"].sum()
            own = {  # as TRL reduces them, with `parts` forward passes per update
                "grpo": ((part["loss"] * part["completion_mask"]).sum(1)
                         / part["completion_mask"].sum(1)).mean() / parts,
                "dapo": tokens / (part["num_items_in_batch"] / processes),
                "bnpo": tokens / held / parts,
                "dr_grpo": tokens / (len(held[None].expand(len(part["loss"]))) * 9) / parts,
            }[loss_type]  # fmt: skip
            total += float(own) * part["weight"] / processes
    whole = batch["loss"] * mask
    wanted = {
        "grpo": (whole.sum(1) / lengths).mean(),
        "dapo": whole.sum() / mask.sum(),
        "bnpo": whole.sum() / mask.sum(),
        "dr_grpo": whole.sum() / (rows * 9),
    }[loss_type]
    assert total == pytest.approx(float(wanted), rel=1e-5)


def test_more_parts_than_rows_leave_parts_empty():
    batch = {"completion_mask": torch.ones(2, 3), "advantages": torch.ones(2)}
    slices, kept = split_batch(
        batch, 3, order=torch.arange(2), skip=True, loss_type="grpo"
    )  # fmt: skip
    assert [len(part.get("advantages", ())) for part in slices] == [1, 1, 0]
    assert kept == 2
