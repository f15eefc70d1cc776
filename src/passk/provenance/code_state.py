"""Which code ran: git's commit and, where the files differ from it, a tree object of the files.

The tree is written beside the user's index, which stays as it is, and is kept from git's garbage
collection by a ref `refs/passk/trees/TREE`; `git checkout TREE -- .` brings the files back, and
`git push origin 'refs/passk/*:refs/passk/*'` shares them. Each state is written once: what differs,
with sizes and times, names a note under `.passk/`.

Covered: a clone, a worktree, a study in a folder of a repository. Outside a repository (an unpacked
archive) nothing can be kept: commit, list and tree are null, and the record says so by that. An
untracked file above 10 MB is left out of the tree; the list still names it.
"""

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from passk.config.paths import STATE
from passk.core.digests import digest
from passk.core.files import write_text

TREES = "refs/passk/trees"
_NOTES = STATE / "trees"
_LARGEST = 10_000_000  # bytes of an untracked file that is kept
# What a run itself changes: it says nothing about the code or parameters that ran.
_WRITTEN_BY_RUNS = (".passk", "reports", "dvc.lock", "ledger.jsonl", "components.json")


@dataclass(frozen=True)
class CodeState:
    """The code that ran.

    Attributes:
        commit: git's hash; None outside a git repository, or before its first commit.
        dirty: files that differ from the commit, the first 20; None outside a repository.
        tree: git's tree of all files, where some differ; None where none does, or it failed.
    """

    commit: str | None
    dirty: Sequence[str] | None
    tree: str | None = None


def read_code_state(root: Path = Path()) -> CodeState:
    """The state of the repository around a folder, its tree kept where it differs."""
    head = run_git(root, "rev-parse", "HEAD")
    top = run_git(root, "rev-parse", "--show-toplevel")
    if top is None:
        return CodeState(None, None)
    folder = Path(top.strip())
    status = run_git(
        folder, "status", "--porcelain", "-z", "--untracked-files=all", "--", *_pathspec()
    )
    commit = head.strip() if head else None
    if status is None:
        return CodeState(commit, None)
    paths = _parse_status(status)
    tree = _keep_tree(root, folder, commit, paths) if paths else None
    return CodeState(commit, paths[:20], tree)


def find_unnamed_trees(named: Collection[str], root: Path = Path()) -> list[str]:
    """Refs of kept trees that no ledger names, in no branch, and none of some other places.

    Args:
        named: trees that records name.
        root: of the study.
    """
    refs = (run_git(root, "for-each-ref", "--format=%(refname)", TREES) or "").split()
    branches = ("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags")
    heads = (run_git(root, *branches) or "").split()
    pattern = (":(top,glob)**/ledger.jsonl",)
    return [
        ref
        for ref in refs
        if (tree := ref.rpartition("/")[2]) not in named
        and run_git(root, "grep", "-q", tree, *heads, "--", *pattern) is None
    ]


def has_object(name: str, root: Path = Path()) -> bool:
    """Whether the repository has a commit or tree."""
    return run_git(root, "cat-file", "-e", name) is not None


def is_shallow(root: Path = Path()) -> bool:
    """Whether the repository was cloned without its history."""
    return (run_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"


def read_committed(revision: str, path: str, root: Path = Path()) -> str | None:
    """A file as a commit or tree has it, by its path from the root; None where it has none."""
    prefix = (run_git(root, "rev-parse", "--show-prefix") or "").strip()
    return run_git(root, "show", f"{revision}:{prefix}{path}")


def run_git(root: Path, *arguments: str, index: Path | None = None) -> str | None:
    """Output of a git command that takes no lock, or None where git cannot answer."""
    environment = None if index is None else {**os.environ, "GIT_INDEX_FILE": str(index)}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True, text=True, timeout=60, check=False, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _pathspec() -> list[str]:
    """Everything but what runs write, in whichever folder."""
    return [".", *(f":(exclude,glob)**/{name}" for name in _WRITTEN_BY_RUNS),
            *(f":(exclude,glob)**/{name}/**" for name in _WRITTEN_BY_RUNS)]  # fmt: skip


def _parse_status(status: str) -> list[str]:
    """Paths of `git status -z`; of a renamed file, the new one."""
    paths, items = [], iter(status.split("\0"))
    for item in items:
        if len(item) > 3:
            paths.append(item[3:])
            if item[0] in "RC" or item[1] in "RC":
                next(items, None)
    return paths


def _keep_tree(root: Path, folder: Path, commit: str | None, paths: Sequence[str]) -> str | None:
    """The tree of the files at hand; written once for each state of them."""
    note = root / _NOTES / digest(commit, [_describe(folder, path) for path in paths])[:32]
    if note.exists():
        return note.read_text(encoding="utf-8").strip()
    tree = _write_tree(root, folder, paths)
    if tree and run_git(folder, "update-ref", f"{TREES}/{tree}", tree) is not None:
        write_text(note, tree + "\n")
        return tree
    return None


def _write_tree(root: Path, folder: Path, paths: Sequence[str]) -> str | None:
    """Add what differs to a copy of the index, which knows all else; a tree of it."""
    own = run_git(folder, "rev-parse", "--git-path", "index")
    if own is None:
        return None
    index = (root / _NOTES / f"index-{os.getpid()}").resolve()
    index.parent.mkdir(parents=True, exist_ok=True)
    try:
        if (folder / own.strip()).exists():
            shutil.copyfile(folder / own.strip(), index)
        kept = [path for path in paths if not _is_large(folder / path)]
        names = (f":(literal){path}" for path in kept)
        if kept and run_git(folder, "add", "-A", "--", *names, index=index) is None:
            return None
        tree = run_git(folder, "write-tree", index=index)
    finally:
        index.unlink(missing_ok=True)
        index.with_name(index.name + ".lock").unlink(missing_ok=True)
    return tree.strip() if tree else None


def _describe(folder: Path, path: str) -> Mapping[str, object]:
    """What tells one state of a file from another."""
    try:
        state = (folder / path).lstat()
    except OSError:
        return {"path": path}
    return {"path": path, "size": state.st_size, "time": state.st_mtime_ns}


def _is_large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > _LARGEST
