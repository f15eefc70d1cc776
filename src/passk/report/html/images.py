"""Images within the page: inline, no larger than they are shown.

Example:
    >>> from PIL import Image
    >>> from passk.core.images import encode
    >>> image = embed(encode(Image.new("RGB", (56, 28), "red")).png)
    >>> image.width, image.height, image.crisp, image.uri[:22]
    (168, 84, True, 'data:image/png;base64,')
"""

import base64
from dataclasses import dataclass

from PIL import Image

from passk.core.images import decode, encode

WIDEST = 480  # pixels of either side; larger images are shrunk, so that the page stays small
SMALL = 240  # no side of an image that is magnified exceeds this
MOST = 3  # times that a side is magnified


@dataclass(frozen=True)
class InlineImage:
    """An image as the page shows it.

    Attributes:
        uri: a data URI, PNG.
        width, height: in CSS pixels.
        crisp: whether it is magnified, so that its pixels should stay sharp.
    """

    uri: str
    width: int
    height: int
    crisp: bool


def embed(png: bytes) -> InlineImage:
    """An image of a problem table for the page; a large one is shrunk, a tiny one magnified."""
    image = decode(png)
    largest = max(image.size)
    if largest > WIDEST:
        width, height = (max(1, round(side * WIDEST / largest)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
        png = encode(image).png
    times = min(MOST, max(1, SMALL // largest))
    width, height = (side * times for side in image.size)
    uri = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return InlineImage(uri, width, height, times > 1)
