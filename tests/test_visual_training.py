"""The trainer on a toy that takes images: the plain gradient, learning, the same bytes."""

import shutil

import polars as pl
import pytest
import torch

import toy_checkpoint
import toy_policy as toy
import toy_vlm as vlm
from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.models.image_inputs import make_model_inputs
from passk.pipeline.stages import train as train_stage
from passk.pipeline.stages.job import Job, StageError
from passk.sampling.rollouts import Rollout, RolloutRequest
from passk.training import arm as arms
from passk.training import checkpoints, memory_estimate
from passk.training import trainer as trainers
from passk.training.batches import collate
from passk.training.reward import Rewards
from passk.training.rollouts import make_sampler
from passk.training.scoring import score_sharing_prompts
from passk.training.tasks import TaskError
from passk.training.trainer import PolicyTrainer

LORA = {"rank": 4, "alpha": 8.0, "dropout": 0.0, "targets": ["all-linear"]}
DAPO = {"name": "dapo", "eps": 1e-4, "rounds": 3, "overlong_tokens": 2, "overlong_penalty": 0.5}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return vlm.save(tmp_path_factory.mktemp("start") / "base", uneven=3.0)


def run(start, folder, reward=toy.printable_start, **changes):
    arm = arms.Arm("toy", toy.settings(**changes), 1, start, folder)
    return arms.train(arm, vlm.tasks(start), reward)


def outputs(folder):
    kept = [p for p in folder.rglob("*") if p.is_file() and "checkpoint-" not in str(p)]
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept}


def answered(start, *responses):
    """A policy, its tasks, and responses to them as tensors: two to each task, one after another.

    The tasks' prompts are of different lengths, and so padded on the left.
    """
    model, tokenizer = checkpoints.load(start)
    tasks = vlm.tasks(start)(tokenizer)
    made = iter(responses or [[200 + i, *range(210, 210 + i % 5)] for i in range(2 * len(tasks))])
    groups = [[Rollout(next(made), "", False, 0.0) for _ in "ab"] for _ in tasks]
    batch = collate(tasks, groups, tokenizer.pad_token_id, torch.device("cpu"))
    return model, tasks, groups, batch


def plain_logps(model, task, response, temperature=1.0):
    """Of one response, by the model's own pass over it alone, without any padding."""
    ids = torch.tensor([[*task.prompt_ids, *response]])
    shown = make_model_inputs(ids, [task.image], model.config.image_token_id)
    logits = model(input_ids=ids, **shown).logits[0, len(task.prompt_ids) - 1 : -1] / temperature
    return torch.log_softmax(logits, -1)


def shared(model, tasks, batch, **changes):
    return score_sharing_prompts(
        model,
        (batch["prompt_ids"], batch["prompt_mask"]),
        (batch["completion_ids"], batch["completion_mask"]),
        images=[tasks[i].image for i in batch["task"]],
        **{"temperature": 1.0, "rows": 3, **changes},
    )


# --- the loss --------------------------------------------------------------------------------


def test_shared_prompts_score_as_a_plain_pass_does(start):
    model, tasks, groups, batch = answered(start)
    assert len({task.image.grid for task in tasks}) == 3
    assert len({task.prompt_ids for task in tasks}) < len(tasks)  # equal words, another image
    logps, entropies = shared(model, tasks, batch, temperature=0.7)
    for row, place in enumerate(batch["task"].tolist()):
        response = list(groups[place][row % 2].token_ids)
        expected = plain_logps(model, tasks[place], response, 0.7)
        chosen = expected[range(len(response)), response]
        assert torch.allclose(logps[row, : len(response)], chosen, atol=1e-5)
        entropy = -(expected.exp() * expected).sum(-1)
        assert torch.allclose(entropies[row, : len(response)], entropy, atol=1e-5)
        assert not logps[row, len(response) :].any()


def test_gradients_are_those_of_a_plain_pass_and_reach_the_vision_tower(start):
    model, tasks, groups, batch = answered(start)
    weights = torch.linspace(-1, 1, len(batch["task"]))
    (shared(model, tasks, batch)[0].sum(1) * weights).sum().backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    for row, place in enumerate(batch["task"].tolist()):
        response = list(groups[place][row % 2].token_ids)
        logps = plain_logps(model, tasks[place], response)
        (logps[range(len(response)), response].sum() * weights[row]).backward()
    for name, weight in model.named_parameters():
        assert (weight.grad - found[name]).norm() <= 1e-4 * weight.grad.norm() + 1e-6, name
    assert found["model.visual.patch_embed.proj.weight"].norm() > 0


@pytest.mark.parametrize("loss_type", ["grpo", "dapo"])
def test_shortcuts_leave_the_update_unchanged(start, tmp_path, loss_type):
    """Sharing prompts, chunks and leaving out rows without signal: same gradient as plain TRL."""
    plain = {"share_prompts": False, "skip_zero_advantage": False}
    found = []
    for i, changes in enumerate(
        [plain, {"share_prompts": False}, {}, {"forward_rows": 3, "gradient_accumulation": 2}]
    ):
        (row,) = run(
            start, tmp_path / str(i), loss_type=loss_type, steps=1, checkpoints=[1], prompts=8,
            rollouts=2, **changes,
        )  # fmt: skip
        found.append((row["loss"], row["grad_norm"], row["trained"]))
    assert found[0][2] == 1 > found[1][2] == found[2][2]  # rows were left out
    assert found[0][1] > 0
    for loss, norm, _ in found[1:]:
        assert loss == pytest.approx(found[0][0], abs=1e-6)
        assert norm == pytest.approx(found[0][1], rel=1e-4)


def test_divergence_and_old_scores_are_alike_in_both_passes(start, tmp_path):
    several = {"num_iterations": 2, "minibatches": 2, "kl_every": 1, "beta": 0.05, "steps": 2}
    ours, trl = (
        run(start, tmp_path / str(share), share_prompts=share, checkpoints=[2], **several)
        for share in (True, False)
    )
    for one, other in zip(ours, trl, strict=True):
        assert one["kl"] == pytest.approx(other["kl"], rel=1e-3, abs=1e-6)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-3)
        assert one["clip_fraction"] == pytest.approx(other["clip_fraction"], abs=0.02)
    assert ours[-1]["kl"] > 0


def test_a_response_may_draw_the_placeholder_of_an_image(start, tmp_path):
    """It is a token as any other there, and stands for no image."""
    model, tokenizer = checkpoints.load(start)
    image = model.config.image_token_id
    assert image in tokenizer.all_special_ids
    settings = toy.settings(steps=1, checkpoints=[1])

    def draw(policy, request):
        rows = [[200, image, 201], [202, 203]]
        group = [Rollout(rows[i % 2], "ab"[i % 2], False, 1.0) for i in range(8)]
        return [list(group) for _ in request.tasks]

    norms = []
    for share in (True, False):
        own, _ = checkpoints.load(start)
        trainer = PolicyTrainer(
            own, tokenizer, vlm.tasks(start)(tokenizer),
            settings.model_copy(update={"share_prompts": share}), draw=draw,
            reward=lambda tasks, texts, cut: Rewards([float(t == "a") for t in texts], 0),
            identity=(1,), folder=tmp_path / str(share),
            on_step=lambda row: norms.append(row["grad_norm"]),
        )  # fmt: skip
        trainer.train()
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


# --- learning --------------------------------------------------------------------------------


def test_reward_rises_on_a_bandit(start, tmp_path):
    rows = run(start, tmp_path, steps=30, checkpoints=[30], resume_every=50)
    first, last = (sum(r["reward"] for r in part) / 5 for part in (rows[:5], rows[-5:]))
    assert last > first + 0.2
    before, after = (checkpoints.load(f)[0].state_dict() for f in (start, tmp_path / "step-30"))
    assert not torch.equal(*(w["model.visual.patch_embed.proj.weight"] for w in (before, after)))


def test_one_step_raises_the_chance_of_what_is_rewarded(start, tmp_path, monkeypatch):
    batch, asked = {}, []
    original = trainers.split_batch

    def watched(given, *rest, **named):
        batch.update(given)
        return original(given, *rest, **named)

    def reward(tasks, texts, cut):
        asked.extend(tasks[::8])  # the owners of rows, group after group
        return toy.printable_start(tasks, texts, cut)

    monkeypatch.setattr(trainers, "split_batch", watched)
    run(start, tmp_path, reward, steps=1, checkpoints=[1], learning_rate=1e-3)
    scores = []
    for folder in (start, tmp_path / "step-1"):
        with torch.no_grad():
            logps, _ = shared(checkpoints.load(folder)[0], asked, batch)
        scores.append(float((logps.sum(1) * batch["advantages"]).sum()))
    assert scores[1] > scores[0]


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_iterations": 2, "minibatches": 2, "kl_every": 2, "beta": 0.01},
        {"share_prompts": False, "engine": "generate"},
        {"algorithm": DAPO},
        {"lora": LORA, "kl_every": 2},
    ],
    ids=["plain", "several", "trl", "dynamic", "adapters"],
)
def test_a_stopped_run_goes_on_to_the_same_bytes(start, tmp_path, changes):
    rows = run(start, tmp_path / "whole", **changes)
    assert sum(row["grad_norm"] for row in rows) > 0
    made = []

    def reward(*batch):
        made.append(1)
        if len(made) == 6:
            raise Killed
        return toy.printable_start(*batch)

    with pytest.raises(Killed):
        run(start, tmp_path / "cut", reward, **changes)
    assert checkpoints.find_resume_point(tmp_path / "cut") is not None
    run(start, tmp_path / "cut", **changes)
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def test_half_precision_trains(start, tmp_path):
    rows = run(start, tmp_path, precision="bfloat16", steps=2, checkpoints=[2], kl_every=1)
    assert all(row["grad_norm"] > 0 for row in rows)
    model, _ = checkpoints.load(tmp_path / "step-2")
    assert {p.dtype for p in model.parameters()} == {torch.float32}


# --- rollouts --------------------------------------------------------------------------------


def test_engines_agree_on_greedy_rollouts(start):
    model, tokenizer = checkpoints.load(start)
    model.eval()
    tasks = vlm.tasks(start)(tokenizer)
    settings = toy.settings(max_new_tokens=12)
    ours, theirs = (
        toy.sampler(name, tokenizer, settings)(model, RolloutRequest(tasks, 1, greedy=True))
        for name in ("step_loop", "generate")
    )
    assert [g[0].token_ids for g in ours] == [g[0].token_ids for g in theirs]
    assert len({tuple(g[0].token_ids) for g in ours}) > 1


def test_a_copy_of_a_policy_with_adapters_takes_images(start):
    model, tokenizer = checkpoints.load(start)
    tasks = vlm.tasks(start)(tokenizer)
    of_copy = make_sampler(toy.settings(lora=LORA), tokenizer, (1,), start, 60)
    plain = toy.sampler("step_loop", tokenizer, toy.settings())
    ours, theirs = (sampler(model.eval(), RolloutRequest(tasks, 1)) for sampler in (of_copy, plain))
    assert [[r.token_ids for r in g] for g in ours] == [[r.token_ids for r in g] for g in theirs]


# --- folders and bad input -------------------------------------------------------------------


def test_checkpoints_hold_the_image_processor(start, tmp_path):
    run(start, tmp_path, steps=3, checkpoints=[3])
    names = {p.name for p in start.iterdir()}
    assert "preprocessor_config.json" in names
    assert {p.name for p in (tmp_path / "step-3").iterdir()} == names
    for name in names - {"model.safetensors"}:
        assert (tmp_path / "step-3" / name).read_bytes() == (start / name).read_bytes(), name


def test_memory_is_that_of_the_language_model_and_all_weights(start):
    model, _ = checkpoints.load(start)
    shape = memory_estimate.measure_shape(model, toy.settings())
    assert (shape.layers, shape.width, shape.cached) == (2, 64, 64)
    assert shape.parameters == sum(p.numel() for p in model.parameters())


def test_prompts_with_images_that_exceed_the_context_are_refused(start, tmp_path):
    with pytest.raises(arms.ArmError, match=r"start model's context of 192; at most \d+ fit"):
        run(start, tmp_path, max_new_tokens=180)


@pytest.fixture
def study(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(start, paths.model("toy", "base"))
    write(vlm.make_images())
    return tmp_path


def write(images, questions=vlm.QUESTIONS):
    toy_checkpoint.write_set("train", questions[: len(images)], domain="visual")
    path = paths.problem_set("toy", "train")
    frame = PROBLEMS.read(path)
    image_columns = {
        "image": [image and image.digest for image in images],
        "image_bytes": [image and image.png for image in images],
    }
    columns = [
        pl.Series(name, values, frame.schema[name]) for name, values in image_columns.items()
    ]
    PROBLEMS.write(frame.with_columns(columns), path)


def job(**changes):
    entry = toy.settings(**{"steps": 2, "checkpoints": [1, 2], "template": "image", **changes})
    values = entry.model_dump() | {"start": "base", "set": "train"}
    params = {"study": "toy", "seed": 1, "train": {"grpo": values}}
    return Job("train", "grpo", params, inputs="digest")


def test_stage_trains_on_images(study):
    assert train_stage.run(job())["rollouts"] == 2 * 4 * 8
    assert (paths.model("toy", "grpo") / "step-2" / "preprocessor_config.json").exists()


def test_a_problem_without_its_image_is_named(study):
    write([*vlm.make_images()[:2], None])
    wanted = PROBLEMS.read(paths.problem_set("toy", "train"))["problem_id"][2]
    with pytest.raises(TaskError, match=rf"{wanted} has no image.*image_present"):
        train_stage.run(job())


def test_an_image_that_the_template_does_not_show_is_named(study):
    wanted = PROBLEMS.read(paths.problem_set("toy", "train"))["problem_id"][0]
    with pytest.raises(TaskError, match=rf"{wanted} has an image, and template 'plain'"):
        train_stage.run(job(template="plain"))


def test_a_start_model_of_text_takes_no_images(study):
    shutil.rmtree(paths.model("toy", "base"))
    toy.make_start(paths.model("toy", "base"))
    with pytest.raises(TaskError, match="takes no images; start from a model with a vision"):
        train_stage.run(job())


def test_a_question_that_writes_a_placeholder_is_named(study):
    write(vlm.make_images()[:2], ["How many?", "What is <|image_pad|>?"])
    wanted = PROBLEMS.read(paths.problem_set("toy", "train"))["problem_id"][1]
    with pytest.raises(TaskError, match=rf"{wanted}.* 2 placeholders"):
        train_stage.run(job())


def test_ppo_refuses_images(study):
    ppo = {
        "name": "ppo", "gamma": 1.0, "lam": 0.95, "eps": 1e-4, "critic_learning_rate": 3e-3,
        "critic_passes": 2, "critic_minibatches": 2, "critic_clip": 0.5, "critic_warmup": 0,
    }  # fmt: skip
    with pytest.raises(StageError, match="PPO's critic reads text alone"):
        train_stage.run(job(algorithm=ppo))
