"""A command with an option that several values may follow, as shells write globs: `--with a b`."""

from collections.abc import Sequence

from passk.cli.sections import SectionedCommand


def repeat_option(args: Sequence[str], option: str) -> list[str]:
    """Arguments in which each value behind an option has the option before it.

    Example:
        >>> repeat_option(["a", "--with", "b", "c", "--out", "d"], "--with")
        ['a', '--with', 'b', '--with', 'c', '--out', 'd']
    """
    repeated: list[str] = []
    following = False
    for position, argument in enumerate(args):
        if argument == option:
            following = True
            continue
        if argument.startswith("-") and len(argument) > 1:
            following = False
        elif following:
            repeated.append(option)
        repeated.append(argument)
        if argument == "--":
            return [*repeated, *args[position + 1 :]]
    # An option at the very end lacks its value: the parser says so.
    return [*repeated, option] if args and args[-1] == option else repeated


class CommandWithSeveral(SectionedCommand):
    """`--with` takes every value up to the next option."""

    def parse_args(self, ctx, args):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102
        return super().parse_args(ctx, repeat_option(args, "--with"))
