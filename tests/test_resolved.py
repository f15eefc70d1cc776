"""A resolved study states everything, and means what the file meant: defaults are nowhere else."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli.app import application
from passk.config.composition import compose
from passk.config.reference import NAME, list_parameters
from passk.config.resolved import resolve
from passk.config.schema import STATED, Study
from passk.config.study import validate
from passk.core.parameters import ParameterSection

FILES = (
    "study.yaml", "studies/full/study.yaml", "studies/imported/study.yaml",
    "studies/smoke/study.yaml",
)  # fmt: skip


@pytest.fixture(scope="module")
def studies():
    return {name: compose(ROOT / name) for name in FILES}


def sections(value):
    """A section and all sections in it."""
    if isinstance(value, BaseModel):
        yield value
        value = dict(value)
    if isinstance(value, dict):
        for entry in value.values():
            yield from sections(entry)
    if isinstance(value, list):
        for entry in value:
            yield from sections(entry)


@pytest.mark.parametrize("name", FILES)
def test_a_study_and_each_of_its_sections_survive_the_way_to_a_stage(studies, name):
    study = validate(studies[name])
    handed = json.loads(json.dumps(resolve(study), allow_nan=False))
    assert validate(handed) == study
    assert resolve(validate(handed)) == resolve(study)
    for section in sections(study):
        assert isinstance(section, ParameterSection)
        again = type(section).model_validate(section.model_dump(mode="json"))
        assert again == section


@pytest.mark.parametrize("name", FILES)
def test_what_is_stated_is_what_is_resolved(studies, name):
    def compare(stated, resolved, key):
        if isinstance(stated, dict):
            for part, value in stated.items():
                compare(value, resolved[part], f"{key}.{part}")
        elif isinstance(stated, list):
            assert len(stated) == len(resolved), key
            for number, value in enumerate(stated):
                compare(value, resolved[number], f"{key}[{number}]")
        else:
            assert stated == resolved, key

    compare(studies[name], resolve(validate(studies[name])), name)


def optional_keys(values):
    """Places in a file of keys that have a default in the schema."""
    documents = {}
    for doc in list_parameters():
        if not doc.required:
            documents.setdefault(doc.parts, doc)

    def walk(node, parts, place):
        if isinstance(node, list):
            for number, entry in enumerate(node):
                yield from walk(entry, parts, (*place, number))
        if not isinstance(node, dict):
            return
        for key, value in node.items():
            for part in (key, NAME):
                if any(known[: len(parts) + 1] == (*parts, part) for known in documents):
                    if (*parts, part) in documents and part == key:
                        yield (*place, key)
                    yield from walk(value, (*parts, part), (*place, key))
                    break

    return list(walk(values, (), ()))


def at(node, place):
    for part in place:
        node = node[part]
    return node


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_leaving_out_keys_at_their_defaults_changes_nothing(studies, data):
    """Of generated files: any keys left out; the resolved file has the defaults in their place."""
    values = copy.deepcopy(studies[data.draw(st.sampled_from(FILES))])
    whole = resolve(validate(values))
    places = optional_keys(values)
    chosen = data.draw(st.sets(st.sampled_from(places), max_size=40))
    chosen = {place for place in chosen if ".".join(map(str, place)) not in STATED}
    for place in sorted(chosen, key=len, reverse=True):
        node = at(values, place[:-1])
        if place[-1] in node:
            del node[place[-1]]
    try:
        study = Study.model_validate(values)
    except ValueError:
        return  # keys that do not go together without one of these
    resolved = resolve(study)
    assert Study.model_validate(json.loads(json.dumps(resolved))) == study
    assert keys(resolved) >= keys(values)
    if all(at(resolved, place) == at(whole, place) for place in chosen):
        assert resolved == whole


def keys(node, place=()):
    if isinstance(node, dict):
        return {place}.union(*(keys(value, (*place, key)) for key, value in node.items()))
    return {place}


def test_every_optional_key_of_an_arm_is_optional(studies):
    values = copy.deepcopy(studies["study.yaml"])
    values["train"]["brief-grpo"] = {
        "algorithm": {"name": "grpo"}, "start": "base", "set": "train", "template": "plain",
        "max_new_tokens": 48,
    }  # fmt: skip
    values["pretrain"]["short-base"] = {"corpus": values["pretrain"]["base"]["corpus"]}
    values["sft"]["brief"] = {"start": "base", "demonstrations": "teacher", "template": "plain"}
    study = validate(values)
    assert study.train["brief-grpo"].checkpoints == [90]
    assert study.train["brief-grpo"] == study.train["grpo"].model_copy(update={"checkpoints": [90]})
    assert study.pretrain["short-base"] == study.pretrain["base"]
    assert study.sft["brief"] == study.sft["distilled"]


def test_options_of_an_engine_survive_too(studies):
    values = copy.deepcopy(studies["study.yaml"])
    values["train"]["grpo"] |= {"engine": "vllm", "engine_options": {"memory_share": 0.5}}
    study = validate(values)
    handed = json.loads(json.dumps(resolve(study)))
    assert handed["train"]["grpo"]["engine_options"]["tensor_parallel"] == 1
    assert validate(handed) == study


def test_check_resolved_prints_a_file_of_the_same_meaning(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = CliRunner().invoke(application(), ["check", "--resolved", "studies/smoke/study.yaml"])
    assert shown.exit_code == 0
    values = YAML(typ="safe", pure=True).load(shown.stdout)
    assert validate(values) == validate(compose(ROOT / "studies/smoke/study.yaml"))
    assert values["verification"]["code"]["memory_mib"] == 1024


def test_several_faults_are_a_line_each(tmp_path):
    values = resolve(validate(compose(ROOT / "studies/imported/study.yaml")))
    values["sampling"]["block"], values["analysis"]["bootstrap"]["resamples"] = "32", 3
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    shown = CliRunner().invoke(application(), ["check", str(tmp_path / "params.yaml")])
    assert shown.exit_code == 1
    heading, *faults = shown.stderr.splitlines()
    assert heading.endswith("has 2 fault(s):")
    assert [fault.split(" = ")[0].strip() for fault in faults] == [
        "sampling.block", "analysis.bootstrap.resamples",
    ]  # fmt: skip
    for name, words in (("none.yaml", "no such file"), ("broken.yaml", "not valid YAML")):
        (tmp_path / "broken.yaml").write_text("a: [")
        shown = CliRunner().invoke(application(), ["check", str(tmp_path / name)])
        assert shown.exit_code == 2, words
        assert words in shown.stderr
