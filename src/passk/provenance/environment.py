"""Where an execution took place: commit, installed packages, machine; all of it cheap."""

import platform
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from passk.core.digests import digest
from passk.core.files import write_once

# What a run itself changes: it says nothing about the code or parameters that ran.
_WRITTEN_BY_RUNS = ("records", "reports", "dvc.lock")


def commit(root: Path = Path()) -> dict[str, Any]:
    """Git commit, and the files that differ from it; nulls outside a git repository.

    Returns:
        `commit`: the hash; `dirty`: changed or untracked paths (first 20), other than records,
        reports and `dvc.lock`.
    """
    exclude = [f":(exclude){name}" for name in _WRITTEN_BY_RUNS]
    status = ["status", "--porcelain", "--untracked-files=normal", "--", ".", *exclude]
    head = _git(root, "rev-parse", "HEAD")
    changed = _git(root, *status)
    return {
        "commit": head.strip() if head else None,
        "dirty": None if changed is None else [line[3:] for line in changed.splitlines()][:20],
    }


def _git(root: Path, *arguments: str) -> str | None:
    """Output of a git command that takes no lock, or None where git cannot answer."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def packages() -> list[str]:
    """Installed distributions as `name-version`, read from folder names alone (2 ms).

    `importlib.metadata` opens every METADATA file for the same answer (80 ms).
    """
    suffixes = (".dist-info", ".egg-info")
    folders = [Path(p) for p in dict.fromkeys(sys.path) if p and Path(p).is_dir()]
    return sorted(
        {e.stem for folder in folders for e in folder.iterdir() if e.name.endswith(suffixes)}
    )


def environment(folder: Path) -> str:
    """Digest of the installed packages; their list is kept once as `folder/DIGEST.txt`."""
    names = [f"python-{platform.python_version()}", *packages()]
    name = digest(*names)[:16]
    path = folder / f"{name}.txt"
    if not path.exists():
        write_once(path, "\n".join(names) + "\n")
    return name


def device() -> str:
    """The accelerator that torch uses in this process, or the processor's name."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def peak_memory() -> int:
    """Largest resident set, in bytes, of this process or of one of its finished children."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(w).ru_maxrss for w in who) * unit


def peak_gpu_memory() -> int | None:
    """The most bytes that torch held on a GPU in this process; None without one.

    What other processes held (vLLM's, those of an arm in several) is not known here.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    peaks = [torch.cuda.max_memory_reserved(i) for i in range(torch.cuda.device_count())]
    return max(peaks)


def machine() -> dict[str, str]:
    """Host, operating system, Python."""
    return {
        "host": platform.node(),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def birth(pid: int) -> str | None:
    """When a process of this machine began, in ticks: tells it from a later one of the same number.

    None where no such process runs, or the system does not say (not Linux).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]
