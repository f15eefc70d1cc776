"""Parameter files: legal, and every fault named by key, value and what is legal."""

import copy
import datetime
import re

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from passk.config.composition import compose
from passk.config.resolved import resolve
from passk.config.study import Study, validate
from passk.core.yaml_files import ParameterError, read, select

FILES = (
    "study.yaml", "studies/full/study.yaml", "studies/imported/study.yaml",
    "studies/smoke/study.yaml",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_study_is_legal(name):
    assert isinstance(validate(compose(ROOT / name), name), Study)


@pytest.fixture(scope="module")
def values():
    return read(ROOT / "params.yaml")


FAULTS = {
    "unknown algorithm": (
        "train.grpo.algorithm.name", "grop", ["algorithm.name = 'grop'", "did you mean 'grpo'"]
    ),
    "more attempts than rollouts": ("train.pkpo.algorithm.k", 9, ["k = 9", "rollouts = 8"]),
    "family above all levels": ("pretrain.base.corpus.levels", [1], ["'repeat' begins at level 2"]),
    "unknown operation": ("pretrain.base.corpus.withheld", ["eight"], ["eight", "legal", "seven"]),
    "unknown model": ("draws.base.model", "bse", ["'bse'", "did you mean 'base'"]),
    "checkpoint never made": ("draws.grpo.model", "grpo/step-7", ["unknown", "grpo/step-90"]),
    "unknown set": ("draws.base.sets", ["indomian"], ["did you mean 'indomain'"]),
    "unknown start": ("train.grpo.start", "nothing", ["train.grpo.start", "legal:"]),
    "negative temperature": ("draws.base.temperature", -1, ["draws.base.temperature = -1", "0"]),
    "n is a word": ("draws.base.n", "many", ["draws.base.n = 'many'"]),
    "k above n": ("analysis.efficiency_k", 512, ["pass@512", "n = 256", "at most 256"]),
    "view of no set": (
        "analysis.views",
        {"late": {"set": "indomian", "filters": [{"kind": "free_form"}]}},
        ["analysis.views.late.set", "did you mean 'indomain'"],
    ),
    "view named like a set": (
        "analysis.views",
        {"hard": {"set": "indomain", "filters": [{"kind": "free_form"}]}},
        ["analysis.views.hard: a set has that name"],
    ),
    "unknown filter of a view": (
        "analysis.views",
        {"late": {"set": "indomain", "filters": [{"kind": "date_windw"}]}},
        ["did you mean 'date_window'"],
    ),
    "date without quotes": (
        "analysis.views",
        {
            "late": {
                "set": "indomain",
                "filters": [{"kind": "date_window", "first": datetime.date(2024, 8, 1)}],
            }
        },
        ['must stand in quotes, "2024-08-01"'],
    ),
    "view or set not there": ("report.sets", ["lat"], ["report.sets", "'lat'", "set or view"]),
    "question in another folder": (
        "analysis.questions.failures", "counts", ["failures reads the folder 'verdicts'"]
    ),
    "unknown engine": ("draws.base.engine", "gpu", ["draws.base.engine = 'gpu'", "step_loop"]),
    "value of an older file": (
        "verification.code.isolation", "weak", ["this value is now called 'subprocess'"],
    ),
    "unknown key": ("sampling.blocks", 3, ["sampling.blocks", "did you mean 'block'"]),
    "unknown family": ("worlds.train.families", ["sums"], ["families", "legal"]),
    "unknown template": ("draws.base.template", "plan", ["did you mean 'plain'"]),
    "unknown template of a corpus": (
        "pretrain.base.corpus.template", "plan", ["pretrain.base.corpus.template", "'plain'"],
    ),
    "a chat without markup": (
        "pretrain.base.corpus.template", "program", ["give pretrain.base tokenizer.chat: true"],
    ),
    "a chat asked without markup": (
        "draws.base.template", "oat", ["draws.base.template = 'oat'", "tokenizer.chat: true"],
    ),
    "unknown comparison": ("report.comparisons", ["gpro"], ["did you mean 'grpo'"]),
    "unknown comparison of a section": (
        "report.panels", {"steps": {"comparisons": ["gpro"], "sets": ["hrd"]}},
        ["report.panels.steps.comparisons = 'gpro'", "did you mean 'grpo'", "did you mean 'hard'"],
    ),
    "unknown section": (
        "report.panels", {"step": {"comparisons": ["grpo"], "sets": []}}, ["panels"],
    ),
    "unknown group of a claim": (
        "report.claims", {"algorithms": ["grpo"]}, ["report.claims.algorithms", "unknown group"],
    ),
    "unknown draw beside the paper": (
        "report.counterparts", {"algorithms": {"gpro": "GRPO"}}, ["did you mean 'grpo'"],
    ),
    "group of two bases": (
        "analysis.groups", {"all": ["grpo", "llama"]}, ["have the references base, base-llama"],
    ),
    "group of two k": (
        "analysis.comparisons.ppo.efficiency_k", 64, ["groups.algorithms", "efficiency_k 64, 256"],
    ),
    "group of one": ("analysis.groups", {"all": ["grpo"]}, ["analysis.groups.all", "at least 2"]),
    "unknown comparison of a group": (
        "analysis.groups", {"all": ["grpo", "gpro"]}, ["analysis.groups.all = 'gpro'"],
    ),
    "imported engine": ("draws.base.engine", "imported", ["draws.base.engine"]),
    "images that no template shows": (
        "draws.vlm.template", "plain", ["draws.vlm.sets", "'visual-vista' have images"],
    ),
    "no images where a template shows one": (
        "train.code-grpo.template", "image", ["train.code-grpo.set", "have no images"],
    ),
    "a model that takes no images": (
        "draws.visual-grpo.model", "code-grpo/step-60", ["takes no images", "'image'"],
    ),
    "a start that takes no images": (
        "train.visual-grpo.start", "coder", ["train.visual-grpo.start = 'coder'", "no images"],
    ),
    "images that a corpus does not show": (
        "pretrain.vlm.corpus.template", "plain", ["pretrain.vlm.corpus", "shows none"],
    ),
    "nothing to shuffle": (
        "sets.indomain.images", "shuffled", ["sets.indomain.images", "have none"],
    ),
    "a critic of images": (
        "train.visual-grpo.algorithm",
        {"name": "ppo", "gamma": 1.0, "lam": 0.95, "eps": 1e-4, "critic_learning_rate": 1e-3,
         "critic_passes": 1, "critic_minibatches": 2, "critic_clip": 0.2, "critic_warmup": 5},
        ["train.visual-grpo.algorithm.name = 'ppo'", "text alone"],
    ),
    "blind": (
        "pretrain.vlm.architecture.vision", None, ["pretrain.vlm.architecture", "vision"],
    ),
    "words for a model with eyes": (
        "pretrain.vlm.corpus",
        {"world": "programs", "template": "program", "documents": 100, "families": {"function": 1},
         "levels": [1], "skew": 0.5, "noise": 0.1, "habit": 0.1, "withheld": []},
        ["pretrain.vlm.corpus.world = 'programs'", "takes some"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_key_value_and_what_is_legal(values, fault):
    key, value, words = FAULTS[fault]
    changed = copy.deepcopy(values)
    *parents, last = key.split(".")
    node = changed
    for part in parents:
        node = node.setdefault(part, {})
    node[last] = value
    with pytest.raises(ParameterError) as caught:
        validate(changed)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("seeds", "model", "words"),
    [
        ({"base-s1": 1}, "base-s1", None),
        ({"base-s1": 2}, "base-s1", "pretrain.base-s1.train_seed = 2: the name stands for training "
         "seed 1; legal: 1, or another name"),
        ({"base": 1}, "base", None),  # one model, of the seed that the draw says
        ({"base": 4, "base-s1": 1}, "base-s1", "pretrain.base.train_seed = 4: the name stands for "
         "training seed 0"),
        ({}, "base", "draws.base-s1.model = 'base': trained with train_seed 0, and the draw's name "
         "stands for training seed 1"),
    ],
)  # fmt: skip
def test_a_name_with_a_seed_agrees_with_the_training_seed(values, seeds, model, words):
    changed = copy.deepcopy(values)
    for name, seed in seeds.items():
        changed["pretrain"][name] = changed["pretrain"]["base"] | {"train_seed": seed}
    changed["draws"]["base-s1"] = changed["draws"]["base"] | {"model": model, "replicate": 7}
    if words is None:
        assert validate(changed)
        return
    with pytest.raises(ParameterError, match=re.escape(words)):
        validate(changed)


def test_steps_and_fine_tuned_models_have_seeds_too(values):
    changed = copy.deepcopy(values)
    for section, arm in (("train", "grpo"), ("sft", "distilled")):
        changed[section][f"{arm}-s2"] = changed[section][arm] | {"train_seed": 1}
    for name, model in (("grpo-s2", "grpo-s2/step-90"), ("distilled-s2", "distilled")):
        changed["draws"][name] = changed["draws"]["base"] | {"model": model, "replicate": 7}
    with pytest.raises(ParameterError) as caught:
        validate(changed)
    found = str(caught.value)
    for words in (
        "train.grpo-s2.train_seed = 1", "sft.distilled-s2.train_seed = 1",
        "draws.grpo-s2.model = 'grpo-s2/step-90'", "draws.distilled-s2.model = 'distilled'",
    ):  # fmt: skip
        assert words in found
    assert "has 4 fault(s)" in found


def test_names_that_would_break_a_path_or_a_key_are_refused(values):
    for name in ("a.b", "a/b", "a@b", "", "-a"):
        changed = copy.deepcopy(values)
        changed["draws"][name] = changed["draws"]["base"]
        with pytest.raises(ParameterError, match="draws"):
            validate(changed)


def test_a_missing_section_is_named(values):
    changed = {key: value for key, value in values.items() if key != "verification"}
    with pytest.raises(ParameterError, match="verification: missing"):
        validate(changed)


def test_select_takes_only_what_is_declared():
    values = {"a": {"b": 1, "c": 2}, "d": {"e": 3}, "f": 4}
    assert select(values, ("a.b", "d")) == {"a": {"b": 1}, "d": {"e": 3}}


def test_the_documented_arm_on_a_real_model_is_legal(values):
    page = (ROOT / "docs/TRAINING.md").read_text()
    block = page.split("```yaml\n")[1].split("```")[0]
    shown = YAML(typ="safe", pure=True).load("arm: &grpo {}\n" + block)
    changed = copy.deepcopy(values)
    changed["fetch"] = shown["fetch"]
    changed["train"]["grpo-qwen"] = {**values["train"]["grpo"], **shown["train"]["grpo-qwen"]}
    assert validate(changed).train["grpo-qwen"].processes == 1


def test_the_documented_arm_on_a_real_model_with_images_is_legal(values):
    page = (ROOT / "docs/VISUAL.md").read_text()
    anchors = "grpo: &grpo {}\ndraw: &draw {}\n"
    changed = copy.deepcopy(values)
    for block in page.split("```yaml\n")[1:]:
        shown = YAML(typ="safe", pure=True).load(anchors + block.split("```")[0])
        for section in ("benchmarks", "sets", "fetch"):
            changed[section] |= shown.get(section, {})
        for arm, said in shown.get("train", {}).items():
            changed["train"][arm] = {**values["train"]["grpo"], **said}
        for draw, said in shown.get("draws", {}).items():
            changed["draws"][draw] = {**values["draws"]["base"], **said}
        changed["sampling"] |= shown.get("sampling", {})
    assert validate(changed).draws["qwen-vl"].max_new_tokens == 4096


def test_the_full_study_is_the_default_one_at_length(values):
    values = resolve(validate(values))
    full = resolve(validate(compose(ROOT / "studies/full/study.yaml")))
    longer = {"steps", "checkpoints"}
    for section in ("pretrain", "train", "sft"):
        for name, entry in values[section].items():
            other = full[section][name]
            assert {k for k in entry if entry[k] != other[k]} <= longer, name
    assert {
        k: v | {"n": 0, "model": ""} for k, v in values["draws"].items() if k in full["draws"]
    } == {k: v | {"n": 0, "model": ""} for k, v in full["draws"].items() if k in values["draws"]}
    seeds = {full["train"][name]["train_seed"] for name in ("grpo", "grpo-s1", "grpo-s2")}
    assert seeds == {0, 1, 2}


RENAMED = {
    "analysis.pairs": "comparisons",
    "analysis.comparisons.grpo.base": "reference",
    "analysis.comparisons.grpo.rl": "candidate",
    "headline.math.base": "reference",
    "headline.math.rl": "candidate",
    "examples.code.base": "reference",
    "examples.code.rl": "candidate",
    "report.pairs": "comparisons",
    "report.panels.steps.pairs": "comparisons",
    "sets.visual-shuffled.pictures": "images",
}


@pytest.mark.parametrize("key", RENAMED)
def test_a_key_of_an_older_file_is_one_line_that_names_the_new_one(values, key):
    changed = copy.deepcopy(values)
    *parents, last = key.split(".")
    node = changed
    for part in parents:
        node = node[part]
    node[last] = node.pop(RENAMED[key])
    with pytest.raises(ParameterError) as caught:
        validate(changed)
    heading, *faults = str(caught.value).splitlines()
    assert heading == "params.yaml has 1 fault(s):"
    assert faults == [f"  {key}: this key is now called {RENAMED[key]!r}"]
