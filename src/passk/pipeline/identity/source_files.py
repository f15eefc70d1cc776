"""Source files as identity sees them: what one means, what it imports, what data it reads.

Seen are `import` statements, also inside functions; modules that a text names whole
(`passk.domains.math.worker`, started as a process); data files that lie beside a module which names
them in a text. A registry's entries are not followed: who uses one says so (`usage`).
"""

import ast
import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import passk
from passk.core.digests import digest, file_digest
from passk.core.files import FileError, read_json, write_json
from passk.pipeline.identity.canonical import canonical

PACKAGE = Path(passk.__file__).parent
_MODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
VERSION = 2  # of the canonical form: a new one makes every stage stale


@dataclass(frozen=True)
class SourceFile:
    """What is known of one file.

    Attributes:
        content: digest of its bytes.
        meaning: digest of its canonical form; for data, of its bytes.
        imports: dotted names that its statements import when it is loaded.
        lazy: dotted names that its functions import, or that it names in a text.
        beside: names of files that lie beside it and that it names.
    """

    content: str
    meaning: str
    imports: tuple[str, ...] = ()
    lazy: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path, content: bytes) -> Self:
        """Read a file.

        Raises:
            SyntaxError: a `.py` file that is no Python; it names the file.
        """
        mark = _bytes_digest(content)
        if path.suffix != ".py":
            return cls(mark, mark)
        source = content.decode("utf-8")
        try:
            tree = ast.parse(source, str(path))
        except SyntaxError as error:
            error.filename = str(path)
            raise
        loaded = set(_imported(tree, functions=False))
        every = set(_imported(tree, functions=True)) | set(_named_modules(tree))
        return cls(
            mark,
            digest(VERSION, canonical(source)),
            tuple(sorted(loaded)),
            tuple(sorted(every - loaded)),
            tuple(sorted(_named_files(tree))),
        )

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Self:
        """A file's JSON form."""
        lists = (tuple(entry[name]) for name in ("imports", "lazy", "beside"))
        return cls(entry["content"], entry["meaning"], *lists)


def _bytes_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _imported(node: ast.AST, *, functions: bool) -> Iterator[str]:
    """Names that statements import, outside of `if TYPE_CHECKING`; relative ones with dots."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.If) and getattr(part.test, "id", "") == "TYPE_CHECKING":
            for other in part.orelse:
                yield from _imported(ast.Module([other], []), functions=functions)
            continue
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            module = "." * part.level + (part.module or "")
            yield module
            dot = "" if module.endswith(".") else "."
            yield from (f"{module}{dot}{alias.name}" for alias in part.names)
        elif functions or not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imported(part, functions=functions)


def _texts(tree: ast.AST) -> Iterator[str]:
    """Texts of a module, but for those that a registry lists."""
    if isinstance(tree, ast.Call) and getattr(tree.func, "id", "") == "Registry":
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    for part in ast.iter_child_nodes(tree):
        yield from _texts(part)


def _named_modules(tree: ast.AST) -> Iterator[str]:
    """Modules of a package that texts name whole."""
    yield from (text for text in _texts(tree) if len(text) < 80 and _MODULE.fullmatch(text))


def _named_files(tree: ast.AST) -> Iterator[str]:
    """Texts that may name a data file beside; a template or a source is named by who uses it."""
    for text in set(_texts(tree)):
        plain = 0 < len(text) < 60 and "\n" not in text and text.strip("./") == text
        if plain and "." in text and not text.endswith(".py"):
            yield text


class SourceFiles:
    """Files of this package and of packages that extend it, each read once.

    Args:
        memory: where what was read is kept between processes; it may be deleted.

    Attributes:
        members: digest of a component -> meaning of each of its files, to name those that changed.
        marks: files and what else is part of a component -> its digest.
    """

    def __init__(self, memory: Path) -> None:
        self.members: dict[str, dict[str, str]] = {}
        self.marks: dict[tuple[frozenset[Path], tuple[str, ...]], str] = {}
        self._closures: dict[tuple[str, bool], frozenset[Path]] = {}
        self._memory = memory
        self._known = _remembered(memory)
        self._read: dict[Path, SourceFile] = {}

    def __getitem__(self, path: Path) -> SourceFile:
        """What a file holds now.

        Raises:
            SyntaxError: it is no Python.
        """
        if path not in self._read:
            content = path.read_bytes()
            known = self._known.get(str(path))
            if known is None or known.content != _bytes_digest(content):
                known = SourceFile.read(path, content)
            self._read[path] = known
        return self._read[path]

    @property
    def read(self) -> frozenset[Path]:
        """Files that were looked at."""
        return frozenset(self._read)

    def save(self) -> None:
        """Keep what was read."""
        entries = self._known | {str(path): file for path, file in self._read.items()}
        present = {name: entry for name, entry in entries.items() if Path(name).exists()}
        if present != self._known:
            files = {name: asdict(entry) for name, entry in present.items()}
            write_json(self._memory, {"reader": _reader(), "files": files})

    def closure(self, module: str, *, lazy: bool = True) -> frozenset[Path]:
        """Files that a module's behaviour depends on, this one's own among them.

        Args:
            module: dotted name.
            lazy: whether imports inside the functions of the module itself count.

        Raises:
            ValueError: no such module.
        """
        if (module, lazy) not in self._closures:
            self._closures[module, lazy] = self._follow(module, lazy=lazy)
        return self._closures[module, lazy]

    def _follow(self, module: str, *, lazy: bool) -> frozenset[Path]:
        start = module_file(module)
        if start is None:
            raise ValueError(f"{module}: no such module")
        files: set[Path] = set()
        queue = [start]
        while queue:
            path = queue.pop()
            if path in files:
                continue
            files.add(path)
            file = self[path]
            files.update(p for name in file.beside if (p := path.parent / name).is_file())
            names = file.imports + (file.lazy if lazy or path != start else ())
            targets = (module_file(_absolute(name, path)) for name in names)
            queue += [target for target in targets if target is not None]
            queue += _packages_around(path)
        return frozenset(files)


@cache
def _reader() -> str:
    """Digest of the code that reads source files: what another one read is not taken over."""
    here = Path(__file__).parent
    names = ("canonical.py", "local_names.py", "source_files.py")
    return digest(*(file_digest(here / name) for name in names))


def _remembered(memory: Path) -> dict[str, SourceFile]:
    """What this reader remembers of files; nothing where the memory is another's, or damaged."""
    try:
        content = read_json(memory) if memory.exists() else {}
        if content.get("reader") != _reader():
            return {}
        return {name: SourceFile.parse(entry) for name, entry in content["files"].items()}
    except (FileError, AttributeError, KeyError, TypeError):
        return {}


@cache
def _package(name: str) -> Path | None:
    """The folder of a package that is followed into, or the file of a single module; else None."""
    if name == PACKAGE.name:
        return PACKAGE
    spec = importlib.util.find_spec(name) if name in _extensions() else None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin)
    return path.parent if path.name == "__init__.py" else path


@cache
def _extensions() -> frozenset[str]:
    """Top-level packages that registered something here."""
    from importlib.metadata import entry_points

    return frozenset(
        point.value.split(":")[0].split(".")[0]
        for group in entry_points().groups
        if group.startswith("passk.")
        for point in entry_points(group=group)
    )


def module_file(name: str) -> Path | None:
    """The file of a dotted module of this package or of one that extends it; None for others."""
    top, *rest = name.split(".")
    package = _package(top)
    if package is None or (package == PACKAGE and not rest):  # its `__init__` holds no code
        return None
    if not rest:
        return package if package.suffix == ".py" else package / "__init__.py"
    path = package.joinpath(*rest)
    files = [path.with_suffix(".py"), *([] if package == PACKAGE else [path / "__init__.py"])]
    return next((file for file in files if file.is_file()), None)


def _absolute(name: str, path: Path) -> str:
    """A name as a file's statement imports it, from the top."""
    if not name.startswith("."):
        return name
    folders = [path.parent.name]
    top = path.parent
    while (top.parent / "__init__.py").exists():
        top = top.parent
        folders.insert(0, top.name)
    try:
        return importlib.util.resolve_name(name, ".".join(folders))
    except ImportError:
        return ""


def _packages_around(path: Path) -> list[Path]:
    """The `__init__` files that Python runs before a module; this package's hold no code."""
    if path.is_relative_to(PACKAGE):
        return []
    around = []
    top = path.parent
    while (top / "__init__.py").exists():
        around.append(top / "__init__.py")
        top = top.parent
    return around
