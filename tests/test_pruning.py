"""Pruning removes what stages made and nobody names, and nothing else."""

from pathlib import Path

from passk.cli.prune import divide_unnamed, remove, unnamed
from passk.pipeline.dag import cached
from passk.provenance.pruning import MadeFiles
from test_audit import dvc, finished, replace_in, toy  # noqa: F401


def prune():
    """Remove what may go; what may go and what stays."""
    removable, foreign = divide_unnamed(unnamed(cached(), "toy"), MadeFiles())
    for path in removable:
        remove(path)
    return [path.as_posix() for path in removable], [path.as_posix() for path in foreign]


def test_files_that_no_stage_made_stay(toy):  # noqa: F811
    names = [f"data/toy/{name}" for name in ("own.jsonl", "answers/mine.csv", "read.txt")]
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"{name}\n")
    replace_in("dvc.yaml", "deps: [source.txt]", "deps: [source.txt, data/toy/read.txt]")
    removed, foreign = prune()
    assert removed == []
    assert foreign == ["data/toy/answers/mine.csv", "data/toy/own.jsonl"]  # a stage reads the third
    assert all(Path(name).exists() for name in names)


def test_what_a_stage_made_and_no_parameters_name_goes(toy):  # noqa: F811
    text = Path("dvc.yaml").read_text()
    for old in ("data/toy/counts/old.txt", "data/toy/older/count.txt"):
        Path("dvc.yaml").write_text(text.replace("data/toy/count.txt", old))
        assert dvc("repro") == 0
    Path("data/toy/counts/note.txt").write_text("by hand")
    Path("dvc.yaml").write_text(text)
    removed, foreign = prune()
    assert removed == ["data/toy/counts/old.txt", "data/toy/older/count.txt"]
    assert foreign == ["data/toy/counts/note.txt"]
    assert not Path("data/toy/older").exists()
    assert Path("data/toy/counts/note.txt").exists()
    assert Path("data/toy/made").is_dir()
