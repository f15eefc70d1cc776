"""Fine-tuning learns responses and nothing else, and survives a kill without a trace."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers.processors import TemplateProcessing
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging

import toy_policy as toy
from passk.config import paths
from passk.core.digests import seed
from passk.core.schemas.demonstrations import DEMONSTRATIONS
from passk.data.prompts import render, template
from passk.pipeline.stages import sft as stage
from passk.pipeline.stages.job import Job, StageError
from passk.sampling.blocks import Block
from passk.sampling.loaded_model import LoadedModel
from passk.training import checkpoints, finetuning
from passk.training.demonstrations import Demonstration, DemonstrationError, encode_pairs
from passk.training.pretraining import plan_batches

SETTINGS = {
    "start": "base", "demonstrations": "sums", "template": "plain", "train_seed": 0, "steps": 12,
    "batch": 8, "learning_rate": 1e-2, "schedule": "constant_with_warmup", "warmup_steps": 2,
    "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.99, "adam_eps": 1e-8,
    "max_grad_norm": 1.0, "gradient_accumulation": 1, "gradient_checkpointing": False,
    "precision": "float32", "lora": None, "resume_every": 5,
}  # fmt: skip
CHAT = "{% for m in messages %}<{{ m.content }}>{% endfor %}"


def job(inputs="key", **changes):
    params = {"study": "s", "seed": 1, "sft": {"tuned": SETTINGS | changes}}
    return Job("sft", "tuned", params, inputs)


def write(responses):
    rows = [
        {"set": "d", "problem_id": f"p{i:02}", "question": f"{i}+{7 * i}=", "starter_code": None,
         "response": response, "source": "answers", "sample_index": None}
        for i, response in enumerate(responses)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=dict(DEMONSTRATIONS.columns))
    DEMONSTRATIONS.write(frame, paths.demonstrations("s", "sums"))
    return rows


@pytest.fixture
def place(tmp_path, monkeypatch):
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    monkeypatch.chdir(tmp_path)
    toy.make_start(paths.model("s", "base"))
    write(f" {8 * i}" for i in range(20))
    return tmp_path


def outputs():
    folder = paths.model("s", "tuned")
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return files | {"log": paths.training_log("s", "tuned").read_bytes()}


def log():
    return [json.loads(line) for line in outputs()["log"].splitlines()]


def losses(model, pairs):
    """Cross-entropy of each response by hand: one at a time, no padding, no trainer."""
    found = []
    for prompt, response in pairs:
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *response]])).logits[0, len(prompt) - 1 : -1]
        found.append(cross_entropy(logits, torch.tensor(response), reduction="sum").item())
    return np.array(found)


def pairs_at(model, rows):
    tokenizer = checkpoints.load(paths.model("s", model))[1]
    return encode_pairs(rows, "plain", tokenizer)


def read_demonstrations():
    table = DEMONSTRATIONS.read(paths.demonstrations("s", "sums"))
    return [Demonstration.of(row) for row in table.iter_rows(named=True)]


@pytest.mark.usefixtures("place")
def test_demonstrations_become_likely_and_the_loss_falls():
    metrics = stage.run(job(steps=40))
    rows = read_demonstrations()
    pairs = pairs_at("base", rows)
    before, after = (
        losses(checkpoints.load(paths.model("s", name))[0], pairs) for name in ("base", "tuned")
    )
    assert after.sum() < 0.6 * before.sum()
    rows = log()
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert set(rows[0]) == {"step", "loss", "learning_rate", "grad_norm"}
    assert np.mean([row["loss"] for row in rows[-5:]]) < 0.6 * rows[0]["loss"]
    assert rows[0]["learning_rate"] == 0.0  # the warmup begins at 0
    assert rows[-1]["learning_rate"] == 1e-2
    assert metrics["tokens"] == sum(len(response) for _, response in pairs)


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.usefixtures("place")
def test_the_loss_is_the_cross_entropy_of_responses_and_of_nothing_else(accumulation):
    stage.run(job(steps=1, warmup_steps=0, gradient_accumulation=accumulation))
    pairs = pairs_at("base", read_demonstrations())
    lengths = np.array([len(prompt) + len(response) for prompt, response in pairs])
    (chosen,) = plan_batches(lengths, 8, 1, seed("order", "sft", 1, "tuned", 0))
    picked = [pairs[i] for i in chosen]
    total = losses(checkpoints.load(paths.model("s", "base"))[0], picked).sum()
    wanted = total / sum(len(response) for _, response in picked)
    assert log()[0]["loss"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.usefixtures("place")
def test_prompts_get_no_label_and_padding_none():
    model, tokenizer = checkpoints.load(paths.model("s", "base"))
    pairs = encode_pairs(read_demonstrations(), "plain", tokenizer)
    trainer = finetuning.DemonstrationTrainer(
        model, tokenizer, stage.pack(pairs, pairs[0][1][-1]),
        finetuning.FineTuningRun("tuned", stage.FineTuning(**SETTINGS), 1, paths.model("s", "base"),
                       paths.RESUME / "x"),
        print,
    )  # fmt: skip
    batch = trainer.rows(np.array([0, 12]))
    for row, (prompt, response) in enumerate((pairs[0], pairs[12])):
        size = len(prompt) + len(response)
        assert batch["input_ids"][row, :size].tolist() == [*prompt, *response]
        assert batch["labels"][row, : len(prompt)].tolist() == [-100] * len(prompt)
        assert batch["labels"][row, len(prompt) : size].tolist() == list(response)
        assert set(batch["labels"][row, size:].tolist()) <= {-100}
        assert batch["attention_mask"][row].sum() == size
        assert response[-1] == tokenizer.eos_token_id  # the end is learned


def with_bos(tokenizer):
    """The tokenizer as Llama's: it puts a token before every text."""
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    end = "<|endoftext|>"
    backend = tokenizer.backend_tokenizer
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=end, pad_token=end)


@pytest.mark.parametrize("name", ["plain", "oat"])
@pytest.mark.parametrize("bos", [False, True])
@pytest.mark.usefixtures("place")
def test_token_ids_are_those_that_sampling_uses(name, bos):
    tokenizer = checkpoints.load(paths.model("s", "base"))[1]
    tokenizer = with_bos(tokenizer) if bos else tokenizer
    tokenizer.chat_template = CHAT
    rows = read_demonstrations()
    engine = SimpleNamespace(
        tokenizer=tokenizer, config=SimpleNamespace(plain=not template(name).chat)
    )
    for row, (prompt, response) in zip(rows, encode_pairs(rows, name, tokenizer), strict=True):
        text = render(name, {"question": row.question, "starter_code": None}, tokenizer)
        assert prompt == LoadedModel.encode(engine, Block("key", text, range(1), 1), None)
        assert (prompt[0] == 0) == (bos and name == "plain")
        assert tokenizer.decode(response[:-1]) == row.response
        assert 0 not in response[:-1]  # nothing is put before a response


@pytest.mark.usefixtures("place")
def test_the_same_inputs_give_the_same_bytes_and_another_seed_others():
    stage.run(job())
    first = outputs()
    stage.run(job("again"))
    assert outputs() == first
    stage.run(job())  # the resume point stays until the runner ends it: nothing is trained again
    assert outputs() == first
    stage.run(job("seed", train_seed=1))
    assert outputs()["model.safetensors"] != first["model.safetensors"]


@pytest.mark.usefixtures("place")
def test_a_model_folder_holds_weights_configuration_and_the_start_models_tokenizer(place):
    stage.run(job())
    start = {path.name: path.read_bytes() for path in paths.model("s", "base").iterdir()}
    made = outputs()
    log_text = made.pop("log")
    assert made.keys() == start.keys()
    assert [name for name in made if made[name] != start[name]] == ["model.safetensors"]
    assert str(place).encode() not in log_text


LORA = {"rank": 4, "alpha": 8, "dropout": 0.1, "targets": ["q_proj", "v_proj"]}


@pytest.mark.parametrize(
    ("stop", "changes"),
    [(3, {}), (7, {"gradient_accumulation": 2}), (7, {"lora": LORA}), (12, {})],
)
@pytest.mark.usefixtures("place")
def test_an_interrupted_run_resumes_to_the_same_bytes(monkeypatch, stop, changes):
    stage.run(job(**changes))
    whole = outputs()
    append = finetuning.TrainingLog.append

    def interrupted(self, row):
        append(self, row)
        if row["step"] == stop:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(finetuning.TrainingLog, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stage.run(job("other", **changes))
    assert (paths.RESUME / "other" / "checkpoint-5").exists() == (stop > 5)
    stage.run(job("other", **changes))
    assert outputs() == whole
    assert (paths.LIVE / "sft@tuned.jsonl").read_bytes() == whole["log"]


@pytest.mark.usefixtures("place")
def test_a_run_killed_after_its_last_update_only_writes_its_outputs(monkeypatch):
    stage.run(job())
    whole = outputs()
    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            stage.run(job("other"))
    stage.run(job("other"))
    assert outputs() == whole


def _interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.drill
def test_kill_minus_nine_changes_nothing(place):
    stage.run(job())
    whole = outputs()
    code = (
        "import json, sys; from passk.pipeline.stages.job import Job;"
        "from passk.pipeline.stages import sft;"
        "sft.run(Job('sft', 'tuned', json.loads(sys.argv[1]), 'k'))"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, json.dumps(job().params)]
    run = subprocess.Popen(command, env=environment)
    for _ in itertools.count():
        if (paths.RESUME / "k" / "checkpoint-5").exists() or run.poll() is not None:
            break
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.wait()
    subprocess.run(command, check=True, env=environment)
    assert outputs() == whole


@pytest.mark.usefixtures("place")
def test_adapters_are_merged_into_what_is_saved_and_leave_other_weights():
    stage.run(job(lora=LORA))
    start, made = (load_file(paths.model("s", n) / "model.safetensors") for n in ("base", "tuned"))
    assert start.keys() == made.keys()
    moved = {name.split(".")[-2] for name in start if not torch.equal(start[name], made[name])}
    assert moved == {"q_proj", "v_proj"}
    assert log()[-1]["loss"] < log()[0]["loss"]


@pytest.mark.usefixtures("place")
def test_dropout_of_the_configuration_is_not_applied():
    stage.run(job())
    plain = log()
    path = paths.model("s", "base") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"attention_dropout": 0.5}))
    stage.run(job())
    assert log() == plain
    assert json.loads(outputs()["config.json"])["attention_dropout"] == 0.5


@pytest.mark.usefixtures("place")
def test_a_loss_that_is_no_number_stops_the_run_and_names_the_step():
    path = paths.model("s", "base") / "model.safetensors"
    weights = load_file(path)
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(finetuning.FineTuningError, match=r"step 1: loss is nan.*learning rate"):
        stage.run(job())
    assert not paths.model("s", "tuned").exists()


@pytest.mark.usefixtures("place")
def test_a_diverging_run_keeps_the_resume_point_before():
    with pytest.raises(finetuning.FineTuningError, match=r"step \d+: .*lower the learning rate"):
        stage.run(
            job(learning_rate=1.0, weight_decay=10.0, warmup_steps=0, resume_every=1, steps=48)
        )
    points = list((paths.RESUME / "key").glob("checkpoint-*"))
    assert all(
        torch.isfinite(tensor).all()
        for point in points
        for tensor in load_file(point / "model.safetensors").values()
    )


@pytest.mark.usefixtures("place")
def test_a_demonstration_beyond_the_context_is_named():
    write([" 1"] * 10 + [" 1" * 40])
    with pytest.raises(
        DemonstrationError, match=r"problem p10 of set 'd' makes \d+ tokens.*'base', 64"
    ):
        stage.run(job())


@pytest.mark.usefixtures("place")
def test_too_few_demonstrations_are_an_error():
    write([" 1"] * 3)
    with pytest.raises(StageError, match=r"sft\.tuned\.batch = 8: 'sums' holds 3"):
        stage.run(job())
