"""`passk new`: a study's folder in git, outside and inside another study, and what it refuses."""

import shlex
import shutil
import subprocess
import tomllib

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML
from tests.conftest import ROOT, copy_project

from passk.cli import new
from passk.config.composition import check_composed, compose_text
from passk.config.composition_sources import list_shipped
from passk.core.yaml_files import ParameterError, read
from passk.pipeline.dag import load
from passk.pipeline.identity.current import write_components
from passk.pipeline.study_folder import make_folder


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_package_ships_what_the_root_has():
    pipeline = ROOT / "src/passk/pipeline"
    assert (pipeline / "dvc.yaml").read_bytes() == (ROOT / "dvc.yaml").read_bytes()
    for name in ("Snakefile", "profiles/default/config.yaml", "profiles/slurm/config.yaml"):
        assert (pipeline / "skeleton" / name).read_bytes() == (ROOT / name).read_bytes()
    assert list_shipped() == ["compare", "full", "imported", "miniature", "paper", "smoke"]
    for name in list_shipped():
        shipped = (ROOT / "src/passk/studies" / name / "study.yaml").read_bytes()
        root = ROOT if name == "miniature" else ROOT / "studies" / name
        assert shipped == (root / "study.yaml").read_bytes()


def test_the_wheel_holds_every_file_of_the_package():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = patterns["tool"]["setuptools"]["package-data"]["passk"]
    package = ROOT / "src/passk"
    held = {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    listed = subprocess.run(
        ["git", "ls-files", "src/passk"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()  # fmt: skip
    left_out = [f for f in listed if not f.endswith(".py") and ROOT / f not in held]
    assert left_out == []


@pytest.mark.parametrize("name", ["default", "imported"])
def test_a_folder_outside_of_git_resolves(name, tmp_path):
    made = make_folder(tmp_path / "mine", name)
    assert (made.git, made.shares, made.lacks) == (False, None, "")
    assert check_composed(tmp_path / "mine").edited == ()
    dag = load(tmp_path / "mine")
    assert "report" in dag.stages
    assert len(dag.groups()["sample"]) >= 1


@pytest.mark.parametrize("ignored", [False, True])
def test_a_folder_in_a_study_in_git_shares_its_cache(ignored, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    make_folder(tmp_path / "root", "imported")
    (tmp_path / ".gitignore").write_text("/root/in/\n" if ignored else "")
    made = make_folder(tmp_path / "root/in/mine", "imported")
    assert made.git is not ignored
    assert made.shares == tmp_path / "root"
    shown = subprocess.run(
        ["dvc", "cache", "dir"], cwd=tmp_path / "root/in/mine", capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip
    assert shown == str(tmp_path / "root/.dvc/cache")
    # It is no part of the study around it.
    assert len(load(tmp_path / "root").stages) == len(load(tmp_path / "root/in/mine").stages)


def test_a_study_of_ones_own_can_be_what_another_is_like(tmp_path):
    make_folder(tmp_path / "first", "smoke", extend=True)
    (tmp_path / "first/study.yaml").write_text("extends: smoke\nstudy: first\nseed: 1\n")
    make_folder(tmp_path / "second", str(tmp_path / "first"))
    make_folder(tmp_path / "third", str(tmp_path / "first"), extend=True)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/params.yaml").write_bytes((tmp_path / "third/params.yaml").read_bytes())
    make_folder(tmp_path / "fourth", str(tmp_path / "plain"))
    yaml = YAML(typ="safe", pure=True)
    for name in ("second", "third", "fourth"):
        values = yaml.load(tmp_path / name / "params.yaml")
        assert (values["study"], values["seed"]) == ("first", 1)
    assert 'extends: "../first/study.yaml"' in (tmp_path / "third/study.yaml").read_text()
    assert not (tmp_path / "fourth/study.yaml").exists()


@pytest.mark.parametrize("name", ["a #1", "back\\1slash", 'it\'s "mine"', "a: b"])
def test_a_path_may_hold_what_yaml_and_shells_read_otherwise(name, tmp_path, capsys):
    (tmp_path / name).mkdir()
    (tmp_path / name / "base.yaml").write_text("extends: smoke\nseed: 7\n")
    (tmp_path / name / "study.yaml").write_text("extends: base.yaml   # close by\n")
    for folder, extend in (("copy", False), ("extending", True)):
        new.main(tmp_path / name / "in" / folder, str(tmp_path / name), extend=extend)
        assert read(tmp_path / name / "in" / folder / "params.yaml")["seed"] == 7
        assert check_composed(tmp_path / name / "in" / folder).edited == ()
    command = capsys.readouterr().out.partition("Next:\n")[2].splitlines()[0]
    assert shlex.split(command) == ["cd", str(tmp_path / name / "in/copy")]


def test_a_cache_below_a_path_with_a_comment_sign_is_shared(tmp_path):
    make_folder(tmp_path / "a #1", "imported")
    inside = tmp_path / "a #1" / "in"
    make_folder(inside, "imported")
    subprocess.run(["dvc", "cache", "dir", tmp_path / "b #2"], cwd=inside, check=True)
    make_folder(inside / "deeper", "imported")  # its cache lies outside of the study around it
    with Repo(str(inside / "deeper")) as repo:
        assert repo.cache.legacy.path == str(tmp_path / "b #2")


def test_nothing_is_staged_and_what_was_staged_stays(tmp_path):
    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout  # fmt: skip

    git("init", "-q")
    (tmp_path / "mine").mkdir()
    shutil.copy(ROOT / "studies/smoke/study.yaml", tmp_path / "mine")
    git("add", "mine/study.yaml")
    make_folder(tmp_path / "mine", "smoke")
    lines = git("status", "--porcelain", "-uall").splitlines()
    assert [line for line in lines if not line.startswith("??")] == ["A  mine/study.yaml"]
    assert "?? mine/.dvc/config" in lines


def test_values_edited_by_hand_in_the_other_study_are_named(tmp_path, capsys):
    new.main(tmp_path / "first", "smoke")
    assert "Not taken over" not in capsys.readouterr().out
    path = tmp_path / "first/params.yaml"
    path.write_text(path.read_text().replace("seed: 2025", "seed: 2026"))
    new.main(tmp_path / "second", str(tmp_path / "first"))
    assert read(tmp_path / "second/params.yaml")["seed"] == 2025
    shown = capsys.readouterr().out
    assert "Not taken over" in shown
    assert f"{path} was edited since it was composed: seed\n" in shown


def test_a_study_with_a_template_of_its_own_can_be_what_another_is_like(tmp_path):
    make_folder(tmp_path / "first", "imported")
    template = (ROOT / "src/passk/data/templates/plain.yaml").read_bytes()
    (tmp_path / "first/mine.yaml").write_bytes(template)
    with (tmp_path / "first/study.yaml").open("a") as study:
        study.write("defaults: {draws: {template: mine.yaml}}\n")
    assert "mine.yaml" in make_folder(tmp_path / "second", str(tmp_path / "first")).lacks


def test_parameters_without_a_study_yaml_can_be_extended(tmp_path):
    (tmp_path / "plain").mkdir()
    shutil.copy(ROOT / "params.yaml", tmp_path / "plain")
    make_folder(tmp_path / "mine", str(tmp_path / "plain"), extend=True)
    assert check_composed(tmp_path / "mine").edited == ()
    assert "../plain/params.yaml" in (tmp_path / "mine/study.yaml").read_text()


def test_a_file_that_the_study_reads_and_that_is_not_there_is_named(tmp_path):
    make_folder(tmp_path / "first", "imported")
    made = make_folder(tmp_path / "second", str(tmp_path / "first"))
    assert "imported.example.path" in made.lacks


def test_a_folder_that_holds_only_what_is_to_be_there_is_completed(tmp_path):
    folder = tmp_path / "smoke"
    folder.mkdir()
    (folder / "study.yaml").write_bytes((ROOT / "studies/smoke/study.yaml").read_bytes())
    make_folder(folder, "smoke")
    assert (folder / "params.yaml").exists()


def refused(folder, like="smoke"):
    before = content(folder) if folder.is_dir() else None
    with pytest.raises(ParameterError) as caught:
        make_folder(folder, like)
    assert (content(folder) if folder.is_dir() else None) == before, "nothing was written"
    return str(caught.value)


def test_what_is_refused_is_named_with_a_remedy(tmp_path):
    assert "did you mean 'smoke'? legal: compare, default, full" in refused(
        tmp_path / "new", "smok"
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    assert "not empty (it holds notes.txt); choose" in refused(tmp_path / "full")
    (tmp_path / "edited").mkdir()
    (tmp_path / "edited/study.yaml").write_text("extends: smoke\nseed: 3\n")
    assert "it holds study.yaml" in refused(tmp_path / "edited")
    (tmp_path / "file").write_text("mine")
    assert "is a file" in refused(tmp_path / "file")
    assert "cannot be written" in refused(tmp_path / "file/new")
    assert "package's own folder" in refused(ROOT / "src/passk/studies/mine")
    (tmp_path / "own/.dvc").mkdir(parents=True)
    assert "is a DVC repository already" in refused(tmp_path / "own")
    assert "cannot be opened" in refused(tmp_path / "own/new")
    (tmp_path / "lines.yaml").write_text("study: mine\nextends:\n  ./more.yaml\n")
    (tmp_path / "more.yaml").write_text("extends: smoke\n")
    assert "on one line" in refused(tmp_path / "new", str(tmp_path / "lines.yaml"))
    (tmp_path / "bad.yaml").write_text("extends: smoke\ndefaults: {draws: {top_p: 3}}\n")
    assert "draws.base.top_p = 3" in refused(tmp_path / "new", str(tmp_path / "bad.yaml"))


@pytest.mark.slow
def test_both_engines_plan_the_same_in_a_new_folder(tmp_path):
    workspace = copy_project(tmp_path / "clone")
    workspace.run("passk", "new", "studies/smoke", "--like", "smoke")
    assert workspace.run("git", "status", "--porcelain") == ""
    workspace.root /= "studies/smoke"
    names = workspace.run("dvc", "stage", "list", "--name-only").split()
    planned = workspace.run("snakemake", "-n", "--cores", "2")
    jobs = int(planned.rpartition("total")[2].split()[0])
    assert jobs == len(set(names) - {"components"}) + 1  # and the default target


def test_runs_are_refused_where_study_yaml_changed_since(tmp_path):
    make_folder(tmp_path / "mine", "imported")
    write_components(tmp_path / "mine")
    path = tmp_path / "mine/study.yaml"
    path.write_text(path.read_text().replace("seed: 2025", "seed: 2026"))
    with pytest.raises(ParameterError, match=r"seed.*run `passk compose`"):
        write_components(tmp_path / "mine")
    (tmp_path / "mine/params.yaml").write_text(compose_text(tmp_path / "mine"))
    write_components(tmp_path / "mine")
