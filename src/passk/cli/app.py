"""The console command `passk`: one sub-command per job, each with a worked example in its help.

A command's module is imported when the command is called, so that `passk --help` takes no longer
than Python needs to start. Help is plain text: names of options are never cut short, and examples
stand on one line, to be copied.
"""

import importlib
import inspect
import keyword
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from passk.cli.commands import COMMANDS, COMMANDS_BY_PURPOSE
from passk.cli.sections import SectionedCommand
from passk.core.processor import pin

# What only a study needs, and what training needs -> the extra that brings it.
EXTRAS = {
    **dict.fromkeys(("dvc", "dvc_data", "snakemake", "mlflow", "great_expectations"), "study"),
    **dict.fromkeys(
        ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers"), "training"
    ),
}
WIDTH = 100  # characters of help at most
_PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]},
}


class LazyGroup(TyperGroup):
    """All commands by their purpose; one is loaded when it is called."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        listed = {name: TyperCommand(name, help=text) for name, text in COMMANDS.items()}
        super().__init__(**{**settings, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The name, the loaded command, and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name is not None else command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the commands, a section for each purpose, in one column."""
        del ctx
        widest = max(map(len, COMMANDS))
        for purpose, commands in COMMANDS_BY_PURPOSE.items():
            with formatter.section(purpose):
                formatter.write_dl([(name.ljust(widest), text) for name, text in commands.items()])


def load_command(name: str) -> Any:  # noqa: ANN401  (typer's own type is private)
    """A command with its options, from its module."""
    module = importlib.import_module(module_of(name))
    kind, function = getattr(module, "COMMAND", SectionedCommand), module.main
    app = typer.Typer(**_PLAIN)
    app.command(name, help=format_help(inspect.getdoc(function) or ""), cls=kind)(function)
    return typer.main.get_command(app)


def module_of(name: str) -> str:
    """The module of a command; that of a keyword of Python ends in an underscore.

    Example:
        >>> module_of("judge"), module_of("import")
        ('passk.cli.judge', 'passk.cli.import_')
    """
    return f"passk.cli.{name}{'_' * keyword.iskeyword(name)}"


def format_help(text: str) -> str:
    r"""A docstring with each paragraph on one line, and examples that a terminal does not break.

    Example:
        >>> format_help("Do this\nand that.\n\nExample: passk new\n--here")
        'Do this and that.\n\n\x08\nExample: passk new --here'
    """
    return "\n\n".join(_format_paragraphs(text.split("\n\n")))


def _format_paragraphs(paragraphs: Iterable[str]) -> Iterable[str]:
    for paragraph in paragraphs:
        line = " ".join(paragraph.split())
        yield f"\b\n{line}" if line.startswith("Example:") else line


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"passk {version('passk')}")
        raise typer.Exit


def application() -> typer.Typer:
    """All sub-commands."""
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        help="Study what reinforcement learning adds to a model's reasoning: pass@k at large k.\n\n"
        "Studies run by `make study`, `dvc repro` or `snakemake --cores N`; these commands look "
        "at them, and judge samples outside of them. `passk COMMAND --help` has an example.",
        **_PLAIN,
    )

    @app.callback()
    def passk(
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                callback=_show_version,
                is_eager=True,
                help="Show the version and exit.",
            ),
        ] = False,
    ) -> None:
        del version

    return app


def main() -> None:
    """Entry point of the console command; a user's mistake is one message, not a traceback."""
    pin()
    try:
        application()()
    except ModuleNotFoundError as error:
        if (extra := EXTRAS.get((error.name or "").partition(".")[0])) is None:
            raise
        print(f"passk: needs {error.name}: pip install 'passk[{extra}]'", file=sys.stderr)
        sys.exit(1)
    except (ValueError, FileNotFoundError) as error:  # ParameterError and TableError among them
        print(f"passk: {error}", file=sys.stderr)
        sys.exit(1)
