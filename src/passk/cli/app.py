"""The console command `passk`: one sub-command per job, each with a worked example in its help."""

import importlib
import inspect
import keyword
import sys

import typer

from passk.core.processor import pin

COMMANDS = (
    "new",
    "compose",
    "check",
    "params",
    "judge",
    "compare",
    "import",
    "disagreements",
    "explain",
    "audit",
    "diff",
    "docs",
    "track",
    "export",
    "restore",
    "prune",
    "migrate",
    "status",
)


def application() -> typer.Typer:
    """All sub-commands; heavy libraries are imported by the ones that need them, when called."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Study what reinforcement learning adds to a model's reasoning: pass@k at large k. "
        "Studies run by `make study`, `dvc repro` or `snakemake --cores N`; these commands look "
        "at them, and judge samples outside of them.",
    )
    for name in COMMANDS:
        module = importlib.import_module(f"passk.cli.{name}{'_' * keyword.iskeyword(name)}")
        function, kind = module.main, getattr(module, "COMMAND", None)
        app.command(name, cls=kind, help=join_lines(inspect.getdoc(function) or ""))(function)
    return app


def join_lines(text: str) -> str:
    r"""A docstring with each paragraph on one line: a terminal breaks it where its width says.

    Example:
        >>> join_lines("Do this\nand that.\n\nExample: passk new")
        'Do this and that.\n\nExample: passk new'
    """
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> None:
    """Entry point of the console command; a user's mistake is one message, not a traceback."""
    pin()
    try:
        application()()
    except (ValueError, FileNotFoundError) as error:  # ParameterError and TableError among them
        print(f"passk: {error}", file=sys.stderr)
        sys.exit(1)
