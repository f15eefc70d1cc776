"""Options of `passk judge` that decide verdicts: made of the schemas of the domains' judges.

Each field of `verification.DOMAIN` is an option of the same name, so that a judge with a new field
has its option, too.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args, get_origin

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from passk.domains.registry import DOMAINS
from passk.domains.settings import Verification

Command = TypeVar("Command", bound=Callable[..., Any])

# Domains whose judge also takes the options of another's: formulas of answers about images are
# compared as in math.
ALSO = {"visual": ("math",)}


class UsageError(ValueError):
    """The command line asks for what there is not; nothing was read."""


class JudgeOption(NamedTuple):
    """An option of the command line.

    Attributes:
        field: its name in the schemas.
        sections: the domain whose section has it -> its description there.
        kind: type of its value on the command line.
    """

    field: str
    sections: dict[str, FieldInfo]
    kind: Any

    @property
    def flag(self) -> str:
        """As it is written."""
        return f"--{self.field.replace('_', '-')}"

    def section_for(self, domain: str) -> str | None:
        """The section in which a domain's judge looks the option up; None: it has no effect."""
        own = (domain, *ALSO.get(domain, ()))
        return next((name for name in own if name in self.sections), None)

    def domains(self) -> list[str]:
        """Domains in which it has an effect."""
        return [name for name in DOMAINS if self.section_for(name) is not None]


def judge_options() -> list[JudgeOption]:
    """All options: those of several judges first."""
    options: dict[str, JudgeOption] = {}
    for name, domain in DOMAINS.items():
        for field, info in domain.settings.model_fields.items():
            if (kind := _command_line_type(info.annotation)) is not None:
                options.setdefault(field, JudgeOption(field, {}, kind)).sections[name] = info
    return sorted(options.values(), key=lambda option: -len(option.sections))


def _command_line_type(annotation: Any) -> Any:  # noqa: ANN401  (types are values here)
    """The type of an option, or None where a field is more than a command line can say."""
    if get_origin(annotation) is Literal:
        return str
    if get_origin(annotation) is Annotated:
        return _command_line_type(get_args(annotation)[0])
    if get_origin(annotation) in {list, tuple}:
        return list[str]
    members = [member for member in get_args(annotation) if member is not type(None)]
    if len(members) == 1:  # X | None
        return _command_line_type(members[0])
    return annotation if annotation in {bool, int, float, str} else None


def with_judge_options(command: Command) -> Command:
    """The command with an option for each field of the judges' schemas, in its `**options`."""
    signature = inspect.signature(command, eval_str=True)
    parameters = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    for option in judge_options():
        annotation = Annotated[option.kind | None, _describe(option)]  # type: ignore[name-defined]
        parameters.append(
            inspect.Parameter(
                option.field, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
        )
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _describe(option: JudgeOption) -> Any:  # noqa: ANN401  (typer's own type is private)
    info = next(iter(option.sections.values()))
    names = [(option.flag, f"--no-{option.flag[2:]}")] if option.kind is bool else []
    legal = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    return typer.Option(
        *("/".join(pair) for pair in names),
        help=f"{info.description} [default: {_default(option)}]",
        metavar="|".join(map(str, legal)) or None,
        rich_help_panel=f"Judge of {', '.join(option.domains())}",
        show_default=False,
    )


def _default(option: JudgeOption) -> str:
    """The default, by domain where it is not the same in all."""
    values = {
        name: info.get_default(call_default_factory=True) for name, info in option.sections.items()
    }
    shown = {name: "none" if value in ([], ()) else _plain(value) for name, value in values.items()}
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return ", ".join(f"{value} ({name})" for name, value in shown.items())


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_settings(domain: str, given: Mapping[str, Any]) -> Verification:
    """The settings of a domain's judge.

    Args:
        domain: of the judge.
        given: options by field; None: not given.

    Raises:
        UsageError: an option without effect in this domain, or a value that is not legal.
    """
    sections: dict[str, dict[str, Any]] = {}
    for option in judge_options():
        if (value := given.get(option.field)) in (None, []):
            continue
        if (section := option.section_for(domain)) is None:
            raise without_effect(option.flag, domain, option.domains())
        if option.kind == list[str]:
            value = [name for entry in value for name in entry.split(",") if name]
        sections.setdefault(section, {})[option.field] = value
    try:
        return Verification.model_validate(sections)
    except ValidationError as error:
        fault = error.errors()[0]
        flag = f"--{str(fault['loc'][1]).replace('_', '-')}"
        shown = fault["input"]
        message = fault["msg"][:1].lower() + fault["msg"][1:]
        if fault["type"] == "string_pattern_mismatch":
            message = "no legal name"
        raise UsageError(f"{flag} {shown}: {message}") from error


def without_effect(flag: str, domain: str, others: list[str]) -> UsageError:
    """The error of an option that would be ignored."""
    return UsageError(
        f"{flag}: without effect with --domain {domain}; leave it out (it is for "
        f"{' and '.join(others)})"
    )
