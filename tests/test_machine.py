"""The machine file: strict, described in one line a fault, and no part of any stage."""

from pathlib import Path

import pytest

from passk.core.machine import MACHINE_VARIABLE, Machine, read_machine
from passk.core.yaml_files import ParameterError

WHOLE = """
engines:
  vllm: {python: envs/vllm/bin/python, gpus: 1, memory_share: 0.8}
  other: {container: "docker run -v {folder}:{folder} image"}
endpoints:
  local: {url: "http://127.0.0.1:8000/v1", key: OPENAI_API_KEY, requests_per_minute: null}
resources:
  default: {partition: cpu, mem_mb: 4000, minutes: 60, cores: 1}
  "sample@*": {partition: gpu, gpus: 1, minutes: 600}
  "sample@teacher": {partition: cpu, gpus: 0}
local: [fetch]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.delenv(MACHINE_VARIABLE, raising=False)

    def write(text, name="machine.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_without_a_file_the_defaults_hold(write):
    root = write("", "another.yaml")
    assert read_machine(root) == Machine()
    assert read_machine(write("# engines:\n\n#   vllm: {gpus: 1}\n")) == Machine()
    assert Machine().engine("vllm").command("m", root) is None


def test_what_it_says_of_an_engine(write):
    root = write(WHOLE)
    machine = read_machine(root)
    folder = Path("/a folder")
    assert machine.engine("vllm").memory_share == 0.8
    assert machine.engine("vllm").command("m.n", folder) == [
        str(root / "envs/vllm/bin/python"), "-m", "m.n"
    ]  # fmt: skip
    assert machine.engine("other").command("m.n", folder) == [
        "docker", "run", "-v", "/a folder:/a folder", "image", "python3", "-m", "m.n"
    ]  # fmt: skip


def test_the_last_pattern_that_fits_counts_for_each_key(write):
    machine = read_machine(write(WHOLE))
    assert machine.resources_of("verify@base") == {
        "partition": "cpu", "mem_mb": 4000, "minutes": 60, "cores": 1
    }  # fmt: skip
    assert machine.resources_of("sample@base")["gpus"] == 1
    teacher = machine.resources_of("sample@teacher")
    assert (teacher["partition"], teacher["gpus"], teacher["minutes"]) == ("cpu", 0, 600)
    assert Machine().resources_of("sample@base") == {}


def test_the_variable_names_another_file(write, monkeypatch):
    root = write(WHOLE, "gpu-node.yaml")
    assert read_machine(root) == Machine()
    monkeypatch.setenv(MACHINE_VARIABLE, str(root / "gpu-node.yaml"))
    assert read_machine(root).local == ["fetch"]
    monkeypatch.setenv(MACHINE_VARIABLE, str(root / "none.yaml"))
    with pytest.raises(ParameterError, match=r"none\.yaml: no such file"):
        read_machine(root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "engines: {vllm: {pyton: a}}",
            r"engines\.vllm\.pyton: unknown key; did you mean 'python'",
        ),
        ("engine: {}", r"engine: unknown key; did you mean 'engines'"),
        ("engines: {vllm: {python: a, container: b}}", r"engines\.vllm: python and container"),
        ("engines: {vllm: {gpus: -1}}", r"engines\.vllm\.gpus = -1: should be greater"),
        ("engines: {vllm: {memory_share: '0.5'}}", r"memory_share = '0\.5': should be a valid"),
        ("endpoints: {a: {key: K}}", r"endpoints\.a\.url: missing"),
        ("endpoints: {a: {url: host}}", r"endpoints\.a\.url: .*https://host/v1"),
        ("local: [fetch, fetch]", r"local: names fetch twice"),
        ("- a", r"expected a mapping"),
    ],
)
def test_a_fault_is_a_line_with_key_and_remedy(write, text, message):
    with pytest.raises(ParameterError, match=message):
        read_machine(write(text))


def test_a_key_where_the_name_of_its_variable_should_stand_is_not_shown(write):
    with pytest.raises(ParameterError, match=r"endpoints\.a\.key: .*never the key") as raised:
        read_machine(write('endpoints: {a: {url: "http://h/v1", key: sk-very-secret}}'))
    assert "secret" not in str(raised.value)
