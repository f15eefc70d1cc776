"""Sampling from a model that takes images: the model's own numbers, and bytes of one's own."""

import dataclasses
import json
import shutil

import polars as pl
import pytest
import torch
from transformers import AutoTokenizer

import toy_checkpoint
import toy_vlm as toy
from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.data.prompts import encode, render
from passk.models.image_inputs import (
    ImageEncoder,
    VisionError,
    hide_response_placeholders,
    make_model_inputs,
)
from passk.models.loading import load
from passk.pipeline.stages import sample as stage
from passk.pipeline.stages.job import StageError
from passk.sampling import checkpoint, forward
from passk.sampling.decoding import DecodingConfig
from passk.sampling.steploop import Request, generate, generate_each

SETTINGS = DecodingConfig(temperature=0.9, top_p=0.95, max_new_tokens=20, eos_ids=(0, 1), rows=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy.save(tmp_path_factory.mktemp("vlm") / "base")


@pytest.fixture(scope="module")
def model(folder):
    torch.set_num_threads(1)
    return load(folder, "float32").eval()


@pytest.fixture(scope="module")
def requests(folder):
    """Requests: four prompts with images, two of them with equal words, and one of words."""
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), ImageEncoder.of(folder)
    questions = [*toy.QUESTIONS[:3], toy.QUESTIONS[0]]
    with_images = []
    for number, (question, image) in enumerate(zip(questions, toy.make_images(), strict=True)):
        ids = encode("image", render("image", {"question": question}, tokenizer), tokenizer)
        image_inputs = encoder.encode(image.png)
        with_images.append(
            Request(encoder.expand(ids, image_inputs.tokens), 100 + number, range(6), image_inputs)
        )
    return [*with_images, Request(tokenizer.encode("How many?\n"), 200, range(6))]


def compute_logits(model, request, more=()):
    """Of the last tokens, by the model's own forward pass over all that is known."""
    ids, prompt = torch.tensor([[*request.prompt_ids, *more]]), len(request.prompt_ids)
    image_tensors = {}
    if request.image is not None:
        image_tensors = make_model_inputs(
            ids, [request.image], model.config.image_token_id, prompt=prompt
        )
    with torch.inference_mode(), hide_response_placeholders(model, prompt):
        return model(input_ids=ids, **image_tensors).logits[0, prompt - 1 :]


def same(a, b):
    return all(
        x.stream == y.stream
        and x.token_ids.tobytes() == y.token_ids.tobytes()
        and x.token_logprobs.tobytes() == y.token_logprobs.tobytes()
        and x[2:5] == y[2:5]
        for x, y in zip(a, b, strict=True)
    )


# --- the numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [forward.FusedDecoder, forward.ModuleDecoder])
def test_decoders_agree_with_the_module_on_logits(model, requests, make):
    """Behind the image, too, where positions are not the places in the cache."""
    assert forward.can_fuse(model)
    more = torch.randint(3, 250, (len(requests), 8), generator=torch.Generator().manual_seed(3))
    wanted = [compute_logits(model, *pair) for pair in zip(requests, more.tolist(), strict=True)]
    with torch.inference_mode():
        decoder = make(model, len(requests), 64)
        for row, request in enumerate(requests):
            prefix, logits = decoder.prefill(list(request.prompt_ids), request.image)
            decoder.admit(torch.tensor([row]), prefix)
            scale = wanted[row].abs().max()
            assert (logits[0] - wanted[row][0]).abs().max() < 1e-5 * scale
        lengths = torch.tensor([len(request.prompt_ids) for request in requests])
        for step in range(8):
            logits = decoder.step(more[:, step], lengths + step)
            for row, own in enumerate(wanted):
                assert (logits[row] - own[step + 1]).abs().max() < 1e-5 * own.abs().max()


def test_what_is_shown_moves_the_logits(model, requests):
    first, other = requests[0], requests[3]
    assert first.prompt_ids == other.prompt_ids
    assert (compute_logits(model, first) - compute_logits(model, other)).abs().max() > 0.1


def test_greedy_equals_generate_of_transformers(model, requests):
    settings = dataclasses.replace(SETTINGS, temperature=0.0, eos_ids=(1,))
    requests = [dataclasses.replace(request, indices=[0]) for request in requests]
    for request, (one,) in zip(requests, generate(model, requests, settings), strict=True):
        ids = torch.tensor([request.prompt_ids])
        image_tensors = {}
        if request.image is not None:
            image_tensors = make_model_inputs(ids, [request.image], model.config.image_token_id)
        out = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), **image_tensors, do_sample=False,
            max_new_tokens=20, eos_token_id=[1], pad_token_id=0,
        )  # fmt: skip
        assert one.token_ids.tolist() == out[0, ids.shape[1] :].tolist()


def test_recorded_log_probabilities_are_the_models(model, requests):
    for request, drawn in zip(requests, generate(model, requests, SETTINGS), strict=True):
        for one in drawn[:2]:
            logs = compute_logits(model, request, one.token_ids.tolist())[:-1].log_softmax(-1)
            wanted = logs[torch.arange(len(one.token_ids)), one.token_ids.tolist()]
            assert (torch.from_numpy(one.token_logprobs) - wanted).abs().max() < 1e-4


def test_other_precisions_run_through_the_module(folder, requests):
    half = load(folder, "bfloat16").eval()
    assert not forward.can_fuse(half)
    drawn = generate(half, requests, SETTINGS)
    assert [len(samples) for samples in drawn] == [6] * len(requests)


# --- the bytes -------------------------------------------------------------------------------


def test_a_requests_bytes_depend_on_the_request_alone(model, requests):
    whole = generate(model, requests, SETTINGS)
    backwards = generate(model, requests[::-1], SETTINGS)[::-1]
    alone = [generate(model, [request], SETTINGS)[0] for request in requests]
    for a, b, c in zip(whole, backwards, alone, strict=True):
        assert same(a, b)
        assert same(a, c)


def test_resumed_samples_are_those_of_an_uncut_run(model, requests):
    whole = generate(model, requests, SETTINGS)
    rest = [dataclasses.replace(request, indices=range(3, 6)) for request in requests]
    for a, b in zip(whole, generate(model, rest, SETTINGS), strict=True):
        assert same(a[3:], b)


def test_equal_words_about_different_images_share_nothing(model, requests):
    # One stream for both: only what is shown can tell them apart.
    pair = [dataclasses.replace(requests[i], stream=5) for i in (0, 3)]
    one, other = generate(model, pair, SETTINGS)
    assert [x.token_ids.tolist() for x in one] != [x.token_ids.tolist() for x in other]
    assert all(
        same(samples, generate(model, [request], SETTINGS)[0])
        for samples, request in zip((one, other), pair, strict=True)
    )


def test_a_prompt_with_its_image_is_run_once(model, requests, monkeypatch):
    runs = []
    prefill = forward.FusedDecoder.prefill

    def count_prefill(self, prompt, image=None):
        runs.append(image)
        return prefill(self, prompt, image)

    monkeypatch.setattr(forward.FusedDecoder, "prefill", count_prefill)
    again = [dataclasses.replace(requests[0], stream=stream) for stream in (1, 2, 3)]
    list(generate_each(model, [*again, requests[3]], SETTINGS))
    assert runs == [requests[0].image, requests[3].image]


# --- the stage -------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, paths.model("toy", "base"))
    write(toy.make_images()[:3])
    return tmp_path


def write(images, questions=toy.QUESTIONS):
    """A set of problems about images; None: a problem without one."""
    toy_checkpoint.write_set("one", questions[: len(images)], domain="visual")
    path = paths.problem_set("toy", "one")
    image_columns = {
        "image": [image and image.digest for image in images],
        "image_bytes": [image and image.png for image in images],
    }
    frame = PROBLEMS.read(path)
    columns = [
        pl.Series(name, values, frame.schema[name]) for name, values in image_columns.items()
    ]
    PROBLEMS.write(frame.with_columns(columns), path)


def job(**draw):
    return toy_checkpoint.job(**{"template": "image", "sets": ["one"], **draw})


def table():
    return SAMPLES.read(paths.samples("toy", "base"))


def test_changing_an_image_draws_its_samples_anew_and_no_others(study):
    assert stage.run(job())["drawn"] == 3 * 24  # blocks of 8
    first = table()
    assert stage.run(job())["drawn"] == 0
    assert table().equals(first)
    write([toy.make_images()[3], *toy.make_images()[1:3]])
    measured = stage.run(job())
    assert (measured["drawn"], measured["reused"]) == (24, 40)
    second = table()
    changed = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"][0]
    stays = pl.col("problem_id") != changed
    assert second.filter(stays).equals(first.filter(stays))
    assert not set(second.filter(~stays)["seed"]) & set(first["seed"])
    assert second["text"].to_list() != first["text"].to_list()


def test_one_question_about_two_images_is_two_prompts(study):
    write(toy.make_images()[:1])
    stage.run(job())
    first = table()
    write(toy.make_images()[3:])
    stage.run(job())
    assert not set(first["prompt_digest"]) & set(table()["prompt_digest"])


def test_nothing_is_read_of_images_when_no_sample_is_missing(study, monkeypatch):
    stage.run(job())
    read = []
    whole = PROBLEMS.read

    def watched(path, columns=None):
        read.append(columns)
        return whole(path, columns) if columns else whole(path)

    monkeypatch.setattr(type(PROBLEMS), "read", staticmethod(watched))
    stage.run(job())
    assert read
    assert not [columns for columns in read if columns is None or "image_bytes" in columns]


def test_how_images_are_prepared_is_part_of_what_names_weights(folder, tmp_path):
    shutil.copytree(folder, other := tmp_path / "other")
    path = other / checkpoint.PROCESSOR
    values = json.loads(path.read_text())
    size = values["size"]
    path.write_text(json.dumps(values | {"size": {**size, "longest_edge": 56 * 56}}))
    assert checkpoint.digest_weights(other) != checkpoint.digest_weights(folder)
    assert ImageEncoder.of(other).encode(toy.make_images()[0].png).tokens == 4


# --- bad input -------------------------------------------------------------------------------


def test_a_question_without_its_image_is_named(study):
    write([*toy.make_images()[:2], None])
    wanted = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"][2]
    with pytest.raises(StageError, match=rf"{wanted} .*has no image.*image_present"):
        stage.run(job())


def test_an_image_that_the_template_does_not_show_is_named(study):
    wanted = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"][0]
    with pytest.raises(StageError, match=rf"{wanted} .*has an image, which template 'plain'"):
        stage.run(job(template="plain"))


def test_a_model_of_text_takes_no_images(study):
    shutil.rmtree(paths.model("toy", "base"))
    toy_checkpoint.save(paths.model("toy", "base"))
    with pytest.raises(StageError, match=r"models/toy/base takes no images; use a model with a"):
        stage.run(job())


def test_a_question_that_writes_a_placeholder_is_named(study):
    write(toy.make_images()[:2], ["How many?", "What is <|image_pad|>?"])
    wanted = PROBLEMS.read(paths.problem_set("toy", "one"))["problem_id"][1]
    with pytest.raises(StageError, match=rf"{wanted} .*2 placeholders"):
        stage.run(job())


def test_placeholders_must_be_one(folder):
    encoder = ImageEncoder.of(folder)
    with pytest.raises(VisionError, match="0 placeholders"):
        encoder.expand([200, 201], 4)
    with pytest.raises(VisionError, match="2 placeholders"):
        encoder.expand([encoder.image_id, 200, encoder.image_id], 4)


def test_a_prompt_whose_image_exceeds_the_context_is_refused(study):
    with pytest.raises(StageError, match=r"exceed the context of 192"):
        stage.run(job(max_new_tokens=180))
