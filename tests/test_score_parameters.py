"""The section `scores`: what it may say, what is refused, and how study.yaml composes it."""

import copy

import pytest
from tests.conftest import ROOT

from passk.config.composition import compose
from passk.config.study import validate
from passk.core.yaml_files import ParameterError, read
from passk.pipeline.identity.usage import USES, Used

STUDY = read(ROOT / "params.yaml")
ENTRY = {"model": "base", "draw": "grpo"}


def check(**changes):
    values = copy.deepcopy(STUDY)
    values["scores"] = {"own": {**ENTRY, **changes}}
    return validate(values).scores["own"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "bass"}, ["scores.own.model = 'bass'", "did you mean 'base"]),
        ({"draw": "grpos"}, ["scores.own.draw = 'grpos'", "did you mean 'grpo"]),
        ({"template": "plane"}, ["scores.own.template = 'plane'", "did you mean 'plain"]),
        ({"template": "oat"}, ["scores.own.template = 'oat': a chat", "tokenizer.chat: true"]),
        ({"draw": "vlm", "model": "vlm"}, ["scores.own.template = 'image'", "nothing is scored"]),
        ({"engine": "imported"}, ["scores.own.engine = 'imported'", "step_loop"]),
        ({"verdicts": []}, ["scores.own.verdicts", "at least 1"]),
        ({"verdicts": ["wrong", "wrong"]}, ["names wrong twice"]),
        ({"per_problem": 0}, ["scores.own.per_problem = 0", "greater than 0"]),
    ],
)
def test_what_cannot_be_scored_is_refused_by_key_and_remedy(changes, words):
    with pytest.raises(ParameterError) as refused:
        check(**changes)
    for word in words:
        assert word in str(refused.value)


def test_an_imported_draw_needs_a_template():
    values = copy.deepcopy(STUDY)
    values["imported"]["theirs"] = {"path": "theirs.jsonl", "domain": "math"}
    values["sets"]["theirs"] = {"problems": "theirs"}
    values["draws"]["theirs"] = {"model": "theirs", "sets": ["theirs"], "engine": "imported"}
    values["scores"] = {"own": {"model": "base", "draw": "theirs", "tokens": "text"}}
    with pytest.raises(
        ParameterError, match=r"scores\.own\.template: missing.*'theirs' is imported"
    ):
        validate(values)
    values["scores"]["own"]["template"] = "plain"
    assert validate(values).scores["own"].tokens == "text"


def test_the_section_is_composed_empty_and_a_grid_names_last_checkpoints(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("extends: imported\n")
    assert compose(path)["scores"] == {}
    path.write_text(
        'extends: smoke\nscores: {"{draw}-under-{model}": {each: {draw: [base, grpo], '
        'model: [base, grpo]}, draw: "{draw}", model: "{model}"}}\n'
    )
    composed = compose(path)["scores"]
    names = [f"{draw}-under-{model}" for draw in ("base", "grpo") for model in ("base", "grpo")]
    assert [name for name in composed if "under" in name] == names
    assert composed["base-under-grpo"] == {"model": "grpo/step-4", "draw": "base"}


def test_an_items_identity_has_its_engine_and_template():
    entry = {"engine": "step_loop", "template": None, "draw": "d"}
    parameters = {"scores": {"own": entry}, "draws": {"d": {"template": "plain"}}}
    assert list(USES["score"](parameters, "own")) == [
        Used("engine", "step_loop"), Used("template", "plain")
    ]  # fmt: skip
    entry["template"] = "oat"
    assert Used("template", "oat") in list(USES["score"](parameters, "own"))
