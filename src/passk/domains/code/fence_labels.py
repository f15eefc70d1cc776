"""What stands behind the marks of a fence: a label, attributes, or the first line of code."""

import re

PYTHON, UNLABELLED, OTHER = 2, 1, 0

_NAMES = frozenset(
    (
        *("py", "py2", "py3", "py3k", "pypy", "pypy2", "pypy3", "ipython", "ipython2", "ipython3"),
        *("cpython", "jython", "micropython", "sage", "sagemath", "jupyter", "notebook", "ipynb"),
    )
)
# Sessions and tracebacks, which are no programs.
_SESSIONS = re.compile(r"python[-_ ]?(?:repl|console|session|traceback|output|shell)")
_LABEL = re.compile(r"[{.\s]*([^\s,:;{}=()\[\]]*)")
_PYTHON = re.compile(r"python[-_ ]?[0-9.]*(?:$|[^a-z0-9])")
# Code that begins on the fence's line. Attributes (`title="a.py"`, `{1,3}`) are none.
_CODE = re.compile(
    r"(?:async\s+def|def|class|import|from|if|for|while|try|with|return|global)\b\s*\S"
    r"|@\w|#|print\s*\(|[A-Za-z_]\w*(?:,\s?\w+)*\s?=\s?(?:\s|[\w.]+\()"
)
_GLUED = re.compile(r"(python3?|py3?)(?=(?:def|import|from|class|print)\b)", re.IGNORECASE)


def split_info(info: str) -> tuple[str, str]:
    """Label and first line of code.

    Example:
        >>> split_info("python def f(x): return x"), split_info("def f(x):")
        (('python', 'def f(x): return x'), ('', 'def f(x):'))
        >>> split_info("Python3 title=a"), split_info("{.python .numberLines}"), split_info("")
        (('python3', ''), ('python', ''), ('', ''))
    """
    if glued := _GLUED.match(info):
        return glued[1].lower(), info[glued.end() :]
    match = _LABEL.match(info)
    label = match[1].lower() if match else ""
    rest = info[match.end() :].strip(" \t") if match else ""
    if is_python(label):
        return label, rest if _CODE.match(rest) else ""
    return ("", info) if _CODE.match(info) else (label.strip("."), "")


def is_python(label: str) -> bool:
    """Whether a label is one of Python's names, or of a file of Python's."""
    if label in _NAMES or label.endswith(".py"):
        return True
    return bool(_PYTHON.match(label)) and not _SESSIONS.match(label)


def rank(label: str) -> int:
    """PYTHON, UNLABELLED or OTHER."""
    return UNLABELLED if not label else PYTHON if is_python(label) else OTHER
