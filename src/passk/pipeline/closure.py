"""Code dependencies of a stage: the import closure of its module, found by reading, not running.

DVC cannot see an import that `dvc.yaml` does not declare, so the lists there are generated from
this scan (`passk deps --write`) and a test fails when file and imports disagree. Covered: every
`import` statement of this package, also inside functions; modules that a registry names in a string
(`passk.domains.math.judge:MathJudge`); data files and folders that a module names in a string and
that lie beside it (`templates`, `queries`). Not covered: modules named at run time by a
computed string.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import passk

PACKAGE = Path(passk.__file__).parent
_REGISTERED = re.compile(r"passk(\.\w+)+:\w+")  # `module:attribute`


def module_file(name: str, package: Path = PACKAGE) -> Path | None:
    """The file of a dotted module of the package, or None if it is not a module file."""
    base = package.parent.joinpath(*name.split("."))
    return base.with_suffix(".py") if base.with_suffix(".py").exists() else None


def stage_module(group: str) -> str:
    """The module of a stage group; `import` is a keyword of Python, so its module is `import_`."""
    return f"passk.pipeline.stages.{group}{'_' if group == 'import' else ''}"


def _imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a module imports, outside `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from _imported(node)


@cache
def _direct(path: Path) -> tuple[frozenset[str], frozenset[Path]]:
    """Modules that one file imports and data beside it that it names."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    names = frozenset(name for name in _imported(tree) if name.startswith("passk."))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names |= {text.partition(":")[0] for text in texts if _REGISTERED.fullmatch(text)}
    plausible = {t for t in texts if 0 < len(t) < 60 and "\n" not in t and t.strip("./") == t}
    beside = {path.parent / text for text in plausible}
    data = {p for p in beside if p.exists() and p.suffix != ".py" and not _is_code(p)}
    return names, frozenset(data)


def _is_code(path: Path) -> bool:
    return path.is_dir() and any(path.rglob("*.py"))


def closure(module: str) -> tuple[Path, ...]:
    """Files that the module's behaviour depends on, sorted; `__init__` files hold no code here."""
    start = module_file(module)
    if start is None:
        raise ValueError(f"{module}: no such module in {PACKAGE}")
    files: set[Path] = set()
    data: set[Path] = set()
    queue = [start]
    while queue:
        path = queue.pop()
        if path in files:
            continue
        files.add(path)
        names, beside = _direct(path)
        data |= beside
        queue += [file for name in names if (file := module_file(name)) is not None]
    return tuple(sorted(files | data))


def code_dependencies(group: str, root: Path) -> list[str]:
    """The closure of a stage group as paths relative to the project's root, for `dvc.yaml`."""
    return [path.relative_to(root).as_posix() for path in closure(stage_module(group))]
