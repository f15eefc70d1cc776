"""The reference of parameters is made from the schema: the docs, the terminal, editors."""

import json
import re

import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli.app import application
from passk.config.reference import (
    NAME,
    PAGE_FILE,
    SCHEMA_FILE,
    find_parameters,
    list_parameters,
    render_page,
    render_schema,
)
from passk.config.schema import Study
from passk.core.yaml_files import ParameterError, read
from passk.data import source_table

FOLDER = ROOT / "docs" / "reference"
REMEDY = "run: passk params --write docs/reference"


def test_page_and_schema_are_in_step():
    assert (FOLDER / PAGE_FILE).read_text() == render_page(), REMEDY
    assert (FOLDER / SCHEMA_FILE).read_text() == render_schema(), REMEDY
    assert (FOLDER / source_table.PAGE).read_text() == source_table.render_sources(), REMEDY


def test_every_key_is_described_and_has_a_type():
    bare = [doc for doc in list_parameters() if doc.parts[-1] not in ("kind", "name")]
    assert [doc.key for doc in bare if not doc.description] == []
    assert [doc.key for doc in list_parameters() if doc.type == "value"] == []
    assert {doc.key for doc in list_parameters()} >= set(Study.model_fields)
    assert len(list_parameters()) > 250


@pytest.mark.parametrize(
    ("key", "type_", "legal", "default"),
    [
        ("draws.base.n", "whole number or null", "at least 1, at most 1_000_000", "null"),
        ("train.NAME.learning_rate", "number", "above 0, at most 1", "0.0003"),
        ("sets.hard.images", "word", "own | shuffled", "own"),
        ("report.colours", "mapping of names to texts", "", "{}"),
        ("train.grpo.reward", "word", "correctness | valid_steps", "correctness"),
        ("pretrain.NAME.corpus.levels", "list of numbers",
         "at least 1 of them, each at least 0, at most 1_000_000_000.0", ""),
    ],
)  # fmt: skip
def test_a_key_is_found_by_its_name_or_by_any(key, type_, legal, default):
    doc = find_parameters(key)[0]
    assert (doc.type, doc.legal, doc.default) == (type_, legal, default)


def test_an_unknown_key_is_told_the_nearest():
    with pytest.raises(ParameterError, match=r"train\.grpo has no 'steppes': did you mean 'steps'"):
        find_parameters("train.grpo.steppes")
    with pytest.raises(ParameterError, match=r"params\.yaml has no 'drws': did you mean 'draws'"):
        find_parameters("drws.base")


def test_the_command_shows_type_legal_values_default_and_value(monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = CliRunner().invoke(application(), ["params", "draws.base.temperature"]).stdout
    for words in ("number or null", "at least 0, at most 100", "value    0.6", "greedy decoding"):
        assert words in shown
    shown = CliRunner().invoke(application(), ["params", "train.NAME.algorithm"]).stdout
    assert "with name: dapo:" in shown
    assert "algorithm.rounds: whole number; at least 1, at most 1_000; default 4" in shown
    shown = CliRunner().invoke(application(), ["params"]).stdout
    assert [line.split(":")[0] for line in shown.splitlines() if line[0] != " "] == [
        *Study.model_fields
    ]


def test_the_schema_knows_the_keys_of_the_default_study():
    schema = json.loads((FOLDER / SCHEMA_FILE).read_text())
    values = read(ROOT / "params.yaml")
    assert set(values) == set(schema["required"])
    assert set(values["analysis"]) <= set(schema["$defs"]["Analysis"]["properties"])


def test_what_dvc_reads_must_be_stated():
    """DVC reads the file alone, without the schema's defaults."""
    required = {doc.key for doc in list_parameters() if doc.required}
    named = set()
    for stage in read(ROOT / "dvc.yaml")["stages"].values():
        parameters = [
            key for key in stage.get("do", stage).get("params", []) if isinstance(key, str)
        ]
        named |= {re.sub(r"\$\{[a-z.]+\}", NAME, key) for key in parameters}
        if isinstance(each := stage.get("foreach"), str):
            section = each.removeprefix("${").removesuffix("}")
            named.add(section)
            items = re.findall(r"\$\{item\.(\w+)\}", json.dumps(stage))
            named |= {f"{section}.{NAME}.{key}" for key in items}
    entries = {key for key in named if key.endswith(f".{NAME}")}  # whole entries of a section
    assert len(named) > 30
    assert named - entries <= required
    assert {key.removesuffix(f".{NAME}") for key in entries} <= required
