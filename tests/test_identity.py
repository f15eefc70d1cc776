"""Code identity: what an edit makes stale, on the real graph of the default study."""

import ast
import copy
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import ROOT, copy_project

from passk.config.resolved import resolve
from passk.config.study import load_study
from passk.core.files import read_json
from passk.data import prompts
from passk.data.prompts import Template, template_file
from passk.pipeline.dag import cached
from passk.pipeline.identity.canonical import canonical
from passk.pipeline.identity.components import compute, registries, stage_module
from passk.pipeline.identity.source_files import PACKAGE, SourceFile, SourceFiles
from passk.pipeline.identity.usage import USES

ALL = sorted(path for path in PACKAGE.rglob("*.py") if "_vendor" not in path.parts)


# ------------------------------------------------------------------------------ canonical form
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1  # one\n\n\ny = 2", "x = 1\ny = 2"),
        ('"""Says."""\nx = 1', "x = 1"),
        ('def f(x: int) -> int:\n    """Doubles."""\n    return 2 * x', "def f(x): return 2*x"),
        ("from a import b\nimport c\nb(c)", "import c\nfrom a import b\nb(c)"),
        ("from typing import Any\ndef f(x: Any): return x", "def f(x): return x"),
        ("class A:\n    n: int = Field(default=1, ge=0)\n    m: int = 2",
         "class A:\n    m: int = 2"),
        ("class A:\n    @field_validator('n')\n    def f(cls, v): return v\n    m: int = 2",
         "class A:\n    m: int = 2"),
        ("R = Registry('k', 'g', {'a': 'm:A'})", "R = Registry('k', 'g', {'b': 'm:B'})"),
        ("x = cast('int', y)", "x = y"),
        ("Option(1, help='Says.')", "Option(1, help='Says more.')"),
        ("x = f'{a}' 'b' f'c{d}'", "x = f'{a}bc{d}'"),
        ("if TYPE_CHECKING:\n    from a import b\nx = 1", "x = 1"),
        ("if TYPE_CHECKING: pass\nelif TYPE_CHECKING: pass\nelse:\n    x = 1\n    y = 2",
         "x = 1\ny = 2"),
        ("import a.b\nimport a.c\na.f()", "import a.c\nimport a.b\na.f()"),
        ("from a import x\nfrom a import x, y", "from a import x, y\nfrom a import x"),
        ("def f():\n    x: int\n    x = 1\n    return x", "def f():\n    x = 1\n    return x"),
        ("def f():\n    x: int\n    return x", "def f():\n    y: str\n    return y"),
        ("x: int\ny = 1", "y = 1"),
    ],
)  # fmt: skip
def test_what_does_not_count(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = -0.0", "x = 0.0"),
        ("f(a)(b)", "f(a, b)"),
        ("f(x=1)", "f(y=1)"),
        ("x = a[1:]", "x = a[:1]"),
        ("x = f'{a}'", "x = f'{a!r}'"),
        ("def f(x, y): pass", "def f(y, x): pass"),
        ("def f(x=1): pass", "def f(x=2): pass"),
        ("class A:\n    n: int = 1", "class A:\n    n: float = 1"),  # a field of a data class
        ("import a\na.f()", "import b as a\na.f()"),
        ("import side_effect\nx = 1", "x = 1"),
        ("x = f(a); y = g(b)", "y = g(b); x = f(a)"),
        ("f(description='a')", "f(description='b')"),
        ("f.cast(a, b)", "g.cast(a, b)"),
        ("from a import x\nfrom b import x", "from b import x\nfrom a import x"),
        ("from a import p as x, q as x", "from a import q as x, p as x"),
        ("from a import x\nfrom b import *", "from b import *\nfrom a import x"),
        ("import a as x\nimport b as x", "import b as x\nimport a as x"),
        ("def f():\n    x: int\n    return x", "def f():\n    return x"),
        (
            "def f():\n    x: int\n    class A: x = 1\n    return x",
            "def f():\n    class A: x = 1\n    return x",
        ),
        ("class A:\n    if y:\n        n: int = 1", "class A:\n    if y:\n        n = 1"),
        (
            "class A:\n    try:\n        n: int\n    except E: pass",
            "class A:\n    try:\n        n: str\n    except E: pass",
        ),
        ("class A:\n    with y:\n        n: int", "class A:\n    with y:\n        pass"),
    ],
)
def test_what_counts(one, other):
    assert canonical(one) != canonical(other)


def test_form_and_comments_of_every_file_do_not_count():
    for path in ALL:
        source = path.read_text()
        assert canonical(ast.unparse(ast.parse(source))) == canonical(source), path


def test_package_files_hold_no_code():
    # Imports do not follow a package's `__init__`, which is right only while it is a docstring.
    # The outermost one holds the public interface, which no module of the package uses.
    for path in PACKAGE.glob("*/**/__init__.py"):
        if "_vendor" in path.parts:
            continue
        body = ast.parse(path.read_text()).body
        assert all(isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant) for n in body), (
            path
        )


# --------------------------------------------------------------------- the default study's graph
class EditedFiles(SourceFiles):
    """The code as it would be after edits; what is read is remembered among all tests."""

    def __init__(self, memory: Path, edits: dict[Path, str]) -> None:
        super().__init__(memory)
        for path, text in edits.items():
            self._read[path] = SourceFile.read(path, text.encode())


class Graph:
    """The default study with its components; `stale` says what an edit changes."""

    def __init__(self, folder: Path) -> None:
        self.parameters = resolve(load_study(ROOT / "params.yaml"))
        self.dag = cached(ROOT)
        self.memory = folder / "files.json"
        files = SourceFiles(self.memory)
        self.before = compute(self.parameters, self.dag, files)
        files.save()

    def stale(self, edits=None, parameters=None) -> set[str]:
        """Stages whose components differ after edits of files, or under other parameters."""
        files = EditedFiles(self.memory, edits or {})
        now = compute(parameters or self.parameters, self.dag, files)
        return {
            name
            for name, stage in self.dag.stages.items()
            if now[stage.group][stage.item] != self.before[stage.group][stage.item]
        }

    def uses(self, name: str, kind: str) -> bool:
        """Whether a stage has a component of a kind."""
        stage = self.dag.stages[name]
        entry = self.before[stage.group][stage.item]
        return any(component.startswith(f"{kind}.") for component in entry)

    def named(self, **groups) -> set[str]:
        """Stages by group and a condition on the item's parameters."""
        return {
            stage.name
            for stage in self.dag.stages.values()
            if stage.group in groups and groups[stage.group](stage.item)
        }


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return Graph(tmp_path_factory.mktemp("identity"))


def edited(name, old, new, count=1):
    """A file of the package with a text exchanged."""
    path = PACKAGE / name
    source = path.read_text()
    assert source.count(old) >= count, (name, old)
    return {path: source.replace(old, new)}


def changed(name):
    """A file of the package that means something else."""
    path = PACKAGE / name
    return {path: path.read_text() + "\nANOTHER_MEANING = 1\n"}


def domain_of(graph, item, section, key="set"):
    """The worlds' domains of an arm's set or of a draw's sets."""
    worlds = {"digits": "math", "programs": "code", "scenes": "visual"}
    sets = graph.parameters[section][item][key]
    problems = [graph.parameters["sets"][s]["problems"] for s in ([sets] if key == "set" else sets)]
    return {worlds[graph.parameters["worlds"][p]["world"]] for p in problems}


def test_comments_and_docstrings_reach_nothing(graph):
    edits = {path: f'"""Another text."""\n# a comment\n{path.read_text()}' for path in ALL}
    assert graph.stale(edits) == set()


def test_an_algorithm_reaches_its_arms(graph):
    arms = graph.parameters["train"]
    its_own = graph.named(train=lambda arm: arms[arm]["algorithm"]["name"] == "dapo")
    assert its_own == {"train@dapo"}
    assert graph.stale(changed("training/algorithms/dapo.py")) == {*its_own, "report"}  # its label
    # the advantages of groups are shared
    reached = graph.stale(changed("training/algorithms/grpo.py"))
    assert {"train@grpo", "train@grpo-kl"} <= reached
    assert "train@ppo" not in reached


def test_the_visual_judge_reaches_visual_verdicts_and_the_visual_arm(graph):
    for name in ("domains/visual/judge.py", "domains/visual/extraction.py"):
        assert graph.stale(changed(name)) == graph.named(
            train=lambda arm: domain_of(graph, arm, "train") == {"visual"},
            verify=lambda draw: "visual" in domain_of(graph, draw, "draws", "sets"),
        )


def test_an_engine_that_nobody_uses_reaches_nothing(graph):
    assert graph.stale(changed("sampling/engines/vllm.py")) == set()
    assert graph.stale(changed("sampling/engines/step_loop.py")) >= graph.named(
        sample=lambda draw: graph.parameters["draws"][draw]["engine"] == "step_loop"
    )


def test_a_template_reaches_who_is_asked_with_it(graph, tmp_path, monkeypatch):
    path = tmp_path / "image.yaml"
    text = (PACKAGE / "data" / "templates" / "image.yaml").read_text()
    names = {"image": path}
    monkeypatch.setattr(
        prompts, "template_file", lambda name: names.get(name) or template_file(name)
    )
    path.write_text(f"# a comment\n{text}")
    assert graph.stale() == set()
    path.write_text(text.replace("{question}", "{question} "))
    by_template = {
        section: lambda item, section=section: (
            graph.parameters[section][item]["template"] == "image"
        )
        for section in ("train", "sft", "draws")
    }
    assert graph.stale() == graph.named(
        pretrain=lambda m: graph.parameters["pretrain"][m]["corpus"]["template"] == "image",
        train=by_template["train"],
        sft=by_template["sft"],
        sample=by_template["draws"],
    )


def test_the_page_shows_labels_of_algorithms(graph):
    label = edited("training/algorithms/rloo.py", '] = "RLOO"', '] = "Leave one out"')
    assert {"train@rloo", "report"} <= graph.stale(label)


def test_an_option_of_one_judge_reaches_its_own_verdicts(graph):
    parameters = copy.deepcopy(graph.parameters)
    parameters["verification"]["visual"]["a_new_option"] = True
    assert graph.stale(parameters=parameters) == graph.named(
        verify=lambda draw: "visual" in domain_of(graph, draw, "draws", "sets"),
    )


def test_defaults_of_templates_count(graph, monkeypatch):
    class OtherTemplate(Template):
        tone: str = "plain"  # no file states it

    with monkeypatch.context() as patched:
        patched.setattr(prompts, "Template", OtherTemplate)
        reached = graph.stale()
    assert reached == {name for name in graph.dag.stages if graph.uses(name, "template")}
    assert graph.stale() == set()


def test_an_edit_while_identity_is_computed_is_not_kept(tmp_path, monkeypatch):
    from passk.config import study
    from passk.pipeline.identity import current

    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["dvc", "init", "-q", "--no-scm"], check=True)
    text = Path("params.yaml").read_text()
    load, calls = study.load_study, []

    def load_while_somebody_edits(path):
        calls.append(path)
        if len(calls) > 1:
            return load(path)
        Path("params.yaml").write_text(text.replace("seed: ", "seed: 9", 1))
        loaded = load(path)
        Path("params.yaml").write_text(text)  # and undoes it
        return loaded

    monkeypatch.setattr(study, "load_study", load_while_somebody_edits)
    wanted = resolve(load(ROOT / "params.yaml"))["seed"]
    assert current.read_identity().parameters["seed"] == wanted
    assert current.read_identity().parameters["seed"] == wanted


def test_a_section_and_a_question_reach_their_own(graph):
    assert graph.stale(changed("report/sections/greedy.py")) == {"report"}
    assert graph.stale(changed("analysis/questions/greedy.py")) == {"analyze@greedy", "report"}
    query = PACKAGE / "analysis" / "counts.sql"
    assert graph.stale({query: query.read_text() + "-- bytes\n"}) == graph.named(
        count=lambda draw: True
    )


def test_the_trainers_core_reaches_all_arms(graph):
    reached = graph.stale(changed("training/trainer.py"))
    assert graph.named(train=lambda arm: True) <= reached
    assert not {name for name in reached if name.startswith(("sample@", "verify@", "pretrain@"))}


def test_a_default_reaches_what_it_must(graph):
    parameters = copy.deepcopy(graph.parameters)
    parameters["train"]["grpo"]["weight_decay"] = 0.5
    reads_all_arms = {"manifest", "report"}
    assert graph.stale(parameters=parameters) == {"train@grpo", *reads_all_arms}


def test_provenance_cli_and_pipeline_reach_nothing(graph):
    folders = [PACKAGE / name for name in ("provenance", "cli", "pipeline")]
    edits = {}
    for path in ALL:
        if any(folder in path.parents for folder in folders) and "stages" not in path.parts:
            edits |= changed(path.relative_to(PACKAGE).as_posix())
    assert graph.stale(edits) == set()


# Registries that a stage's code reaches without using what they hold, and why.
REACHED = {
    "analyze": {"filter"},  # the schema of views; the manifest applies them
    "headline": {"filter"},  # as analyze
    "report": {"filter", "domain"},
    "filter": {"domain"},
    "count": {"filter", "engine"},  # the schema of a draw; whether its engine collects samples
    "manifest": {"engine"},  # the same
    "expand": {"engine"},  # the schema of a draw; the step loop's distribution is expanded
}


@pytest.mark.parametrize("group", sorted(USES))
def test_every_registry_that_a_stage_reaches_is_answered(group, graph):
    files = SourceFiles(graph.memory)
    code = files.closure(stage_module(group))
    homes = {
        kind: path
        for kind, registry in registries().items()
        for path in ALL
        if f'"{registry.group}"' in path.read_text() and "Registry" in path.read_text()
    }
    assert set(homes) == set(registries())
    reached = {kind for kind, path in homes.items() if path in code}
    answered = {kind for kind in registries() if f'"{kind}"' in _source_of(USES[group])}
    assert reached - answered - REACHED.get(group, set()) == set()


def _source_of(function):
    """The text of a function of `usage`, and of the helpers that it calls."""
    import inspect

    from passk.pipeline.identity import usage

    text = inspect.getsource(function)
    helpers = [n for n in ("_of_source", "_domains", "_worlds", "_filters") if n in text]
    text = text.replace('"judge"', '"domain"') + "".join(
        inspect.getsource(getattr(usage, n)) for n in helpers
    )
    return text


def test_a_mended_line_that_moves_no_bytes_costs_less_than_500_lines_of_diff(graph):
    # A line of dvc.lock for each component that has the file, and a line of the ledger for each
    # group that ran again (test_ledger); a changed line is two lines of a diff.
    files = SourceFiles(graph.memory)
    compute(graph.parameters, graph.dag, files)
    holding = Counter(
        file
        for items in graph.before.values()
        for entry in items.values()
        for mark in entry.values()
        for file in files.members.get(mark, ())
    )
    (_, most), *_ = holding.most_common(1)
    assert most >= len(graph.dag.stages)
    assert 2 * most + 2 * len(graph.dag.groups()) < 500


# ----------------------------------------------------------------------------- in a real project
def test_what_is_added_makes_nothing_stale(tmp_path):
    workspace = copy_project(tmp_path)
    write = (sys.executable, "-m", "passk.pipeline.identity")
    workspace.run(*write)
    before = read_json(tmp_path / "components.json")
    package = tmp_path / "src" / "passk"
    shutil.copy(package / "data/templates/plain.yaml", package / "data/templates/another.yaml")
    for registry, line, module in (
        ("training/algorithms", '"another": "passk.training.algorithms.another:Grpo",', "grpo"),
        ("sampling/engines", '"another": "passk.sampling.engines.another:VLLM",', "vllm"),
        ("analysis/questions", '"another": "passk.analysis.questions.another:QUESTION",', "greedy"),
        ("report/sections", '"another": "passk.report.sections.another:SECTION",', "greedy"),
    ):
        folder = package / registry
        source = (folder / f"{module}.py").read_text()
        (folder / "another.py").write_text(source.replace(f'"{module}"', '"another"'))
        path = folder / "registry.py"
        path.write_text(path.read_text().replace("    {\n", f"    {{\n        {line}\n", 1))
        assert "another" in path.read_text()
    workspace.run(*write)
    assert read_json(tmp_path / "components.json") == before


def test_identity_is_computed_once_for_each_state(tmp_path):
    workspace = copy_project(tmp_path)
    write = (sys.executable, "-m", "passk.pipeline.identity")
    workspace.run(*write)
    first = (tmp_path / "components.json").read_bytes()
    (tmp_path / "components.json").unlink()
    loaded = "import sys, passk.pipeline.identity.current as c; c.write_components(); "
    loaded += "print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=tmp_path, text=True, capture_output=True, check=True,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == "False"
    assert (tmp_path / "components.json").read_bytes() == first
