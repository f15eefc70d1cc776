"""Files that a study names are looked at before any work: there, the right ones, with columns."""

import copy
import json

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from passk.config.checks import files
from passk.config.composition import compose
from passk.config.study import load_study
from passk.core.digests import file_digest
from passk.core.yaml_files import ParameterError, read

ROWS = [
    {"problem": f"What is {n} + 1?", "gold": str(n + 1), "response": [rf"\boxed{{{n}}}"]}
    for n in range(3)
]


@pytest.fixture
def study(tmp_path):
    """A study of imported samples, and a function that checks it with some changes."""
    values = compose(ROOT / "studies/imported/study.yaml")
    samples = tmp_path / "samples.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    entry = values["imported"]["example"]
    entry["path"] = str(samples)
    entry["columns"] = {}

    def check(change=lambda values: None):
        changed = copy.deepcopy(values)
        change(changed)
        path = tmp_path / "params.yaml"
        YAML(typ="safe").dump(changed, path)
        try:
            load_study(path)
        except ParameterError as error:
            return [line.strip() for line in str(error).splitlines()[1:]]
        return []

    return check


def columns(**names):
    return lambda values: values["imported"]["example"]["columns"].update(names)


def filtered(*filters):
    return lambda values: values["sets"]["example"].update(filters=list(filters))


def benchmark(path, name="humaneval_plus", **options):
    def change(values):
        values["benchmarks"]["real"] = {"source": name, "path": str(path), **options}

    return change


def test_a_legal_study_has_no_faults(study):
    assert study() == []


def test_a_column_that_the_file_does_not_have(study):
    (fault,) = study(columns(response="answer"))
    assert fault.startswith("imported.example: ")
    assert "no response at 'answer'; the row has gold, problem, response" in fault
    (fault,) = study(columns(gold="response", response="response"))
    assert "is the column of gold" in fault


def test_a_file_that_is_not_there_or_holds_nothing(study, tmp_path):
    (fault,) = study(lambda values: values["imported"]["example"].update(path="nowhere.jsonl"))
    assert fault.startswith("imported.example.path = 'nowhere.jsonl': no such file")
    (tmp_path / "empty.jsonl").write_text("")
    empty = str(tmp_path / "empty.jsonl")
    (fault,) = study(lambda values: values["imported"]["example"].update(path=empty))
    assert "holds no row" in fault
    (tmp_path / "bad.jsonl").write_text("{'a'\n")
    (fault,) = study(
        lambda values: values["imported"]["example"].update(path=str(tmp_path / "bad.jsonl"))
    )
    assert "not valid JSON" in fault


def test_a_set_that_its_filters_empty(study):
    (fault,) = study(filtered({"kind": "date_window", "first": "2024-08-01"}))
    assert fault.startswith("sets.example.filters: no problem of 'example' is left after")
    assert study(filtered({"kind": "free_form"}, {"kind": "first", "rows": 2})) == []
    view = {"late": {"set": "example", "filters": [{"kind": "tagged", "tags": ["none"]}]}}
    (fault,) = study(lambda values: values["analysis"].update(views=view))
    assert fault.startswith("analysis.views.late.filters")


def test_a_source_of_another_digest(study, tmp_path):
    other = tmp_path / "HumanEvalPlus.jsonl"
    other.write_text("{}\n")
    (fault,) = study(benchmark(other))
    assert fault.startswith("benchmarks.real.sha256 = None:")
    assert f"sha256 is {file_digest(other)}, but humaneval_plus has" in fault
    (fault,) = study(benchmark(other, sha256="0" * 64))
    assert "0" * 64 in fault
    # A file that is not there yet is no fault: the study is planned without, `check` lists it.
    assert study(benchmark(tmp_path / "none.jsonl")) == []


def test_a_benchmark_whose_rows_lack_a_column(study, tmp_path):
    other = tmp_path / "HumanEvalPlus.jsonl"
    other.write_text('{"task_id": "HumanEval/0"}\n')
    (fault,) = study(benchmark(other, sha256=file_digest(other)))
    assert fault.startswith("benchmarks.real.path")
    assert "no column 'entry_point'" in fault


def test_a_large_file_is_left_to_its_stage(study, tmp_path, monkeypatch):
    other = tmp_path / "HumanEvalPlus.jsonl"
    other.write_text("{}\n")
    monkeypatch.setattr(files, "LARGEST_DIGEST", 1)
    monkeypatch.setattr(files, "LARGEST_TABLE", 1)
    assert study(benchmark(other)) == []
    assert study(filtered({"kind": "date_window", "first": "2024-08-01"})) == []


def test_more_new_tokens_than_a_fetched_model_holds(tmp_path):
    values = read(ROOT / "params.yaml")
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 64}')
    values["fetch"]["theirs"] = {"source": f"{tmp_path}/"}
    values["draws"]["theirs"] = values["draws"]["base"] | {"model": "theirs"}
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    with pytest.raises(ParameterError, match=r"draws\.theirs\.max_new_tokens = 64: .* 64 tokens"):
        load_study(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("config", "draw", "fetched", "fault"),
    [
        ('{"sliding_window": 32}', {}, {}, r"theirs\.engine = 'step_loop': .*the last 32 alone"),
        ('{"sliding_window": 32}', {}, {"sliding_window": None}, None),
        ('{"sliding_window": 32}', {"engine": "generate"}, {}, None),
        ('{"state_size": 16}', {}, {}, "layers that keep a state.*engine: generate"),
        ('{"max_position_embeddings": 256}', {"context": 512}, {}, r"context = 512: .*at most 256"),
        ('{"max_position_embeddings": 256}', {"context": 64}, {}, r"context of 64 holds"),
        ('{"max_position_embeddings": 256}', {"context": 128}, {}, None),
    ],
)
def test_what_a_fetched_model_cannot_do_is_known_before_work(
    tmp_path, config, draw, fetched, fault
):
    values = read(ROOT / "params.yaml")
    (tmp_path / "config.json").write_text(config)
    values["fetch"]["theirs"] = {"source": f"{tmp_path}/", "config": fetched}
    values["draws"]["theirs"] = values["draws"]["base"] | {"model": "theirs"} | draw
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    if fault is None:
        load_study(tmp_path / "params.yaml")
        return
    with pytest.raises(ParameterError, match=fault) as caught:
        load_study(tmp_path / "params.yaml")
    assert str(caught.value).count("\n") <= 1
