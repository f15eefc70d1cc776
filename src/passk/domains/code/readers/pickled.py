"""A text out of a pickle, without unpickling: LiveCodeBench ships its hidden tests as one.

`pickle.loads` runs whatever the file says. Here the pickle's opcodes are read, never carried out,
and anything but one text and its bookkeeping is refused. Covered: objects, calls, imports, other
values, sizes past the limit, bombs of zlib. Nothing of the payload is ever executed.

Example:
    >>> import base64, pickle, zlib
    >>> pickled_text(base64.b64encode(zlib.compress(pickle.dumps("[1]"))).decode())
    '[1]'
"""

import base64
import binascii
import pickletools
import zlib

MAX_BYTES = 2 << 30  # of a text, unpacked
_TEXT = {"BINUNICODE", "BINUNICODE8", "SHORT_BINUNICODE", "UNICODE"}
_BOOKKEEPING = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"}


def pickled_text(packed: str, limit: int = MAX_BYTES) -> str:
    """The text in base64 of zlib of a pickle.

    Args:
        packed: the base64.
        limit: bytes that it may unpack to.

    Raises:
        ValueError: not such, or a pickle of anything but one text.
    """
    try:
        compressed = base64.b64decode(packed.encode("ascii"), validate=True)
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(compressed, limit + 1)
    except (UnicodeEncodeError, binascii.Error, zlib.error) as error:
        raise ValueError(f"not base64 of zlib: {error}") from error
    if len(data) > limit:
        raise ValueError(f"unpacks to more than {limit} bytes")
    if not unpacking.eof:
        raise ValueError("cut short")
    texts = []
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name in _TEXT:
            texts.append(str(argument))
        elif opcode.name not in _BOOKKEEPING:
            raise ValueError(
                f"a pickle with opcode {opcode.name}; only that of a text is read, for a pickle "
                "can run programs"
            )
    if len(texts) != 1:
        raise ValueError(f"a pickle of {len(texts)} texts; expected one")
    return texts[0]
