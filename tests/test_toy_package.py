"""A package of a stranger adds one of each; a study uses them all, and `src` names none of them.

The package is `tests/toy_package`, from which the how-to pages take their examples. It is installed
as pip would: its folder and its entry points, from its `pyproject.toml`, are on the path.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from conftest import Workspace, copy_project
from passk.core import processor
from passk.core.ids import problem_id
from test_documents import HOW_TO, examples

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
PACKAGE = HERE / "toy_package"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = "tests/toy_package/toy_words"  # as the study's parameters name them
STUDY = Path("data/toy")


def install(folder):
    """Write the metadata of the package; returns what PYTHONPATH needs."""
    info = folder / f"toy_words-{PROJECT['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: {PROJECT['version']}\n"
    )
    groups = PROJECT["entry-points"].items()
    lines = [f"[{group}]\n{name} = {target}" for group, ts in groups for name, target in ts.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return os.pathsep.join((str(folder), str(PACKAGE)))


def write_study(workspace):
    """The smoke study's settings, with the things of the package in place of ours."""
    values = workspace.params()
    world = {"world": "reversed_words", "families": ["word"], "skew": 0.0}
    values["study"] = "toy"
    values["worlds"] = {
        "train": {**world, "split": "train", "levels": [1, 2], "size": 8},
        "test": {**world, "split": "test", "levels": [1], "size": 16},
    }
    words = {"source": f"{FILES}/words.yaml", "path": f"{FILES}/words.jsonl"}
    values["benchmarks"] = {"listed": words}
    short = {"kind": "short_answer", "most": 4}
    values["sets"] = {
        "train": {"problems": "train", "filters": []},
        "test": {"problems": "test", "filters": []},
        "listed": {"problems": "listed", "filters": [short]},
    }
    base = values["pretrain"]["base"] | {"steps": 30, "warmup_steps": 5}
    base["architecture"] |= {"width": 48, "heads": 3, "feed_forward": 96}
    base["corpus"] = {
        "world": "reversed_words", "template": f"{FILES}/ask.yaml", "documents": 300,
        "families": {"word": 1.0}, "levels": [1], "skew": 0.0, "noise": 0.1, "habit": 0.0,
        "withheld": [],
    }  # fmt: skip
    base["tokenizer"] = {"vocabulary": 300, "documents": 200}
    values["pretrain"] = {"base": base}
    values["train"] = {
        "toy": values["train"]["grpo"]
        | {
            "algorithm": {"name": "sign", "size": 0.5}, "reward": "lenient",
            "curriculum": "hard_first", "template": f"{FILES}/ask.yaml",
            "steps": 2, "checkpoints": [2], "prompts": 4, "max_new_tokens": 16, "kl_every": 0,
        }
    }  # fmt: skip
    draw = values["draws"]["base"] | {
        "sets": ["test", "listed"], "n": 4, "max_new_tokens": 16, "template": f"{FILES}/ask.yaml",
    }  # fmt: skip
    values["draws"] = {
        "base": draw, "toy": draw | {"model": "toy/step-2"}, "rule": draw | {"engine": "rule"},
    }  # fmt: skip
    values["verification"]["words"] = {"ignore_case": False}
    values["validation"] |= {"truncated_at_most": 1.0, "unknown_at_most": 1.0}
    for name in ("rejection_sampling", "sft", "headline", "scores", "expansions"):
        values[name] = {}
    values["examples"] = {
        "words": {"reference": "rule", "candidate": "base", "set": "test", "problems": 1}
    }
    comparisons = {
        "toy": {"reference": "base", "candidate": "toy"},
        "rule": {"reference": "base", "candidate": "rule"},
    }
    names = ("pass_at_k", "difference", "failures", "solved")
    values["analysis"] |= {
        "questions": dict.fromkeys(names, "counts")
        | {"failures": "verdicts", "training": "training"},
        "k": [1, 2, 4], "comparisons": comparisons, "efficiency_k": 4,
    }  # fmt: skip
    panel = {"comparisons": list(comparisons), "sets": ["test", "listed"]}
    values["report"] |= {
        "comparisons": ["toy"], "sets": ["test"], "panels": {"solved": panel, "words": panel},
        "sections": ["pass_at_k", "difference", "solved", "words", "setup", "validation"],
        "claims": {"rule": ["rule"]}, "judged_claims": ["rule"], "labels": {}, "colours": {},
        "published": ["yue2025", "words"],
        "counterparts": {"sets": {"listed": "Six words"}},
    }  # fmt: skip
    workspace.write_params(values)


class ToyStudy:
    """A study of the package's things, run; `python` runs more in it."""

    def __init__(self, folder):
        self.root = folder / "study"
        self.root.mkdir()
        write_study(copy_project(self.root, "smoke"))
        path = os.pathsep.join((str(self.root / "src"), install(folder / "installed")))
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in processor.pins()},
            "PYTHONPATH": path,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PASSK_TRACKING": "off",
            "COLUMNS": "200",
        }
        self.python(str(HERE / "run_stages.py"))

    def python(self, *arguments):
        """Run Python in the study; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=self.environment, text=True,
            capture_output=True, check=False, timeout=600,
        )  # fmt: skip
        assert not done.returncode, done.stderr[-4000:]
        return done.stdout

    def table(self, name):
        """A table of the study."""
        return pl.read_parquet(self.root / STUDY / f"{name}.parquet")

    def page(self):
        """The report's page."""
        return (self.root / "reports/index.html").read_text(encoding="utf-8")

    def section(self, name):
        """One section of the page."""
        part = self.page().partition(f'<section id="{name}"')[2]
        return part[: part.index("</section>")]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return ToyStudy(tmp_path_factory.mktemp("toy"))


def test_the_world_asks_in_the_domain(toy):
    problems = toy.table("problems/train")
    assert set(problems["domain"]) == {"words"}
    row = problems.row(0, named=True)
    assert row["question"] == f"What is {row['answer'][::-1]} backwards?"
    assert row["source"] == "generated world reversed_words, split train"


def test_the_reader_reads_the_file_that_the_source_describes(toy):
    problems = toy.table("problems/listed")
    assert problems["answer"].to_list() == ["esor", "pilut", "mle", "kao", "ylil", "ssom"]
    assert problems["source"][0] == "Six words: 1"
    assert problems["problem_id"][0] == problem_id("words", "What is rose backwards?")


def test_files_of_its_format_are_recognised(toy):
    said = "from passk.cli.app import main; main()"
    printed = toy.python("-c", said, "import", str(HERE / "toy_package/toy_words/said.jsonl"))
    assert "word lists with what was said" in printed
    assert "2 problems, 4 samples" in printed
    assert "1 without a response" in printed


def test_the_filter_says_what_it_left_out(toy):
    (row,) = toy.table("filters/listed").rows()
    assert row == ("listed", 0, "short_answer", 6, 5, "answer over 4 letters")
    assert "answer over 4 letters" in toy.page()


def test_the_arm_is_trained_by_algorithm_reward_and_curriculum(toy):
    log = (toy.root / STUDY / "training/toy.jsonl").read_text().splitlines()
    steps = [json.loads(line) for line in log]
    assert len(steps) == 2
    # A wrong answer costs 1 / level: the first step asked nothing but level 2, the second did.
    assert steps[1]["reward"] < -0.6 < steps[0]["reward"] < -0.5
    assert all(step["signal"] > 0 for step in steps)
    weights = [
        (toy.root / "models/toy" / name / "model.safetensors").read_bytes()
        for name in ("base", "toy/step-2")
    ]
    assert weights[0] != weights[1]


def test_a_misspelt_name_is_answered_with_the_right_one(toy):
    values = Workspace(toy.root).params()
    values["train"]["toy"] |= {"reward": "leniant", "curriculum": "hard_frist"}
    values["train"]["toy"]["algorithm"]["name"] = "sing"
    values["draws"]["rule"]["engine"] = "rul"
    values["worlds"]["test"]["world"] = "reversed_word"
    values["sets"]["listed"]["filters"][0]["kind"] = "short_answers"
    misspelt = toy.root / "misspelt.yaml"
    YAML(typ="safe", pure=True).dump(values, misspelt)
    message = toy.python(
        "-c",
        "from pathlib import Path; from passk.config.study import load_study\n"
        "try: load_study(Path('misspelt.yaml'))\n"
        "except ValueError as error: print(error)",
    )
    names = ("lenient", "hard_first", "sign", "rule", "reversed_words", "short_answer")
    assert [name for name in names if f"did you mean '{name}'" not in message] == [], message


def test_the_engine_answers_by_its_rule_and_the_domain_judges(toy):
    samples, verdicts = toy.table("samples/rule"), toy.table("verdicts/rule")
    joined = samples.join(verdicts, on=["set", "problem_id", "sample_index"])
    even = pl.col("sample_index") % 2 == 0
    assert set(joined.filter(even)["verdict"]) == {"correct"}
    assert set(joined.filter(~even)["verdict"]) == {"wrong"}
    assert set(verdicts["grader"]) == {"words-1-exact"}
    assert set(toy.table("counts/rule")["engine"]) == {"rule"}


def test_the_engine_rolls_out_by_options_of_its_own(toy):
    code = """
from pathlib import Path
from transformers import AutoTokenizer
from passk.config.study import load_study
from passk.sampling.rollouts import RolloutRequest
from passk.training.rollouts import make_sampler
from passk.training.settings import Training
from passk.training.tasks import Task
arm = load_study(Path("params.yaml")).train["toy"].model_dump(mode="json") | {"rollouts": 4}
def settings(**changes): return Training.model_validate({**arm, "engine": "rule", **changes})
tokenizer = AutoTokenizer.from_pretrained("models/toy/base")
task = Task("p", tuple(tokenizer.encode("What is abc backwards?")), "cba")
for changes in ({}, {"engine_options": {"right_every": 4}}):
    sampler = make_sampler(settings(**changes), tokenizer, (1,), Path("models/toy/base"), 64)
    print([rollout.text for rollout in sampler(None, RolloutRequest([task], 1))[0]])
for changes in ({"engine_options": {"right": 4}}, {"engine": "generate", "engine_options": {}}):
    try: settings(**changes)
    except ValueError as error: print(error)
"""
    output = toy.python("-c", code)
    assert "['cba', 'abc', 'cba', 'abc']\n['cba', 'abc', 'abc', 'abc']\n" in output
    assert "engine_options.right\n  Extra inputs are not permitted" in output
    assert "engine 'generate' takes no options" in output
    assert "rule (right_every)" in output


def test_the_public_interface_judges_in_the_domain(toy):
    code = "import passk; print(passk.judge(['esor'], ['It is Esor'], domain='words')[0].verdict)"
    assert toy.python("-c", code) == "correct\n"


def test_the_template_is_the_file(toy):
    assert set(toy.table("samples/rule")["template"]) == {f"{FILES}/ask.yaml"}


def test_the_question_has_its_table_and_is_explained(toy):
    row = toy.table("results/solved").filter(draw="rule", set="listed").row(0, named=True)
    assert row == {"draw": "rule", "set": "listed", "solved": 5, "problems": 5}
    explained = toy.python(
        "-c", "from passk.cli.app import main; main()",
        "explain", "solved", "draw=rule", "set=listed", "--problem", "0",
    )  # fmt: skip
    assert "solved: draw=rule, set=listed, solved=5, problems=5" in explained
    assert "counts of draw 'rule': 5 problems, 20 samples, 10 correct" in explained
    assert "#0 correct (equal): esor" in explained


def test_sections_and_claim_are_on_the_page(toy):
    solved = toy.section("solved")
    assert "Problems solved at least once" in solved
    assert 'data-source="solved draw=rule set=listed"' in solved
    words = toy.section("words")
    assert "Words, said backwards." in words
    assert "What is" in words  # an example, shown by the domain's renderer
    page = toy.page()
    assert page.index('<section id="solved"') < page.index('<section id="words"')
    claim = page[page.index('id="claim-101"') :]
    assert "A rule solves more problems than a model." in page
    assert 'class="supported"' in claim[: claim.index("</ul>")]


def holds(values, part):
    """Whether parameters have all that a part of them says."""
    if not isinstance(part, dict):
        return values == part
    return all(key in values and holds(values[key], part[key]) for key in part)


WITH_PARAMETERS = [page for page in HOW_TO if "In `params.yaml`:" in page.read_text()]


@pytest.mark.parametrize("page", WITH_PARAMETERS, ids=lambda page: page.stem)
def test_parameters_in_how_to_pages_are_those_of_the_study(toy, page):
    (text,) = [text for before, _, text in examples(page) if before == "In `params.yaml`:"]
    part = YAML(typ="safe", pure=True).load(text)
    assert holds(Workspace(toy.root).params(), part)


def test_the_source_names_nothing_of_the_package():
    ours = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".yaml", ".sql")]
    for name in ("toy_words", "reversed_words", "word_list", "short_answer", "hard_first"):
        assert [path for path in ours if name in path.read_text(encoding="utf-8")] == []


def test_running_the_study_left_its_source_as_it_was(toy):
    status = subprocess.run(
        ["git", "status", "--porcelain", "src", "dvc.yaml"], cwd=toy.root, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert status.stdout == ""
