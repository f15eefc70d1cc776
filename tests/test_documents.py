"""Documents hold what they say: links lead somewhere, pages name real entry points and rooms."""

import re
import tomllib

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT
from tests.test_house import ROOMS

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

HOW_TO = sorted((ROOT / "docs/how-to").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\((?!http|#)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_diagram_has_the_rooms_in_their_order():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    arrows = re.findall(r'^  (\w+)\["[^"]+"\](?: --> (\w+))?$', text, re.MULTILINE)
    assert tuple(room for room, _ in arrows) == ROOMS
    assert [below for _, below in arrows[1:]] == list(ROOMS[:-1])


def test_every_how_to_page_is_linked_and_names_an_entry_point():
    architecture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/how-to").glob("*.md"):
        assert f"how-to/{page.name}" in architecture
        groups = re.findall(r'entry-points\."(passk\.\w+)"', page.read_text(encoding="utf-8"))
        assert groups
        assert all(f"`{group}`" in architecture for group in groups)


def examples(page):
    """The code blocks of a page: the line before, language, text."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^(\S[^\n]*:)\n\n```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_examples_of_a_how_to_page_are_files_that_a_test_uses(page):
    """Each block is a file of the toy package, or part of one, or parameters of its study."""
    blocks = examples(page)
    assert len(blocks) == page.read_text(encoding="utf-8").count("```") / 2 >= 3
    for before, language, text in blocks:
        if before == "In `params.yaml`:":
            continue  # tests/test_toy_package.py compares these with the study that it runs
        (link,) = re.findall(r"\]\(([^)]+)\)", before)
        file = (page.parent / link).resolve()
        assert file.is_relative_to(ROOT / "tests/toy_package")
        content = file.read_text(encoding="utf-8")
        sections = text.split("\n\n") if language == "toml" else [text]
        assert all(section.strip() in content for section in sections), file
        assert language == "toml" or text == content, file


def test_the_constraints_are_exact_and_hold_every_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.!]*", line) for line in pins)  # no `+cpu`
    pinned = {line.partition("==")[0] for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [
        *project["dependencies"], *extras["study"], *extras["training"], *extras["dev"],
    ]  # fmt: skip
    names = {
        re.match(r"[\w.-]+", one)[0].lower().replace("_", "-").replace(".", "-")
        for one in needed
        if not one.startswith("passk[")
    }
    assert names <= pinned


def test_hosted_ci_runs_the_parts_of_our_own():
    workflow = YAML(typ="safe").load(ROOT / ".github/workflows/ci.yml")
    parts = workflow["jobs"]["check"]["strategy"]["matrix"]["part"]
    ours = re.findall(r"^make (\S+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert ["setup", *parts] == ours


def test_the_citation_has_the_version_and_licence_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
