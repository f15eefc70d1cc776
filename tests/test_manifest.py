"""The manifest: it changes where stages that read all draws have something else to read."""

import json

import pytest

from passk.config import manifest, paths
from passk.data.expectations.declared import Declared
from passk.pipeline.stages.job import Job
from passk.pipeline.stages.manifest import run

DRAW = {"model": "base", "sets": ["easy"], "n": 4, "engine": "step_loop", "temperature": 0.6}
PARAMS = {
    "study": "toy",
    "sets": {"train": {"problems": "w", "filters": []}, "easy": {"problems": "v", "filters": []}},
    "draws": {"rl": DRAW | {"model": "grpo/step-2"}, "base": DRAW},
    "train": {"grpo": {"set": "train", "steps": 2}},
    "sft": {"taught": {"demonstrations": "best", "steps": 2}},
    "rejection_sampling": {"best": {"draw": "rl", "verdicts": ["correct"]}},
    "reference_answers": {"short": {"set": "train", "pattern": "{answer}"}},
    "analysis": {"views": {}, "coverage_excludes": []},
}
FILES = ("declared", "counts", "verdicts", "training", "views")


def written(params):
    run(Job("manifest", "", params, "-"))
    return {name: paths.manifest("toy", name).read_bytes() for name in FILES}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_content():
    found = {name: json.loads(data) for name, data in written(PARAMS).items()}
    assert found == {
        "declared": {
            "sets": {"easy": {"problems": "v"}, "train": {"problems": "w"}},
            "draws": {
                name: {"sets": ["easy"], "n": 4, "recorded": False} for name in ("base", "rl")
            },
            "train": {"grpo": {"set": "train"}},
            "sft": {"taught": {"demonstrations": "best"}},
            "rejection_sampling": {"best": {"draw": "rl"}},
            "reference_answers": {"short": {"set": "train"}},
        },
        "counts": ["base", "rl"],
        "verdicts": ["base", "rl"],
        "views": {"views": {}, "excluded": {}},
        "training": ["grpo", "taught"],
    }
    assert manifest.read_names(paths.manifest("toy", "counts")) == ["base", "rl"]


@pytest.mark.parametrize(
    ("section", "items", "changed"),
    [
        ("draws", PARAMS["draws"] | {"more": DRAW}, {"declared", "counts", "verdicts"}),
        ("draws", {"base": DRAW}, {"declared", "counts", "verdicts"}),
        ("draws", PARAMS["draws"] | {"base": DRAW | {"n": 8}}, {"declared"}),
        ("draws", PARAMS["draws"] | {"base": DRAW | {"temperature": 1.0}}, set()),
        ("draws", dict(reversed(PARAMS["draws"].items())), set()),
        ("train", {"grpo": {"set": "train", "steps": 9}}, set()),
        ("train", {"grpo": {"set": "easy", "steps": 2}}, {"declared"}),
        ("train", {}, {"declared", "training"}),
        ("sets", {"easy": {"problems": "v", "filters": [{"kind": "free_form"}]}}, {"declared"}),
        ("sft", {}, {"declared", "training"}),
        ("rejection_sampling", {}, {"declared"}),
    ],
)
def test_what_changes_it(section, items, changed):
    before = written(PARAMS)
    after = written(PARAMS | {section: items})
    assert {name for name in FILES if before[name] != after[name]} == changed


def test_it_is_read_as_objects():
    written(PARAMS)
    declared = manifest.read_manifest(paths.manifest("toy", "declared"), Declared.parse)
    assert declared.sampled == ("easy",)
    assert declared.trained_on == {"train", "easy"}  # the second through demonstrations
    assert not declared.draws["base"].recorded


def test_a_file_of_another_form_is_named():
    written(PARAMS)
    paths.manifest("toy", "declared").write_text('{"sets": {}}')
    with pytest.raises(ValueError, match=r"declared\.json: of another form"):
        manifest.read_manifest(paths.manifest("toy", "declared"), Declared.parse)


def test_a_missing_file_is_named():
    with pytest.raises(ValueError, match=r"counts\.json: no such file; run the stage manifest"):
        manifest.read_names(paths.manifest("toy", "counts"))
