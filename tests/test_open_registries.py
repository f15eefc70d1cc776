"""Domains, worlds, readers and filters of an installed package are used without touching `src`."""

import polars as pl
import pytest
from pydantic import ValidationError

from passk.core.registry import Registry, UnknownNameError
from passk.core.rows import RecordedError
from passk.data.benchmarks import read_benchmark
from passk.data.filters import FILTERS, apply_filters
from passk.data.prompts import PromptError, render, template_faults
from passk.data.readers import READERS
from passk.data.sources import source
from passk.domains.domain import Domain
from passk.domains.grading import JudgeResources, Reference
from passk.domains.registry import DOMAINS
from passk.domains.settings import Verification
from passk.domains.worlds import WORLDS

TOY = """
from typing import Literal

import polars as pl
from pydantic import BaseModel

from passk.data.filters import ProblemFilter, Rule
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.domain import Domain
from passk.domains.verdict import Verdict


class Settings(BaseModel):
    strict: bool = True


class Judge:
    grader = "toy"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def __call__(self, golds, texts, cut=None):
        pairs = zip(golds, texts, strict=True)
        return [Verdict("correct" if g == t else "wrong", "", t) for g, t in pairs]


class Poems(Domain):
    name, label, settings, asks = "poems", "Poems", Settings, "Poems."

    def judge(self, settings, resources):
        return Judge()

    def reward_judge(self, resources, *, isolation):
        return Judge()


class Short(ProblemFilter):
    kind: Literal["short"] = "short"
    most: int

    def rule(self):
        return Rule(pl.col("question").str.len_chars() <= self.most, "too long")


def problems(rows, options):
    for row in rows:
        yield BenchmarkProblem(row.values["id"], row.place, row.values["q"], "rose", "text")


POEMS = Poems()
"""
ENTRY_POINTS = """
[passk.domains]
poems = toy_poems:POEMS
[passk.readers]
poems = toy_poems:problems
[passk.filters]
short = toy_poems:Short
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with a domain, a reader and a filter; registries look again."""
    (tmp_path / "toy_poems.py").write_text(TOY)
    info = tmp_path / "toy_poems-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-poems\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    registries = (DOMAINS, READERS, FILTERS)
    for registry in registries:
        registry.__dict__.pop("_brought", None)
    yield tmp_path
    for registry in registries:
        registry.__dict__.pop("_brought", None)


def test_a_domain_of_a_package_judges_by_its_own_rules(installed):
    domain = DOMAINS["poems"]
    assert isinstance(domain, Domain)
    gold = domain.gold(Reference.of({"problem_id": "p", "answer": "rose", "unit": None}))
    with domain.reward_judge(JudgeResources(), isolation="subprocess") as judge:
        assert [v.verdict for v in judge([gold, gold], ["rose", "nose"])] == ["correct", "wrong"]
    assert list(DOMAINS) == ["math", "code", "visual", "poems"]


def test_a_benchmark_of_a_new_format_is_a_reader_and_a_description(installed):
    (installed / "poems.jsonl").write_text('{"id": "1", "q": "Which flower?"}\n')
    described = installed / "poems.yaml"
    described.write_text("title: Poems\ndomain: poems\nreader: poems\nhomepage: here\n")
    (problem,) = read_benchmark(str(described), installed / "poems.jsonl")
    assert (problem.question, problem.answer) == ("Which flower?", "rose")
    assert source(str(described)).title == "Poems"


def test_a_filter_of_a_package_says_what_goes(installed):
    frame = pl.DataFrame({"question": ["long enough", "short"]})
    kept, table = apply_filters(frame, [FILTERS["short"](most=5)])
    assert kept["question"].to_list() == ["short"]
    assert table.row(0) == (0, "short", 2, 1, "too long")


@pytest.mark.parametrize(
    ("registry", "legal"),
    [(DOMAINS, "math"), (WORLDS, "digits"), (READERS, "taco"), (FILTERS, "free_form")],
)
def test_an_unknown_name_is_answered_with_the_legal_ones(registry: Registry, legal):
    with pytest.raises(UnknownNameError, match=rf"{registry.kind} 'non' is unknown; .*{legal}"):
        registry["non"]


def test_every_built_in_thing_is_there_and_bears_its_name():
    assert {name: domain.name for name, domain in DOMAINS.items()} == {n: n for n in DOMAINS}
    assert {name: world.name for name, world in WORLDS.items()} == {n: n for n in WORLDS}
    assert all(WORLDS[name].domain in DOMAINS for name in WORLDS)
    assert all(callable(READERS[name]) for name in READERS)
    kinds = {name: kind.model_fields["kind"].default for name, kind in FILTERS.items()}
    assert kinds == {name: name for name in FILTERS}


def test_each_domain_has_a_section_of_verification_with_defaults():
    sections = Verification()
    for domain in DOMAINS.values():
        assert sections.section(domain.settings) == domain.settings()
    with pytest.raises(ValidationError, match="poetry"):
        Verification.model_validate({"poetry": {}})


def test_a_description_of_a_benchmark_with_an_unknown_reader_names_the_legal_ones(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: T\ndomain: math\nreader: mathsets\nhomepage: here\n")
    with pytest.raises(RecordedError, match="did you mean 'math_sets'"):
        source(str(path))
    with pytest.raises(RecordedError, match="no such file"):
        source(str(tmp_path / "none.yaml"))


def test_a_template_may_be_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text('chat: false\nuser: "Q: {question}\\nA:"\n')
    assert render(str(path), {"question": "1+1?"}) == "Q: 1+1?\nA:"
    assert not list(template_faults("draws.base.template", str(path)))
    (fault,) = template_faults("draws.base.template", str(tmp_path / "none.yaml"))
    assert "no such file" in fault
    path.with_name("bad.yaml").write_text("chat: false\n")
    with pytest.raises(PromptError, match="user"):
        render(str(path.with_name("bad.yaml")), {"question": "?"})
