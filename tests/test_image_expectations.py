"""Each expectation of images is made to fail by one corrupted row; exchanged images differ."""

import io
import random
import struct
import zlib
from collections import Counter

import polars as pl
import pytest
from PIL import Image, PngImagePlugin

from passk.config import paths
from passk.core.ids import problem_id
from passk.core.images import encode
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.data.filter_settings import SetEntry
from passk.domains import expectations as gate
from passk.domains.visual import shuffled_images
from passk.domains.visual.expectations import IMAGES, states_answer
from passk.pipeline.stages import filter as filter_stage
from passk.pipeline.stages import manifest, validate
from passk.pipeline.stages.job import Job, StageError

NAMES = {expect.kwargs["column"]: expect.name for expect in IMAGES.expectations()}


def draw_image(number):
    return encode(Image.new("RGB", (8, 6), (number, 0, 0)))


def make_table(images, name="scenes", question="What is drawn?", domain="visual"):
    """Problems about images, numbered; None is a problem without one."""
    stored = [None if image is None else draw_image(image) for image in images]
    size = len(images)
    frame = pl.DataFrame(
        {
            "domain": [domain] * size,
            "set": [name] * size,
            "index": range(size),
            "question": [f"{question} ({i})" for i in range(size)],
            "answer": [str(10 + i) for i in range(size)],
            "answer_type": ["integer"] * size,
            "image": [image and image.digest for image in stored],
            "image_bytes": [image and image.png for image in stored],
            "source": ["generated"] * size,
        }
    )
    absent = [column for column in PROBLEMS.columns if column not in frame.columns]
    frame = frame.with_columns(pl.lit(None).alias(column) for column in absent)
    ids = [
        problem_id(domain, row["question"], None, None, row["image"])
        for row in frame.iter_rows(named=True)
    ]
    return PROBLEMS.check(frame.with_columns(pl.Series("problem_id", ids)))


def list_failing(frame):
    """Sentences that do not hold, with the indices of the rows at fault."""
    outcome = gate.evaluate("problems", {"images": IMAGES.frame([frame])}, IMAGES.expectations())
    return {
        result["name"]: [row["index"] for row in result["rows"]]
        for result in outcome["expectations"]
        if not result["success"]
    }


def change_second(**values):
    """Three problems, of which the second is changed in some columns."""
    frame = make_table([1, 2, 3])
    return frame.with_columns(
        pl.when(pl.col("index") == 1)
        .then(pl.lit(value, dtype=frame.schema[column]))
        .otherwise(pl.col(column))
        .alias(column)
        for column, value in values.items()
    )


def encode_png(image, **more):
    stream = io.BytesIO()
    image.save(stream, "PNG", **more)
    return stream.getvalue()


def png_with_text():
    about = PngImagePlugin.PngInfo()
    about.add_text("answer", "11")
    return encode_png(Image.new("RGB", (8, 6), (2, 0, 0)), pnginfo=about)


def claim_size(width, height):
    """A small file that says it is a large RGB image."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return draw_image(2).png[:8] + chunk + end


def test_good_images_pass_and_text_is_not_looked_at():
    assert list_failing(make_table([1, 2, 3])) == {}
    assert list_failing(make_table([None, None])) == {}  # images were not read: legal
    assert IMAGES.frame([make_table([None], domain="math").drop("image_bytes")]).rows.is_empty()


FAULTS = {
    "undecodable": {"image_bytes": draw_image(2).png[:-20]},
    "other_digest": {"image_bytes": draw_image(9).png},
    "not_rgb": {"image_bytes": encode_png(Image.new("L", (8, 6), 2))},
    "bounds": {"image_bytes": claim_size(100_000, 100_000)},
    "metadata": {"image_bytes": png_with_text()},
    "unpaired": {"image": None},
    "absent": {"image": None, "image_bytes": None},
    "told": {"question": "Find x. The answer is 11."},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_bad_image_fails_its_expectation_and_is_named(fault):
    found = list_failing(change_second(**FAULTS[fault]))
    assert found[NAMES[fault]] == [1]
    assert set(FAULTS) == set(NAMES)


def test_extreme_shapes_are_out_of_bounds_and_never_decoded():
    wide = encode(Image.new("RGB", (401, 2)))
    assert NAMES["bounds"] in list_failing(change_second(image_bytes=wide.png, image=wide.digest))
    assert NAMES["undecodable"] not in list_failing(
        change_second(image_bytes=claim_size(100_000, 100_000))
    )


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("The answer is 11", True),
        (r"It is \boxed{11}, is it not?", True),
        ("Answer: $11$.", True),
        ("There are 11 dots and 3 lines. How many dots are left?", False),
        ("The answer is 110.", False),
        ("The answer is 11.5", False),
        ("Choices:\n(A) 11\n(B) 12", False),
        ("an integer answer and provide the final value, e.g., 11, 12", False),
    ],
)
def test_only_a_question_that_states_its_answer_tells_it(question, told):
    assert states_answer(question, "11") is told


def test_the_stage_looks_at_sets_with_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = change_second(image_bytes=png_with_text())
    for name, frame in (("scenes", bad), ("sums", make_table([None], "sums", domain="math"))):
        PROBLEMS.write(frame, paths.problem_set("s", name))
        rows = {"set": [name], "order": [0], "filter": ["first"], "rows_in": [frame.height],
                "rows_out": [frame.height], "reason": ["x"]}  # fmt: skip
        FILTERS.write(pl.DataFrame(rows), paths.filter_table("s", name))
    params = {
        "study": "s",
        "sets": {name: {"problems": name, "filters": []} for name in ("scenes", "sums")},
        "validation": {"truncated_at_most": 1, "unknown_at_most": 1, "imported_same_n": False},
        "analysis": {"views": {}, "coverage_excludes": []},
        **{key: {} for key in ("draws", "train", "rejection_sampling", "reference_answers", "sft")},
    }
    manifest.run(Job("manifest", "declared", params, "x"))
    with pytest.raises(StageError, match=r"images hold pixels and nothing else.*\(1 of 3\)"):
        validate.run(Job("validate", "problems", params, "x"))


# ----------------------------------------------------------------------------- images exchanged


@pytest.mark.parametrize("seed", range(20))
def test_rotation_keeps_the_images_and_leaves_none_in_its_place(seed):
    draw = random.Random(seed)
    images = [str(draw.randrange(6)) for _ in range(40)]
    found = shuffled_images.rotate_images(images, seed)
    assert Counter(found) == Counter(images)
    assert all(one != other for one, other in zip(found, images, strict=True))
    assert found == shuffled_images.rotate_images(images, seed)
    assert found != shuffled_images.rotate_images(images, seed + 100)


def test_half_of_one_image_can_be_exchanged_and_more_cannot():
    assert shuffled_images.rotate_images(["a", "a", "b", "c"], 0)[:2] in (["b", "c"], ["c", "b"])
    with pytest.raises(ValueError, match="3 of 5 problems have the same image"):
        shuffled_images.rotate_images(["a", "a", "a", "b", "c"], 0)
    with pytest.raises(ValueError, match="1 of 1"):
        shuffled_images.rotate_images(["a"], 0)


def filter_set(tmp_path, monkeypatch, frame, name="blind", **more):
    monkeypatch.chdir(tmp_path)
    PROBLEMS.write(frame, paths.problems("s", "scenes"))
    entry = {"problems": "scenes", "filters": [{"kind": "first", "rows": 8}], **more}
    filter_stage.run(Job("filter", name, {"study": "s", "sets": {name: entry}}, "x"))
    return PROBLEMS.read(paths.problem_set("s", name))


def test_a_shuffled_set_asks_the_same_of_other_images(tmp_path, monkeypatch):
    frame = make_table(range(10))
    own = filter_set(tmp_path, monkeypatch, frame, "seen")
    other = filter_set(tmp_path, monkeypatch, frame, images="shuffled")
    kept = ["index", "question", "answer", "choices", "tests", "domain"]
    assert own.select(kept).equals(other.select(kept))
    assert set(own["image"]) == set(other["image"])
    assert (own["image"] != other["image"]).all()
    assert not set(own["problem_id"]) & set(other["problem_id"])
    assert list_failing(other) == {}
    assert FILTERS.read(paths.filter_table("s", "blind")).rows() == [
        ("blind", 0, "first", 10, 8, "beyond the first 8"),
        ("blind", 1, "shuffled", 8, 8, shuffled_images.REASON),
    ]
    again = filter_set(tmp_path, monkeypatch, frame, images="shuffled")
    assert again.equals(other)
    elsewhere = filter_set(tmp_path, monkeypatch, frame, "dark", images="shuffled")
    assert not elsewhere["image"].equals(other["image"])


def test_equal_questions_never_come_to_share_an_image():
    frame = make_table([1, 1, 2, 2, 3, 3]).with_columns(
        question=pl.Series(["a", "b"] * 3), index=pl.Series(range(6))
    )
    found = shuffled_images.shuffle_images(frame, "blind")
    assert found.select("question", "image").n_unique() == 6


def test_sets_that_cannot_be_shuffled_are_refused_with_the_remedy(tmp_path, monkeypatch):
    with pytest.raises(StageError, match=r"sets.blind: .* 1 of 3 problems have no image"):
        filter_set(tmp_path, monkeypatch, make_table([1, None, 2]), images="shuffled")
    with pytest.raises(StageError, match="2 of 3 problems have the same image"):
        filter_set(tmp_path, monkeypatch, make_table([1, 1, 2]), images="shuffled")
    assert SetEntry(problems="x", filters=[]).images == "own"
