"""Texts that every file and table can hold."""


def well_formed(text: str) -> str:
    r"""A text that UTF-8 can hold.

    JSON may write a character beyond U+FFFF as two escapes, and half of one where a tool cut a
    text. Halves that belong together are joined; a single one becomes U+FFFD, the replacement
    character.

    Example:
        >>> well_formed("a\ud83d\ude00") == "a\U0001f600", well_formed("a\ud83d b")
        (True, 'a\ufffd b')
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def well_formed_values(content: object) -> object:
    """What JSON holds, with all of its texts, names of fields included, well formed."""
    if isinstance(content, str):
        return well_formed(content)
    if isinstance(content, list):
        return [well_formed_values(value) for value in content]
    if isinstance(content, dict):
        return {well_formed(name): well_formed_values(value) for name, value in content.items()}
    return content
