"""Where DVC keeps its cache, and what lies in it, without importing DVC (0.8 s)."""

import os
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path

from passk.provenance.lock import parse_listing

_FOLDER = Path(".dvc")


def find_cache(root: Path = Path()) -> Path | None:
    """The cache folder as DVC's settings give it; None where the study is no DVC repository."""
    own = root / _FOLDER
    if not own.is_dir():
        return None
    folder = own / "cache"
    for file in (_global_settings(), own / "config", own / "config.local"):
        setting = _read_setting(file)
        if setting is not None:
            folder = file.parent / Path(setting).expanduser()  # an absolute path replaces the first
    return folder


def object_path(cache: Path, md5: str) -> Path:
    """Where the cache holds a file, or a folder's listing (`.dir`)."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def cached_files(cache: Path, md5: str) -> Iterator[tuple[str, Path]]:
    """All objects that an output needs: digest and place; of a folder its listing comes first.

    A listing that is missing or damaged names no files.
    """
    path = object_path(cache, md5)
    yield md5, path
    if md5.endswith(".dir"):
        for file in (read_listing(cache, md5) or {}).values():
            yield file, object_path(cache, file)


def read_listing(cache: Path, md5: str) -> Mapping[str, str] | None:
    """Path within a folder -> digest, as the cache has it; None where it has no such listing."""
    try:
        return parse_listing(object_path(cache, md5).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _global_settings() -> Path:
    """The user's own settings of DVC."""
    home = os.environ.get("DVC_GLOBAL_CONFIG_DIR")
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return (Path(home) if home else Path(base) / "dvc") / "config"


def _read_setting(file: Path) -> str | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Error):
        return None
    setting = parser.get("cache", "dir", fallback=None)
    quoted = setting is not None and len(setting) > 1 and setting[0] == setting[-1] in "'\""
    return setting[1:-1] if setting and quoted else setting  # `passk new` writes it in quotes
