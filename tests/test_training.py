"""The trainer on a toy policy: it learns, repeats itself to the byte, and survives a kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import torch
from pydantic import ValidationError

import toy_policy as toy
from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.pipeline.stages import train as train_stage
from passk.pipeline.stages.job import Job, StageError
from passk.training import arm as arms
from passk.training import checkpoints, tasks
from passk.training import trainer as trainers
from passk.training.configuration import make_configuration
from passk.training.curricula.easy_first import easy_first
from passk.training.curricula.registry import CURRICULA
from passk.training.log import TrainingLog
from passk.training.problem_schedule import (
    choose_further_problems,
    choose_problems,
)
from passk.training.reward import Rewards
from passk.training.scoring import score_sharing_prompts
from passk.training.trainer import PolicyTrainer, TrainingError


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return toy.make_start(tmp_path_factory.mktemp("start"))


def run(start, folder, reward=toy.printable_start, live=None, **changes):
    arm = arms.Arm("toy", toy.settings(**changes), 1, start, folder, live)
    return arms.train(arm, toy.tasks, reward)


def outputs(folder: Path) -> dict[str, bytes]:
    """Every byte that a finished run hands over."""
    kept = [p for p in folder.rglob("*") if p.is_file() and "checkpoint-" not in str(p)]
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept}


def test_reward_rises_on_a_bandit(start, tmp_path):
    rows = run(start, tmp_path, steps=40, checkpoints=[40], resume_every=50)
    first, last = (sum(r["reward"] for r in part) / 5 for part in (rows[:5], rows[-5:]))
    assert last > first + 0.2
    assert rows[-1]["entropy"] < rows[0]["entropy"]  # it prefers what is rewarded


def test_arms_ask_the_same_problems_in_the_same_order_and_draw_rollouts_of_their_own(
    start, tmp_path
):
    asked = {}
    for name in ("one", "other"):
        seen = asked[name] = []

        def reward(tasks, texts, cut, seen=seen):
            seen.append(([task.problem_id for task in tasks], list(texts)))
            return toy.printable_start(tasks, texts, cut)

        arm = arms.Arm(name, toy.settings(), 1, start, tmp_path / name)
        arms.train(arm, toy.tasks, reward)
    assert [ids for ids, _ in asked["one"]] == [ids for ids, _ in asked["other"]]
    assert asked["one"][0][1] != asked["other"][0][1]


def test_same_seed_gives_the_same_bytes_and_another_seed_others(start, tmp_path):
    for name in ("a", "b"):
        run(start, tmp_path / name)
    run(start, tmp_path / "c", train_seed=1)
    a, b, c = (outputs(tmp_path / name) for name in "abc")
    assert a == b
    assert a["step-6/model.safetensors"] != c["step-6/model.safetensors"]


def test_checkpoints_hold_weights_configuration_and_tokenizer_only(start, tmp_path):
    run(start, tmp_path)
    assert sorted(p.name for p in tmp_path.glob("step-*")) == ["step-3", "step-6"]
    names = {p.name for p in (tmp_path / "step-3").iterdir()}
    assert names == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    for path in (tmp_path / "step-3").glob("*.json"):
        assert str(tmp_path) not in path.read_text()
        assert str(start) not in path.read_text()
    # All but the weights is the start model's, byte by byte, and the folder loads.
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "step-3" / name).read_bytes() == (start / name).read_bytes()
    model, tokenizer = checkpoints.load(tmp_path / "step-3")
    assert tokenizer("1+1=")["input_ids"] == checkpoints.load(start)[1]("1+1=")["input_ids"]
    assert torch.isfinite(model(torch.tensor([[1, 2]])).logits).all()


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


def kill_after(calls):
    """A reward that dies at its n-th call."""
    made = []

    def reward(*batch):
        made.append(1)
        if len(made) == calls:
            raise Killed
        return toy.printable_start(*batch)

    return reward


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_iterations": 2, "minibatches": 2, "schedule": "cosine", "kl_every": 2, "beta": 0.01},
    ],
)
def test_a_stopped_run_goes_on_to_the_same_bytes(start, tmp_path, changes):
    run(start, tmp_path / "whole", **changes)
    live = tmp_path / "live.jsonl"
    with pytest.raises(Killed):
        run(start, tmp_path / "cut", kill_after(6), live, **changes)
    assert checkpoints.find_resume_point(tmp_path / "cut") is not None
    judged = []

    def counted(*batch):
        judged.append(1)
        return toy.printable_start(*batch)

    run(start, tmp_path / "cut", counted, live, **changes)
    assert len(judged) == 2  # steps 5 and 6: resumed behind step 4, not from the start
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")
    assert live.read_bytes() == (tmp_path / "whole" / "log.jsonl").read_bytes()


def test_an_incomplete_resume_point_is_not_used(start, tmp_path):
    run(start, tmp_path)
    last = checkpoints.find_resume_point(tmp_path)
    assert last.name == "checkpoint-6"
    (last / checkpoints.COMPLETE).unlink()  # as if killed while writing
    assert checkpoints.find_resume_point(tmp_path).name == "checkpoint-4"
    assert not last.exists()


def test_log_rows_hold_what_curves_need_and_no_times(start, tmp_path):
    rows = run(start, tmp_path, kl_every=2)
    assert [row["step"] for row in rows] == list(range(1, 7))
    needed = {
        "step", "reward", "reward_std", "signal", "length", "entropy", "loss", "grad_norm",
        "clip_fraction", "kl", "unknown", "truncated", "rollouts", "tokens", "rounds", "trained",
    }  # fmt: skip
    for row in rows:
        assert needed <= set(row)
        assert not [name for name in row if "time" in name or "second" in name]
        assert row["tokens"] == round(row["length"] * row["rollouts"])
        assert row["rollouts"] == 32
        assert row["rounds"] == 1
        assert not {"critic_loss", "explained_variance"} & set(row)
    assert abs(rows[0]["kl"]) < 1e-6  # the policy is the start model
    assert rows[5]["kl"] > 0
    plain = run(start, tmp_path / "plain", kl_every=2, share_prompts=False)
    assert plain[5]["kl"] == pytest.approx(rows[5]["kl"], rel=1e-3)
    assert rows[4]["kl"] is None
    assert [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()] == rows


def test_nan_loss_stops_names_the_step_and_keeps_what_was(start, tmp_path, monkeypatch):
    # A reward that turns infinite makes advantages, and so the loss, NaN.
    made = []

    def reward(*batch):
        made.append(1)
        values = toy.printable_start(*batch).values
        return Rewards([float("inf"), *values[1:]] if len(made) == 4 else values, 0)

    with pytest.raises(TrainingError, match="step 4: loss is nan"):
        run(start, tmp_path, reward)
    assert (tmp_path / "step-3" / "model.safetensors").exists()
    assert checkpoints.find_resume_point(tmp_path).name == "checkpoint-2"
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3


def test_a_gradient_that_is_not_finite_names_its_step(start, tmp_path, monkeypatch):
    log = PolicyTrainer.log

    def broken(self, logs, start_time=None):
        if "loss" in logs and self.state.global_step == 3:  # the first update of step 2
            logs = {**logs, "grad_norm": float("nan")}
        log(self, logs, start_time)

    monkeypatch.setattr(PolicyTrainer, "log", broken)
    with pytest.raises(TrainingError, match="step 2: grad_norm is nan"):
        run(start, tmp_path, minibatches=2)


def test_never_a_signal_is_said_early(start, tmp_path, capsys):
    rows = run(start, tmp_path, lambda answers, *_: Rewards([0.0] * len(answers), 2))
    assert "no group had a signal in 3 steps" in capsys.readouterr().err
    assert all(row["signal"] == 0 and row["grad_norm"] == 0 for row in rows)
    assert all(row["unknown"] == 2 for row in rows)


@pytest.mark.parametrize("loss_type", ["grpo", "dapo", "bnpo", "dr_grpo"])
def test_shortcuts_leave_the_update_unchanged(start, tmp_path, loss_type):
    """Sharing prompts, chunks and leaving out rows without signal: same gradient as plain TRL."""
    plain = {"share_prompts": False, "skip_zero_advantage": False}
    results = []
    for i, changes in enumerate([plain, {}, {"forward_rows": 3, "gradient_accumulation": 2}]):
        if loss_type == "bnpo" and "gradient_accumulation" in changes:
            continue  # plain bnpo is defined per micro-batch; see the trainer's list
        rows = run(
            start,
            tmp_path / str(i),
            loss_type=loss_type,
            steps=1,
            checkpoints=[1],
            prompts=8,
            rollouts=2,
            **changes,
        )
        model, _ = checkpoints.load(tmp_path / str(i) / "step-1")
        results.append((rows[0]["loss"], rows[0]["grad_norm"], rows[0]["trained"], model))
    assert results[0][2] == 1 > results[1][2]  # rows were left out
    for loss, norm, _, _ in results[1:]:
        assert loss == pytest.approx(results[0][0], abs=1e-6)
        assert norm == pytest.approx(results[0][1], rel=1e-4)


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_shared_prompts_score_as_a_plain_pass_does(tmp_path, kind):
    model, tokenizer = checkpoints.load(toy.make_start(tmp_path, kind))
    prompts = [tokenizer(p)["input_ids"] for p in ("1+1=", "1+1=", "123+4=", "1+1=")]
    responses = [[5, 6, 7], [9], [8, 7, 6, 5, 4], [0]]
    pad = lambda row, n, left: [0] * (n - len(row)) + row if left else row + [0] * (n - len(row))  # noqa: E731
    ids = [
        torch.tensor([pad(r, 6, left) for r in rows])
        for rows, left in ((prompts, 1), (responses, 0))
    ]
    mask = [
        torch.tensor([pad([1] * len(r), 6, left) for r in rows])
        for rows, left in ((prompts, 1), (responses, 0))
    ]
    logps, entropies = score_sharing_prompts(
        model, (ids[0], mask[0]), (ids[1], mask[1]), temperature=0.7, rows=2
    )
    for row, (prompt, response) in enumerate(zip(prompts, responses, strict=True)):
        logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1] / 0.7
        expected = torch.log_softmax(logits, -1)
        chosen = expected[range(len(response)), response]
        assert torch.allclose(logps[row, : len(response)], chosen, atol=1e-5)
        entropy = -(expected.exp() * expected).sum(-1)
        assert torch.allclose(entropies[row, : len(response)], entropy, atol=1e-5)
        assert not logps[row, len(response) :].any()


def test_gradient_agrees_with_the_policy_gradient_by_hand(start, tmp_path, monkeypatch):
    """On-policy GRPO's gradient is that of the mean of A log pi, written out plainly."""
    seen = {}

    original = trainers.split_batch

    def watched(batch, *rest, **named):
        seen.update(batch)
        return original(batch, *rest, **named)

    monkeypatch.setattr(trainers, "split_batch", watched)
    settings = toy.settings(steps=1, checkpoints=[1], max_grad_norm=0.0)
    model, tokenizer = checkpoints.load(start)
    reference, _ = checkpoints.load(start)
    norms = []
    trainer = PolicyTrainer(
        model, tokenizer, toy.tasks(tokenizer), settings,
        draw=toy.sampler("step_loop", tokenizer, settings), reward=toy.printable_start,
        identity=(1,), folder=tmp_path, on_step=lambda row: norms.append(row["grad_norm"]),
    )  # fmt: skip
    trainer.train()
    total = torch.zeros(())
    for i, advantage in enumerate(seen["advantages"]):
        prompt = seen["prompt_ids"][i][seen["prompt_mask"][i] == 1]
        response = seen["completion_ids"][i][seen["completion_mask"][i] == 1]
        logits = reference(torch.cat([prompt, response])[None]).logits[0, len(prompt) - 1 : -1]
        logps = torch.log_softmax(logits, -1).gather(1, response[:, None])
        total = total - advantage * logps.mean() / len(seen["advantages"])
    total.backward()
    norm = torch.stack([p.grad.norm() for p in reference.parameters()]).norm()
    assert norms[0] == pytest.approx(float(norm), rel=1e-4)


def test_every_trl_number_that_moves_a_result_is_stated(tmp_path):
    made = make_configuration(toy.settings(beta=0.5, mask_truncated=True), tmp_path, seed_value=3)
    assert made.beta == 0.5
    assert made.bf16 is False  # TRL's own default is True
    assert made.mask_truncated_completions is True
    assert made.vllm_importance_sampling_correction is False
    assert made.report_to == []


def test_order_is_a_pure_function_that_covers_every_problem_once_a_pass():
    steps = [choose_problems(10, 4, step, 7) for step in range(1, 6)]
    flat = [i for step in steps for i in step]
    assert sorted(flat[:10]) == sorted(flat[10:]) == list(range(10))
    assert flat[:10] != flat[10:]
    assert choose_problems(10, 4, 3, 7) == steps[2]
    assert choose_problems(10, 4, 3, 8) != steps[2]
    with pytest.raises(ValueError, match="no problem"):
        choose_problems(0, 4, 1, 7)


def test_further_rounds_ask_what_the_step_has_not_asked():
    order = [choose_further_problems(10, 3, [1, 2, 3, 4, 5], step, 2, 7) for step in (1, 2, 1)]
    assert order[0] == order[2] != order[1]
    for chosen in order:
        assert len(set(chosen)) == 3
        assert not set(chosen) & {1, 2, 3, 4, 5}
    assert choose_further_problems(10, 3, [1, 2, 3, 4, 5], 1, 3, 7) != order[0]
    # Where all were asked, some are asked again; never more than there are.
    assert len(set(choose_further_problems(4, 3, range(4), 1, 2, 7))) == 3
    assert sorted(choose_further_problems(4, 9, [0], 1, 2, 7)) == [0, 1, 2, 3]


def test_easy_first_opens_a_level_with_each_part_of_the_run():
    levels = [2, 1, 3, 1, 2]
    opened = [easy_first(levels, step, 6) for step in range(1, 7)]
    assert opened == [[1, 3]] * 2 + [[0, 1, 3, 4]] * 2 + [[0, 1, 2, 3, 4]] * 2
    assert easy_first([4, 4], 1, 1) == [0, 1]
    with pytest.raises(ValueError, match="curriculum: uniform"):
        easy_first([1, None], 1, 6)
    assert CURRICULA["uniform"](levels, 1, 6) == [0, 1, 2, 3, 4]
    for name in CURRICULA:
        assert toy.settings(curriculum=name).curriculum == name
    with pytest.raises(ValidationError, match="did you mean 'easy_first'"):
        toy.settings(curriculum="easyfirst")


def test_a_log_that_lost_rows_is_refused(tmp_path):
    log = TrainingLog(tmp_path / "log.jsonl", None)
    log.append({"step": 1})
    with pytest.raises(ValueError, match="steps 1 to 2"):
        TrainingLog(tmp_path / "log.jsonl", None).restore(2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"checkpoints": [7]}, "beyond steps"),
        ({"minibatches": 3}, "not divisible"),
        ({"gradient_checkpointing": True}, "share_prompts"),
        ({"algorithm": {"name": "grop"}}, "grpo"),
        ({"algorithm": {"name": "grpo", "scale": "group", "eps": 0}}, "greater than 0"),
        ({"schedule": "constant", "warmup_updates": 2}, "constant_with_warmup"),
        (
            {
                "algorithm": {
                    "name": "dapo",
                    "eps": 1e-4,
                    "rounds": 2,
                    "overlong_tokens": 7,
                    "overlong_penalty": 1.0,
                }
            },
            "more than max_new_tokens = 6",
        ),
    ],
)
def test_parameters_that_cannot_work_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        toy.settings(**changes)


def test_a_start_model_without_a_tokenizer_is_named(start, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((start / name).read_bytes())
    with pytest.raises(checkpoints.ModelFolderError, match="without a tokenizer"):
        checkpoints.load(tmp_path)


DRILL = """
import sys, time, torch
from pathlib import Path
sys.path.insert(0, {tests!r})
import toy_policy as toy
from passk.training import arm as arms
torch.set_num_threads(1)
def slow(*batch):
    time.sleep(0.2)
    return toy.printable_start(*batch)
settings = toy.settings(steps=20, checkpoints=[7, 20])
arm = arms.Arm("toy", settings, 1, Path({start!r}), Path({folder!r}))
arms.train(arm, toy.tasks, slow)
"""


@pytest.mark.drill
def test_kill_9_in_the_middle_of_training_loses_no_byte(start, tmp_path):
    run(start, tmp_path / "whole", steps=20, checkpoints=[7, 20])
    folder = tmp_path / "cut"
    code = DRILL.format(tests=str(Path(__file__).parent), start=str(start), folder=str(folder))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for rows in (5, 12):
        process = subprocess.Popen([sys.executable, "-c", code], env=environment)
        log = folder / "log.jsonl"
        deadline = time.monotonic() + 120
        while not log.exists() or len(log.read_text().splitlines()) < rows:
            assert process.poll() is None, "the run ended before it was killed"
            assert time.monotonic() < deadline, "the run did not get going"
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert outputs(folder) == outputs(tmp_path / "whole")


def stage_job(**changes):
    entry = toy.settings(steps=2, checkpoints=[1, 2], **changes).model_dump()
    entry |= {"start": "base", "set": "train"}
    params = {"study": "toy", "seed": 1, "train": {"grpo": entry}}
    return Job("train", "grpo", params, inputs="digest")


@pytest.fixture
def study(start, tmp_path, monkeypatch):
    """A study's folder with a start model and a training set."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(start, paths.model("toy", "base"))
    rows = [
        {"problem_id": f"p{i}", "domain": "math", "set": "train", "index": i, "answer": "7",
         "question": f"{i}+1=", "answer_type": "integer", "source": "toy"}
        for i in range(6)
    ]  # fmt: skip
    empty = dict.fromkeys(PROBLEMS.columns)
    frame = pl.DataFrame([{**empty, **row} for row in rows], schema=dict(PROBLEMS.columns))
    PROBLEMS.write(frame, paths.problem_set("toy", "train"))
    return tmp_path


def test_stage_writes_checkpoints_and_log_and_leaves_nothing_else(study):
    metrics = train_stage.run(stage_job())
    assert metrics["rollouts"] == 2 * 4 * 8
    assert metrics["tokens"] > metrics["rollouts"]
    for name in ("sampling", "judging", "training"):
        assert metrics[f"seconds_{name}"] > 0
    folder = paths.model("toy", "grpo")
    assert sorted(p.name for p in folder.iterdir()) == ["step-1", "step-2"]
    log = paths.training_log("toy", "grpo").read_text()
    assert log == (paths.LIVE / "train@grpo.jsonl").read_text()
    assert len(log.splitlines()) == 2
    assert {p.name for p in folder.parent.iterdir()} == {"base", "grpo"}


def test_a_stage_that_is_refused_after_its_work_hands_over_the_same_bytes_again(study):
    """The runner, not the stage, ends the resume point: it may yet refuse what was made."""
    train_stage.run(stage_job())
    weights = paths.model("toy", "grpo") / "step-2" / "model.safetensors"
    handed_over = weights.read_bytes(), paths.training_log("toy", "grpo").read_bytes()
    shutil.rmtree(paths.model("toy", "grpo"))
    paths.training_log("toy", "grpo").unlink()
    metrics = train_stage.run(stage_job())
    assert metrics["seconds_sampling"] == 0  # nothing is drawn again
    assert (weights.read_bytes(), paths.training_log("toy", "grpo").read_bytes()) == handed_over


def make_task(row, tokenizer):
    return tasks.make_task(tasks.TrainingProblem.of(row), "plain", tokenizer)


def test_an_answer_never_reaches_a_prompt(study):
    tokenizer = checkpoints.load(paths.model("toy", "base"))[1]
    rows = PROBLEMS.read(paths.problem_set("toy", "train")).to_dicts()
    prompts = [make_task(row, tokenizer).prompt_ids for row in rows]
    changed = [{**row, "answer": "999", "tests": "x"} for row in rows]
    assert prompts == [make_task(row, tokenizer).prompt_ids for row in changed]


def test_reward_and_curriculum_read_question_and_level_of_a_problem(study):
    tokenizer = checkpoints.load(paths.model("toy", "base"))[1]
    problem = PROBLEMS.read(paths.problem_set("toy", "train")).to_dicts()[0]
    tagged = {**problem, "tags": ["nested", "level-2"]}
    task = make_task(tagged, tokenizer)
    assert (task.question, task.level) == ("0+1=", 2)
    assert make_task(problem, tokenizer).level is None  # no tags
    assert make_task({**problem, "tags": ["x"]}, tokenizer).level is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reward": "valid_steps"}, "use reward: correctness"),
        ({"curriculum": "easy_first"}, "curriculum: uniform"),
    ],
)
def test_a_reward_or_curriculum_that_a_set_cannot_have_is_refused(study, changes, message):
    with pytest.raises(ValueError, match=message):
        train_stage.run(stage_job(**changes))


def test_an_empty_training_set_is_named(study):
    empty = PROBLEMS.read(paths.problem_set("toy", "train")).head(0)
    PROBLEMS.write(empty, paths.problem_set("toy", "train"))
    with pytest.raises(StageError, match="the set is empty"):
        train_stage.run(stage_job())
