"""A command whose help has sections."""

from typing import Any

import typer
from typer.core import TyperCommand


class SectionedCommand(TyperCommand):
    """A command whose help lists options under the titles of their panels."""

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Write arguments and options, a section for each title."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if (entry := parameter.get_help_record(ctx)) is not None:
                kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
                title = getattr(parameter, "rich_help_panel", None) or kind
                sections.setdefault(title, []).append(entry)
        for title, entries in sections.items():
            with formatter.section(title):
                formatter.write_dl(entries)
