"""Sets in which each problem comes with the image of another: who still solves them guesses.

Questions, answers and choices stay, and so does what the column `tests` says of a problem's own
image. The other image is chosen without regard to its question: a question may ask of it what
it does not show, and by chance its right answer may be the same.

Example:
    >>> rotate_images(["a", "b", "b", "c"], seed=0) in (["b", "a", "c", "b"], ["b", "c", "a", "b"])
    True
"""

import random
from collections import Counter
from collections.abc import Sequence

import polars as pl

from passk.core.digests import seed as seed_of
from passk.core.ids import problem_id

SHUFFLED = "shuffled"  # what the filter table calls this step
REASON = "none goes; each has another problem's image"
_ATTEMPTS = 100
_STREAM = "pictures"  # seeds the orders: another word would give other orders


def rotate_images(images: Sequence[str], seed: int) -> list[str]:
    """The same images in another order, in which no place keeps its own.

    A seeded order keeps equal images together; each place takes what stands further by the
    number of the most frequent image, which reaches beyond its equals and, as long as no image
    is more than half of all, never back to them.

    Raises:
        ValueError: one image is more than half of all.
    """
    counts = Counter(images)
    most = max(counts.values(), default=0)
    if 2 * most > len(images):
        raise ValueError(
            f"{most} of {len(images)} problems have the same image, so that some would keep "
            "it; take more problems, or `images: own`"
        )
    generator = random.Random(seed)
    rank = {image: generator.random() for image in counts}
    order = list(range(len(images)))
    generator.shuffle(order)
    order.sort(key=lambda index: (rank[images[index]], images[index]))
    exchanged = list(images)
    for position, index in enumerate(order):
        exchanged[index] = images[order[(position + most) % len(order)]]
    return exchanged


def shuffle_images(problems: pl.DataFrame, name: str) -> pl.DataFrame:
    """Problems, each with the image of another; ids follow, as something else is asked.

    Args:
        problems: a problem table in which all have an image.
        name: of the set, from which the order derives.

    Raises:
        ValueError: a problem without an image, or no such order.
    """
    if without := problems.filter(pl.col("image").is_null())["problem_id"].to_list():
        raise ValueError(
            f"{len(without)} of {problems.height} problems have no image to exchange, first "
            f"{without[0]}; filter {{kind: image_present}} leaves them out"
        )
    png_of = dict(problems.select("image", "image_bytes").iter_rows())
    questions = problems.select("domain", "question", "choices", "starter_code").rows()  # as in ids
    for attempt in range(_ATTEMPTS):
        images = rotate_images(problems["image"].to_list(), seed_of(_STREAM, name, attempt))
        identities = [
            problem_id(domain, question, choices, code, image)
            for (domain, question, choices, code), image in zip(questions, images, strict=True)
        ]
        if len(set(identities)) == len(identities):
            break
    else:
        raise ValueError(
            "too many problems share question and image to exchange images between them; take "
            "more problems, or `images: own`"
        )
    return problems.with_columns(
        pl.Series("problem_id", identities),
        pl.Series("image", images),
        pl.Series("image_bytes", [png_of[image] for image in images], dtype=pl.Binary),
    )
