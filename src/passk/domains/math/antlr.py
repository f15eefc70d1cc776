"""The parser's runtime that comes with this package: ANTLR 4.13.2 (BSD, see its LICENSE.txt).

latex2sympy2_extended ships a grammar for each of three runtimes and picks by the version that it
finds installed. The one for 4.9.3 reads no percentages, and DVC's dependencies force 4.9.3 wherever
DVC is installed, so that two installs would judge differently. Workers therefore use the runtime in
`_vendor`, which stands before all installed packages on their path.
"""

import sys
from pathlib import Path

VERSION = "4.13.2"
VENDOR = Path(__file__).parent / "_vendor"


def use_shipped_runtime() -> None:
    """Put the runtime before installed packages; call it before Math-Verify is imported.

    Raises:
        ImportError: another runtime is loaded already.
    """
    loaded = sys.modules.get("antlr4")
    origin = getattr(loaded, "__file__", None)
    if loaded is not None and not str(origin).startswith(str(VENDOR)):
        raise ImportError(
            f"antlr4 is loaded from {origin}: import passk.domains.math.mathverify before whatever "
            "loads it, or in a process of its own, as workers do"
        )
    if sys.path[:1] != [str(VENDOR)]:
        sys.path.insert(0, str(VENDOR))
