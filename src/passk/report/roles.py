"""What the two draws of a comparison are called in words of the page."""

from dataclasses import dataclass

ROLES = ("trained", "base", "trained_model", "base_model")  # what texts may name in braces


@dataclass(frozen=True)
class Roles:
    """The candidate and the reference of comparisons.

    Attributes:
        trained, base: in a few words.
        trained_model, base_model: in a sentence.
        named: whether these are names, which are written as they are.
    """

    trained: str = "RL"
    base: str = "base"
    trained_model: str = "the RL-trained model"
    base_model: str = "the base model"
    named: bool = False

    @classmethod
    def of(cls, trained: str, base: str) -> "Roles":
        """Roles of two draws by their labels."""
        return cls(trained, base, trained, base, named=True)

    def fill(self, text: str) -> str:
        """A text with `{trained}`, `{base}`, `{trained_model}` and `{base_model}` filled in.

        Example:
            >>> Roles().fill("{trained} against {base_model}")
            'RL against the base model'
            >>> Roles.of("tuned {x}", "7B").fill("{trained} against {base_model}")
            'tuned {x} against 7B'
        """
        parts = text.split("{")
        filled = [parts[0]]
        for part in parts[1:]:
            name, brace, rest = part.partition("}")
            known = brace and name in ROLES
            filled.append(getattr(self, name) + rest if known else "{" + part)
        return "".join(filled)
