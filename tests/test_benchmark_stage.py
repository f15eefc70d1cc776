"""The stages that read published files: tables, expected outputs, parameters, faults."""

import copy
import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML
from tests.conftest import ROOT
from tests.test_benchmarks import HUMANEVAL, LEETCODE, LIVECODEBENCH, TREES, write

from passk.config import paths
from passk.config.study import load_study, validate
from passk.config.unready import list_unready
from passk.core.digests import file_digest
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.core.yaml_files import ParameterError
from passk.data.benchmark_settings import Benchmark
from passk.data.import_settings import Imported
from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.pipeline.stages import benchmark, import_
from passk.pipeline.stages.job import Job, StageError

FILE = "humaneval.jsonl"
# Whether the machine has bubblewrap is not this file's question.
WEAK = {"isolation": "subprocess"}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(source="humaneval_plus", path=FILE, sha256="any", **more):
    entry = {"source": source, "path": str(path), "sha256": sha256, **WEAK, **more}
    return benchmark.run(Job("benchmark", "one", {"study": "t", "benchmarks": {"one": entry}}, ""))


def problems(name="one"):
    return PROBLEMS.read(paths.problems("t", name))


def test_expected_outputs_are_what_the_reference_returns():
    write(Path(FILE), HUMANEVAL)
    assert run() == {"problems": 1.0, "without_tests": 0.0, "flagged": 0.0}
    (row,) = problems().rows(named=True)
    tests = Tests.load(row["tests"])
    assert tests.expected == tuple(map(encode, (1, 4, 2)))
    assert (row["domain"], row["set"], row["answer_type"]) == ("code", "one", "program")
    assert row["source"] == "HumanEval+ v0.1.10: HumanEval/53"
    first = paths.problems("t", "one").read_bytes()
    run()
    assert paths.problems("t", "one").read_bytes() == first


def test_a_reference_that_fails_is_named_and_can_be_left_out():
    broken = HUMANEVAL | {"task_id": "HumanEval/9", "canonical_solution": "    return 1 / x\n"}
    write(Path(FILE), HUMANEVAL, broken)
    with pytest.raises(StageError) as caught:
        run()
    for words in ("benchmarks.one", "line 2", "HumanEval/9", "without: [HumanEval/9]", "ZeroDiv"):
        assert words in str(caught.value)
    assert run(without=["HumanEval/9"])["problems"] == 1.0


def test_problems_without_tests_are_counted_and_tagged():
    write(Path(FILE), LIVECODEBENCH, LIVECODEBENCH | {"question_id": "abc337_e"})
    assert run("livecodebench") == {"problems": 2.0, "without_tests": 2.0, "flagged": 1.0}
    assert problems()["tests"].null_count() == 2
    assert problems()["tags"].to_list()[1][2:] == ["flagged", "interactive", "no-tests"]


def test_math_needs_no_sandbox(real):
    assert run("aime24", real / "math/aime24.jsonl", None)["problems"] == 30.0
    assert set(problems()["domain"]) == {"math"}
    assert set(problems()["answer_type"]) == {"integer"}


def test_another_file_stops_the_stage():
    write(Path(FILE), HUMANEVAL)
    with pytest.raises(StageError, match=r"benchmarks.one: .* sha256 is .* `sha256: any`"):
        run(sha256=None)
    assert not paths.problems("t", "one").exists()


def test_programs_and_completions_come_in_with_their_benchmark():
    other = HUMANEVAL | {"task_id": "HumanEval/54", "prompt": "def add(x, y):\n", "base_input": []}
    write(Path(FILE), HUMANEVAL, other)
    digest = file_digest(Path(FILE))
    rows = [
        {"task_id": "HumanEval/54", "completion": "    return x + y"},
        {"task_id": "HumanEval/53", "completion": "    return x - y"},
        {"task_id": "HumanEval/54", "completion": "    return 0"},
    ]
    write(Path("samples.jsonl"), *rows)
    entry = {
        "path": "samples.jsonl",
        "domain": "code",
        "benchmark": {"source": "humaneval_plus", "path": FILE, "sha256": digest, **WEAK},
    }
    job = Job("import", "theirs", {"study": "t", "imported": {"theirs": entry}}, "")
    assert import_.run(job) == {"problems": 2.0, "samples": 3.0}
    asked = problems("theirs")
    responses = RESPONSES.read(paths.model("t", "theirs") / "responses.parquet")
    both = responses.join(asked, on="problem_id").sort("index", "sample_index")
    with CodeJudge(CodeOptions(**WEAK), workers=1, calibration=None) as judge:
        verdicts = judge(both["tests"].to_list(), both["text"].to_list())
    assert [one.verdict for one in verdicts] == ["wrong", "correct", "wrong"]
    write(Path(FILE), HUMANEVAL)
    with pytest.raises(StageError, match=rf"imported.theirs: {FILE}: sha256 is .* has {digest}"):
        import_.run(job)


def test_leetcode_methods_and_trees_are_judged():
    tree = LEETCODE | {
        "task_id": "mirror",
        "prompt": TREES,
        "entry_point": "Solution().mirror",
        "completion": "class Solution:\n    def mirror(self, root):\n        if root:\n"
        "            root.left, root.right = self.mirror(root.right), self.mirror(root.left)\n"
        "        return root\n",
        "test": "def check(candidate):\n    assert is_same_tree("
        "candidate(root = tree_node([1, 2, 3, 4])), tree_node([1, 3, 2, None, None, None, 4]))\n",
    }
    write(Path(FILE), LEETCODE, tree)
    run("leetcode")
    rows = problems()
    golds = rows["tests"].to_list()
    wrong = [answer.replace("[0, 1]", "[1, 0]").replace("root.right)", "root.left)")
             for answer in rows["answer"]]  # fmt: skip
    with CodeJudge(CodeOptions(**WEAK), workers=1, calibration=None) as judge:
        verdicts = judge.programs(golds * 2, [*rows["answer"], *wrong])
    assert [one.verdict for one in verdicts] == ["correct", "correct", "wrong", "wrong"]


# ------------------------------------------------------------------------------------- parameters


@pytest.fixture(scope="module")
def values():
    return YAML(typ="safe", pure=True).load(ROOT / "params.yaml")


def test_benchmarks_are_sources_of_sets_with_names_of_their_own(values, tmp_path):
    entry = {"source": "humaneval_plus", "path": "none.jsonl"}
    changed = copy.deepcopy(values)
    changed["benchmarks"] = {"he": entry}
    changed["sets"]["he"] = {"problems": "he", "filters": [{"kind": "untagged", "tags": ["x"]}]}
    assert validate(changed).sets["he"].problems == "he"
    (tmp_path / "params.yaml").write_text(json.dumps(changed))
    # A study is planned before its files are there; `passk check` lists what is missing.
    [line] = list_unready(load_study(tmp_path / "params.yaml"))
    assert line.startswith("benchmarks.he.path = 'none.jsonl': no such file yet; ")
    changed["benchmarks"]["hard"] = entry
    changed["imported"] = {"he": {"path": "x.jsonl"}}
    with pytest.raises(ParameterError) as caught:
        validate(changed)
    assert "benchmarks.hard: a generated world has that name already" in str(caught.value)
    assert "imported.he: a benchmark has that name already" in str(caught.value)


def test_parameters_say_what_is_legal():
    path = "samples.jsonl"
    with pytest.raises(ValidationError, match="did you mean 'mbpp_plus'"):
        Benchmark(source="mbpp_pluss", path=path)
    with pytest.raises(ValidationError, match="sha256"):
        Benchmark(source="mbpp_plus", path=path, sha256="abc")
    with pytest.raises(ValidationError, match="say which under `benchmark"):
        Imported(path=path, domain="code")
    asked = {"source": "aime24", "path": "aime24.jsonl"}
    assert Imported(path=path, benchmark=asked).domain == "math"
    with pytest.raises(ValidationError, match="of domain 'math'; make them one"):
        Imported(path=path, domain="code", benchmark=asked)
    for sha256 in ("any", None):  # what is not watched has to be told by its digest
        with pytest.raises(ValidationError, match="need the digest of its file"):
            Imported(
                path=path,
                domain="code",
                benchmark={"source": "livecodebench", "path": path, "sha256": sha256},
            )
