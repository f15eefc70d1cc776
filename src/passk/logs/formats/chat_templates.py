"""What the user asks in a prompt that was written in its chat template."""

import re

# A turn of the user in a template whose special tokens were kept, or dropped.
_TURNS = (
    re.compile(r"<\|im_start\|>user\n(.*?)(?:<\|im_end\|>|\Z)", re.DOTALL),
    re.compile(
        r"<\|start_header_id\|>user<\|end_header_id\|>\s*(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
    ),
    re.compile(r"<｜User｜>(.*?)(?:<｜Assistant｜>|\Z)", re.DOTALL),
    re.compile(r"<start_of_turn>user\n(.*?)(?:<end_of_turn>|\Z)", re.DOTALL),
    re.compile(r"\[INST\](.*?)(?:\[/INST\]|\Z)", re.DOTALL),
    re.compile(r"(?:\A|\n)user\n(.*?)(?:\nassistant\s*(?:<think>\s*)?\Z|\Z)", re.DOTALL),
)


def last_turn(prompt: str) -> str:
    r"""What the user asks last; a prompt in no known template as it is.

    Example:
        >>> last_turn("system\nBe good.\nuser\n2 + 2?\nassistant\n")
        '2 + 2?'
        >>> last_turn("<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\n")
        '2 + 2?'
    """
    for pattern in _TURNS:
        if turns := pattern.findall(prompt):
            return str(turns[-1]).strip()
    return prompt
