"""Where an execution took place: installed packages, machine, processor; all of it cheap."""

import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from passk.core.digests import digest
from passk.core.files import write_once


def packages() -> list[str]:
    """Installed distributions as `name-version`, read from folder names alone (2 ms).

    `importlib.metadata` opens every METADATA file for the same answer (80 ms).
    """
    suffixes = (".dist-info", ".egg-info")
    folders = [Path(p) for p in dict.fromkeys(sys.path) if p and Path(p).is_dir()]
    return sorted(
        {e.stem for folder in folders for e in folder.iterdir() if e.name.endswith(suffixes)}
    )


def environment(folders: Sequence[Path]) -> str:
    """Digest of the installed packages; their list is kept once as `FOLDER/DIGEST.txt`."""
    text = "\n".join([f"python-{platform.python_version()}", *packages()]) + "\n"
    name = environment_digest(text)
    for folder in folders:
        path = folder / f"{name}.txt"
        with suppress(OSError):  # a shared cache that is not ours to write
            if not path.exists():
                write_once(path, text)
    return name


def environment_digest(text: str) -> str:
    """The name of an environment, from its list of packages, one a line."""
    return digest(*text.splitlines())[:16]


def device() -> str:
    """The accelerator that torch uses in this process, or the processor's name."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


# Instruction sets by which numerical libraries choose their kernels.
_INSTRUCTION_SETS = (
    "sse4_2", "avx", "f16c", "fma", "bmi2", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm",
)  # fmt: skip


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    r"""What decides which kernels run: maker, family, model, stepping, instruction sets.

    A name such as "Intel Xeon Processor" tells too little: virtual machines make it up.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "cpuinfo"
        >>> _ = file.write_text("vendor_id: AuthenticAMD\ncpu family: 25\nmodel: 1\n"
        ...                     "stepping: 1\nflags: fpu fma avx2 avx\n")
        >>> processor(file)
        'AuthenticAMD family 25 model 1 stepping 1: avx fma avx2'
    """
    facts = _cpuinfo(cpuinfo)
    maker = facts.get("vendor_id") or facts.get("CPU implementer") or platform.machine()
    parts = {
        "family": facts.get("cpu family") or facts.get("CPU architecture"),
        "model": facts.get("model") or facts.get("CPU part"),
        "stepping": facts.get("stepping") or facts.get("CPU revision"),
    }
    names = " ".join(f"{name} {value}" for name, value in parts.items() if value)
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    present = " ".join(name for name in _INSTRUCTION_SETS if name in flags)
    return f"{maker} {names}".strip() + (f": {present}" if present else "")


def _cpuinfo(path: Path = Path("/proc/cpuinfo")) -> Mapping[str, str]:
    """What Linux says of the first processor; empty on other systems."""
    facts: dict[str, str] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return facts
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if not line.strip():
            break
        facts[name.strip()] = value.strip()
    return facts


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
