"""How samples were drawn, as far as their files say: temperature, longest response, ends."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from passk.data.value_paths import MISSING, lookup

# Where rows of tools and scripts keep settings: each alone, or an object of them.
USUAL = (
    "sampling_params", "generation_kwargs", "gen_kwargs", "temperature", "top_p", "top_k",
    "max_tokens", "max_new_tokens",
)  # fmt: skip
_MOST = 4  # distinct values of a setting that are kept
_LONGEST = 60  # characters of a value

Settings = dict[str, list[str]]  # name -> the distinct values that rows state, as JSON


class SettingsReader:
    """Notes the settings that the rows of a file state.

    Args:
        paths: where a format keeps them; those that the first row has are read of all rows.
        settings: filled: name -> values, in order of their first row.
    """

    def __init__(self, paths: Sequence[str], settings: Settings) -> None:
        self._paths = paths
        self._settings = settings
        self._last: dict[str, Any] | None = None  # path -> the value of the row before

    def note(self, values: dict[str, Any]) -> None:
        """Note what a row states."""
        if self._last is None:
            present = (path for path in self._paths if lookup(values, path) is not MISSING)
            self._last = dict.fromkeys(present, MISSING)
        for path, last in self._last.items():
            value = lookup(values, path)
            if value is MISSING or value == last:
                continue
            self._last[path] = value
            for name, text in _list_settings(path, value):
                known = self._settings.setdefault(name, [])
                if text not in known and len(known) < _MOST:
                    known.append(text)


def _list_settings(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Name and text of each setting at a path; null states nothing."""
    entries = value if isinstance(value, dict) else {path.rpartition(".")[2]: value}
    for name, entry in entries.items():
        if entry is not None:
            text = json.dumps(entry, ensure_ascii=False, default=str)
            yield str(name), text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
