"""Fetched models: what is copied, what is refused, and that the content is the one pinned."""

import hashlib
import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import foreign_checkpoint as foreign
import toy_policy as toy
import toy_vlm
from passk.config import paths
from passk.core.digests import file_digest
from passk.models.fetch_settings import Fetch
from passk.models.fetching import INDEX, FetchError, check_weights, digest_files, find_model_files
from passk.models.hub import HubFile, compare, find_cached
from passk.models.image_inputs import ImageEncoder
from passk.pipeline.stages import fetch
from passk.pipeline.stages.job import Job, StageError
from passk.sampling.checkpoint import digest_weights, takes_images


def job(source, revision, **more):
    entry = {"source": str(source), "revision": revision, **more}
    return Job("fetch", "llama", {"study": "toy", "fetch": {"llama": entry}}, "inputs")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return foreign.make(tmp_path_factory.mktemp("foreign"))


@pytest.fixture
def source(made, tmp_path, monkeypatch):
    """A copy that a test may damage; the working folder is empty."""
    folder = tmp_path / "source"
    shutil.copytree(made, folder)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def test_a_folder_is_copied_without_what_is_no_model(source):
    revision = digest_files(find_model_files(source), source)
    measured = fetch.run(job(source, revision))
    target = paths.model("toy", "llama")
    names = {path.name for path in target.iterdir()}
    shards = {name for name in names if name.endswith(".safetensors")}
    assert len(shards) > 1
    assert names - shards == {
        INDEX, "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    for path in target.iterdir():
        assert path.read_bytes() == (source / path.name).read_bytes()
    ours, theirs = (AutoModelForCausalLM.from_pretrained(f) for f in (target, source))
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(ours(ids).logits, theirs(ids).logits)
    assert measured["parameters"] == ours.num_parameters()
    assert not paths.RESUME.exists()


def test_one_file_of_weights_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = toy.make_start(tmp_path / "qwen2", "qwen2")
    files = find_model_files(folder)
    fetch.run(job(folder, digest_files(files, folder)))
    assert sorted(p.name for p in paths.model("toy", "llama").iterdir()) == [f.name for f in files]


# As Qwen2.5-VL is published: options under their old names, a processor of films, a chat template.
PUBLISHED = {
    "preprocessor_config.json": {
        "min_pixels": 784, "max_pixels": 12544, "patch_size": 14, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25],
        "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor",
    },
    "chat_template.json": {"chat_template": "{{ messages }}"},
}  # fmt: skip


def test_a_model_that_takes_images_comes_with_its_processor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = toy_vlm.save(tmp_path / "vlm")
    for name, values in PUBLISHED.items():
        (folder / name).write_text(json.dumps(values))
    files = find_model_files(folder)
    fetch.run(job(folder, digest_files(files, folder)))
    target = paths.model("toy", "llama")
    assert {path.name for path in target.iterdir()} >= PUBLISHED.keys()
    encoder, png = ImageEncoder.of(target), toy_vlm.make_images()[0].png
    assert tuple(encoder.processor.image_std) == (0.25, 0.25, 0.25)
    assert encoder.encode(png).tokens == 16
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(FetchError, match=r"vision tower without preprocessor_config\.json"):
        find_model_files(folder)


def test_a_processor_in_one_file_is_as_good(tmp_path, monkeypatch):
    # As transformers 5 saves a processor: options of images are a part of another file.
    monkeypatch.chdir(tmp_path)
    folder = toy_vlm.save(tmp_path / "vlm")
    apart = ImageEncoder.of(folder)
    options = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").unlink()
    whole = {"image_processor": options, "processor_class": "Qwen2_5_VLProcessor"}
    (folder / "processor_config.json").write_text(json.dumps(whole))
    files = find_model_files(folder)
    fetch.run(job(folder, digest_files(files, folder)))
    target = paths.model("toy", "llama")
    names = {path.name for path in target.iterdir()}
    assert names == {path.name for path in files} | {"preprocessor_config.json"}
    assert takes_images(target)
    for image in toy_vlm.make_images():
        ours, theirs = (encoder.encode(image.png) for encoder in (ImageEncoder.of(target), apart))
        assert torch.equal(ours.pixels, theirs.pixels)
        assert ours.tokens == theirs.tokens


def test_models_that_see_in_another_way_are_refused(tmp_path):
    folder = toy_vlm.save(tmp_path / "vlm")
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["Gemma3ForConditionalGeneration"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(FetchError, match=r"Gemma3.*images as Qwen2\.5-VL does"):
        find_model_files(folder)


def test_a_revision_that_is_null_or_wrong_is_answered_with_the_right_one(source):
    right = digest_files(find_model_files(source), source)
    for wrong in (None, "0" * 64):
        with pytest.raises(StageError, match=f"revision: {right}"):
            fetch.run(job(source, wrong))
    assert not paths.model("toy", "llama").exists()
    (source / "README.md").write_text("says something else")
    fetch.run(job(source, right))  # no model file changed
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "rope_theta": 5.0}))
    with pytest.raises(StageError, match="other model files now"):
        fetch.run(job(source, right))


def _cut(folder):
    path = max(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-8])


def _without_tensor(folder):
    path = max(folder.glob("*.safetensors"))
    tensors = load_file(path)
    tensors.pop(next(iter(tensors)))
    save_file(tensors or {"other": torch.zeros(1)}, path)


def _classifier(folder):
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["LlamaForSequenceClassification"]
    (folder / "config.json").write_text(json.dumps(config))


def _only(name):
    def damage(folder):
        for path in folder.glob("*.safetensors*"):
            path.unlink()
        (folder / name).write_bytes(b"")

    return damage


FAULTS = {
    "no such folder": (shutil.rmtree, "no such folder"),
    "no configuration": (lambda f: (f / "config.json").unlink(), "no config.json"),
    "broken configuration": (lambda f: (f / "config.json").write_text("{"), "not readable"),
    "not a language model": (_classifier, "ForSequenceClassification.*ForCausalLM"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
    "pickled weights": (_only("pytorch_model.bin"), "there: pytorch_model.bin, training_args.bin"),
    "adapters": (_only("adapter_model.safetensors"), "adapters without the model"),
    "a shard is missing": (lambda f: max(f.glob("*.safetensors")).unlink(), "no such file, though"),
    "a shard is cut": (_cut, "damaged weights"),
    "a tensor is missing": (_without_tensor, "lacks .*, which model.safetensors.index.json"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_checkpoint_is_named(source, fault):
    damage, message = FAULTS[fault]
    damage(source)
    with pytest.raises(FetchError, match=message):
        check_weights(source, find_model_files(source))
    with pytest.raises(StageError, match=r"fetch\.llama\.(source|revision)"):
        fetch.run(job(source, None))


@pytest.mark.parametrize(
    ("source", "revision", "message"),
    [
        ("./model", "abc", "64 hexadecimal"),
        ("Qwen/Qwen2.5-0.5B", "main", "branches and tags move"),
        ("model", None, "neither a folder"),
    ],
)
def test_a_revision_that_pins_nothing_is_refused(source, revision, message):
    with pytest.raises(ValueError, match=message):
        Fetch(source=source, revision=revision)


def test_a_repository_without_a_commit_is_not_fetched():
    with pytest.raises(StageError, match=r"fetch\.llama\.revision is null.*run `passk pin`"):
        fetch.run(job("owner/name", None))


def test_a_hub_that_cannot_be_reached_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StageError, match=r"fetch\.llama\.source.*cannot be reached.*hf download"):
        fetch.run(job("owner/name", "0" * 40))


COMMIT = "0123456789" * 4


@pytest.fixture
def cache(source, tmp_path, monkeypatch):
    """The hub's cache as `hf download` fills it: snapshots of links to files named by digests."""
    root = tmp_path / "cache" / "models--owner--model"
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (root / "blobs").mkdir()
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(COMMIT)
    for path in find_model_files(source):
        blob = root / "blobs" / file_digest(path)
        shutil.copyfile(path, blob)
        (snapshot / path.name).symlink_to(blob)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    return snapshot


def test_a_filled_cache_serves_where_there_is_no_network(cache, source):
    assert find_cached("owner/model", COMMIT) == cache
    fetch.run(job("owner/model", COMMIT))
    target = paths.model("toy", "llama")
    for path in find_model_files(source):
        assert (target / path.name).read_bytes() == path.read_bytes()
    assert find_cached("owner/model", COMMIT[::-1]) is None


def test_a_damaged_cache_serves_nobody(cache):
    blob = (cache / "config.json").resolve()
    blob.write_text(blob.read_text() + "\n")
    assert find_cached("owner/model", COMMIT) is None
    with pytest.raises(StageError, match=r"cache does not hold the commit") as caught:
        fetch.run(job("owner/model", COMMIT))
    assert "\n" not in str(caught.value)


def test_a_configuration_is_changed_in_the_copy_alone(source):
    revision = digest_files(find_model_files(source), source)
    before = (source / "config.json").read_bytes()
    fetch.run(
        job(source, revision, config={"rope_parameters.rope_theta": 20000.0, "hidden_act": "gelu"})
    )
    changed = json.loads((paths.model("toy", "llama") / "config.json").read_text())
    assert changed["rope_parameters"]["rope_theta"] == 20000.0
    assert (source / "config.json").read_bytes() == before
    first = digest_weights(paths.model("toy", "llama"))
    fetch.run(job(source, revision, config={"hidden_act": None}))
    assert "hidden_act" not in json.loads((paths.model("toy", "llama") / "config.json").read_text())
    assert digest_weights(paths.model("toy", "llama")) != first
    with pytest.raises(StageError, match=r"fetch\.llama\.config\.no_such_key: the model's.*has no"):
        fetch.run(job(source, revision, config={"no_such_key": None}))


def test_downloads_are_compared_with_what_the_hub_promises(tmp_path):
    text, weights = b"{}\n", b"weights"
    (tmp_path / "config.json").write_bytes(text)
    (tmp_path / "model.safetensors").write_bytes(weights)
    promised = {
        # `git hash-object` of the same content
        "config.json": HubFile(3, None, hashlib.sha1(b"blob 3\0{}\n").hexdigest()),
        "model.safetensors": HubFile(7, file_digest(tmp_path / "model.safetensors"), None),
    }
    compare(tmp_path, promised)
    (tmp_path / "model.safetensors").write_bytes(b"weightS")
    with pytest.raises(FetchError, match="not what the hub promised"):
        compare(tmp_path, promised)
    with pytest.raises(FetchError, match="not downloaded"):  # and it is gone
        compare(tmp_path, promised)
