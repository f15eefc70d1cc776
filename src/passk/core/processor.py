"""Pins that make float arithmetic the same on every x86-64 processor with AVX2 and FMA.

Numerical libraries choose their kernels by the processor that they find, and another kernel adds
up in another order: last bits differ, and training carries them on. These variables make each of
them take kernels that every such processor has, on one thread:

| variable | library |
|---|---|
| `ATEN_CPU_CAPABILITY` | torch's own elementwise operations and reductions |
| `MKL_CBWR` | MKL, which torch's products of matrices come from: `AVX2` still differs by maker |
| `ONEDNN_MAX_CPU_ISA` | oneDNN, for what torch gives it |
| `OPENBLAS_CORETYPE` | OpenBLAS, which numpy's products come from |
| `NPY_DISABLE_CPU_FEATURES` | numpy's own elementwise functions |
| `*_NUM_THREADS` | all of them: the number of threads changes the order of sums |

They are read when a library is loaded, so `pin` comes before the first import of numpy or torch.
Two things more are needed in torch itself: see `passk.models.arithmetic`.

Covered: Linux, x86-64 with AVX2 and FMA (Intel since Haswell, AMD since Zen), one version of each
library. Not covered: GPUs, Arm, processors without AVX2, another version of the C library, whose
exp and log may round otherwise.
"""

import os
import platform
import runpy
import sys
from pathlib import Path

THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}
_FEATURES = {"avx2", "fma"}
_READERS = ("numpy", "torch")  # libraries that read the pins when they are loaded


class UnpinnedError(RuntimeError):
    """A library was loaded before its kernels were chosen; the message names it."""


def supported(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has the kernels that the pins name.

    Args:
        cpuinfo: where Linux lists the processor's features.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        name, _, features = line.partition(":")
        if name.strip() == "flags":
            return set(features.split()) >= _FEATURES
    return False


def pins() -> dict[str, str]:
    """The variables for this processor; without AVX2 the threads alone."""
    return THREADS | KERNELS if supported() else THREADS


def missing() -> list[str]:
    """Pins that this process does not have, as `NAME=value`."""
    return [f"{name}={value}" for name, value in pins().items() if os.environ.get(name) != value]


def pin() -> None:
    """Set the pins for this process and those that it starts.

    Raises:
        UnpinnedError: numpy or torch was loaded without them, so that it is too late.
    """
    loaded = [name for name in _READERS if name in sys.modules]
    if missing() and loaded:
        raise UnpinnedError(
            f"{' and '.join(loaded)} was imported before its kernels were chosen; set "
            f"{' '.join(missing())} before Python starts, or call passk.core.processor.pin() first"
        )
    os.environ.update(pins())


def main(script: str, arguments: list[str]) -> None:
    """Run a Python file pinned: `python -m passk.core.processor FILE ARGUMENTS...`."""
    pin()
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m passk.core.processor FILE ARGUMENTS...")
    main(sys.argv[1], sys.argv[2:])
