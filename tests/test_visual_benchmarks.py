"""MathVista, MathVision, Geometry3K: questions, answers, filters, images, samples, faults."""

import base64
import io
import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image, PngImagePlugin
from pydantic import ValidationError
from tests.test_benchmarks import GEOMETRY3K, MATHVISION, MATHVISTA, problems, write

from passk.config import paths
from passk.core import images
from passk.core.digests import file_digest
from passk.core.rows import RecordedError, read_rows
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.data.benchmark_settings import Benchmark
from passk.data.benchmarks import read_benchmark
from passk.data.filters import apply_filters
from passk.data.import_settings import Imported
from passk.data.problem_filters import FreeForm
from passk.domains.benchmark_tables import problem_table
from passk.domains.registry import DOMAINS
from passk.domains.visual.expectations import IMAGES, read_layout
from passk.domains.visual.readers.image_files import images_digest, with_images
from passk.pipeline.stages import benchmark, import_
from passk.pipeline.stages import filter as filter_stage
from passk.pipeline.stages.job import Job, StageError

VISTA = "visual/mathvista_testmini.json"
VISION = "visual/mathvision_testmini.jsonl"


@pytest.fixture(autouse=True)
def _work_in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(source, path, sha256=None, **more):
    entry = {"source": source, "path": str(path), "sha256": sha256, **more}
    return benchmark.run(Job("benchmark", "one", {"study": "t", "benchmarks": {"one": entry}}, ""))


def filter_set(*filters):
    """The filter table of a set, as the stage writes it, without its name."""
    entry = {"problems": "one", "filters": list(filters)}
    filter_stage.run(Job("filter", "few", {"study": "t", "sets": {"few": entry}}, ""))
    return FILTERS.read(paths.filter_table("t", "few")).drop("set").rows()


def png(colour="red", size=(8, 6), mode="RGB", **more):
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, "PNG", **more)
    return stream.getvalue()


# ---------------------------------------------------------------------------------- the real files

FREE = {"kind": "free_form"}
NUMBERS = {"kind": "answer_type", "types": ["integer", "float"]}
HAS_IMAGE = {"kind": "image_present"}


def test_mathvista_free_form_filter_keeps_460_of_1000(real):
    assert run("mathvista_testmini", real / VISTA) == {"problems": 1000.0, "images": 0.0}
    assert filter_set(FREE, NUMBERS) == [
        (0, "free_form", 1000, 460, "has answer choices"),
        (1, "answer_type", 460, 458, "answer is not integer or float"),
    ]
    kept = PROBLEMS.read(paths.problem_set("t", "few"))
    assert dict(kept["answer_type"].value_counts().iter_rows()) == {"integer": 418, "float": 40}
    assert set(kept.filter(pl.col("answer_type") == "float")["precision"]) == {1, 2}
    assert filter_set({"kind": "answer_type", "types": ["list"]})[0][2:4] == (1000, 2)
    with pytest.raises(StageError, match="image_present: 1000 -> 0"):
        filter_set(HAS_IMAGE)  # none was read


def test_mathvision_free_form_filter_keeps_114_of_304(real):
    assert run("mathvision_testmini", real / VISION) == {"problems": 304.0, "images": 0.0}
    assert filter_set(FREE, NUMBERS) == [
        (0, "free_form", 304, 114, "has answer choices"),
        (1, "answer_type", 114, 112, "answer is not integer or float"),
    ]


def test_mathvision_image_present_filter_keeps_the_114_whose_images_are_here(real):
    more = {"images": str(real / "visual/images"), "partial_images": True, "images_sha256": "any"}
    found = run("mathvision_testmini", real / VISION, **more)
    assert found == {"problems": 304.0, "images": 114.0}
    assert filter_set(HAS_IMAGE, FREE) == [
        (0, "image_present", 304, 114, "has no image"),
        (1, "free_form", 114, 114, "has answer choices"),
    ]
    kept = PROBLEMS.read(paths.problem_set("t", "few"))
    assert kept["image"].n_unique() == kept["image_bytes"].n_unique() == 114
    # Every image: decodes to its digest, RGB, with the size of its file, nothing but pixels.
    frame = IMAGES.frame([kept]).rows
    assert frame.height == 114
    assert not frame.select(pl.exclude("set", "index", "problem_id")).to_numpy().any()
    for source, image in kept.select("source", "image_bytes").iter_rows():
        with Image.open(real / f"visual/images/{source.rpartition(' ')[2]}.jpg") as file:
            assert read_layout(image)[1:] == file.size


def test_problems_without_their_images_are_named_with_the_remedies(real):
    folder = str(real / "visual/images")
    with pytest.raises(StageError) as caught:
        run("mathvision_testmini", real / VISION, images=folder)
    for words in ("benchmarks.one", "190 of 304", "problem '6': no file", "and 185 more",
                  "without: [6, ", "partial_images: true"):  # fmt: skip
        assert words in str(caught.value)


def test_mathvista_questions_are_the_benchmarks_own_queries(real):
    asked = read_benchmark("mathvista_testmini", real / VISTA)
    theirs = {
        row.values["pid"]: row.values["query"]
        for row in read_rows(real / "samples/mathvista_bard.json")
    }
    other = [one for one in asked if one.question != theirs[one.name]]
    # Ten list the same choices in another order: the file was published anew after Bard answered.
    assert len(other) == 10
    assert all(one.choices for one in other)
    assert {one.unit for one in asked} == {None, "years", "g"}
    assert all(f"(Unit: {one.unit})" in one.question for one in asked if one.unit)


def test_mathvision_placeholders_go_where_they_are_the_only_one(real):
    asked = {one.name: one for one in read_benchmark("mathvision_testmini", real / VISION)}
    assert asked["4"].question == "How many different digits can you find in this picture?"
    numbered = [one for one in asked.values() if "<image" in one.question]
    assert len(numbered) == 59  # parts of the picture, in sentences and in choices
    assert all(one.question.count("<image") > 1 for one in numbered)
    # The answer is a choice's text; letters of drawings are not listed below the question.
    assert (asked["39"].answer, asked["39"].question[-5:]) == ("red", "tain.")
    assert (asked["6"].answer, "(A)" in asked["6"].question) == ("D", False)
    assert all(one.answer in one.choices for one in asked.values() if one.choices)


# ----------------------------------------------------------------------------- samples of the same


def import_samples(path, benchmark, **columns):
    entry = {"path": str(path), "domain": "visual", "benchmark": benchmark, "columns": columns}
    return import_.run(Job("import", "one", {"study": "t", "imported": {"one": entry}}, ""))


def join_recorded():
    """Problems and grades of the imported samples, one row each."""
    asked = PROBLEMS.read(paths.problems("t", "one"))
    responses = RESPONSES.read(paths.model("t", "one") / "responses.parquet")
    return responses.join(asked, on="problem_id", validate="m:1")


def test_mathvista_samples_come_in_and_the_filter_leaves_460_with_85_correct(real):
    benchmark = {"source": "mathvista_testmini", "path": str(real / VISTA)}
    path = real / "samples/mathvista_bard.json"
    assert import_samples(path, benchmark, recorded_grade="true_false") == {
        "problems": 1000.0, "samples": 1000.0,
    }  # fmt: skip
    kept, _ = apply_filters(join_recorded(), [FreeForm()])
    assert (kept.height, kept["recorded_grade"].sum()) == (460, 85)


def test_mathvision_samples_of_other_problems_can_be_left_out(real):
    benchmark = {"source": "mathvision_testmini", "path": str(real / VISION)}
    path = real / "samples/mathvision_gemini_pro_cot.jsonl"
    with pytest.raises(StageError, match=r"the problem is '1', and no problem .* `others: true`"):
        import_samples(path, benchmark, recorded_grade="correct")
    found = import_samples(path, {**benchmark, "others": True}, recorded_grade="correct")
    assert found == {"problems": 304.0, "samples": 304.0}
    kept, _ = apply_filters(join_recorded(), [FreeForm()])
    assert (kept.height, kept["recorded_grade"].sum()) == (114, 10)


def test_samples_that_all_answer_other_problems_are_refused():
    write(Path("vision.jsonl"), MATHVISION)
    write(Path("samples.jsonl"), {"id": "5", "response": "6"})
    benchmark = {"source": "mathvision_testmini", "path": "vision.jsonl", "others": True}
    benchmark["sha256"] = file_digest(Path("vision.jsonl"))
    with pytest.raises(StageError, match="no row answers a problem of the benchmark"):
        import_samples("samples.jsonl", benchmark)


# ----------------------------------------------------------------------------------------- formats


def test_mathvista_rows_say_type_precision_unit_and_tags():
    (one,) = problems("mathvista", MATHVISTA)
    assert one.question.splitlines() == [
        "Hint: Please answer the question requiring a floating-point number with one decimal place "
        "and provide the final value, e.g., 1.2, 1.3, 1.4, at the end.",
        "Question: How long is it? (Unit: cm)",
    ]
    assert (one.answer_type, one.precision, one.unit) == ("float", 1, "cm")
    assert one.tags == ("geometry", "algebra")
    # As the Hub's Parquet has it: floats for decimals, the image beside its path.
    (same,) = problems(
        "mathvista",
        MATHVISTA | {"precision": 1.0, "decoded_image": {"bytes": b"png", "path": "2.jpg"}},
    )
    assert (same.precision, same.image_file) == (1, b"png")


def test_geometry3k_is_read_from_parquet_with_its_images():
    row = GEOMETRY3K | {"images": [{"bytes": png(), "path": "1.png"}]}
    pl.DataFrame([row, row | {"problem": "<image>Find y.", "answer": "2 \\sqrt{3}"}]).write_parquet(
        "train.parquet"
    )
    assert run("geometry3k", "train.parquet", "any") == {"problems": 2.0, "images": 2.0}
    frame = PROBLEMS.read(paths.problems("t", "one"))
    assert frame["question"].to_list() == ["Find x.", "Find y."]
    assert frame["answer_type"].to_list() == ["integer", "expression"]
    assert frame["image"].n_unique() == 1
    assert frame["problem_id"].n_unique() == 2
    assert images.decode(frame["image_bytes"][0]).size == (8, 6)


def test_choices_and_image_are_part_of_what_a_problem_is():
    rows = [
        MATHVISION,
        MATHVISION | {"id": "5", "image": "images/5.jpg"},
        MATHVISION | {"id": "6", "options": list("ABCDE"), "answer": "B"},
    ]
    found = problems("mathvision", *rows)
    assert problem_table(found, "x", DOMAINS["visual"], "X")["problem_id"].n_unique() == 3


def test_a_lossless_copy_of_an_image_is_the_same_image():
    (one,) = problems("mathvision", MATHVISION)
    Path("images").mkdir()
    Path("images/4.jpg").write_bytes(png())
    about = PngImagePlugin.PngInfo()
    about.add_text("answer", "6")
    (first,) = with_images([one], Path())
    Path("images/4.jpg").write_bytes(png(pnginfo=about, compress_level=0))
    (second,) = with_images([one], Path("images"))
    assert first.image == second.image
    assert b"answer" not in second.image.png
    Path("images/4.jpg").write_bytes(png("blue"))
    (third,) = with_images([one], Path())
    assert images_digest([third]) != images_digest([first])


def test_an_image_in_the_row_itself_is_the_same_as_in_a_file():
    Path("4.jpg").write_bytes(png())
    code = base64.b64encode(png()).decode()
    rows = [
        MATHVISION | {"id": str(number), "image": image}
        for number, image in enumerate(("4.jpg", f"data:image/png;base64,{code}"))
    ]
    first, second = with_images(problems("mathvision", *rows), Path())
    assert first.image == second.image


def test_images_of_one_name_in_two_folders_are_told_apart():
    rows = [MATHVISION | {"id": one, "image": f"{one}/1.jpg"} for one in "ab"]
    found = problems("mathvision", *rows)
    Path("1.jpg").write_bytes(png())
    with pytest.raises(RecordedError, match=r"2 of 2[^\0]*may be the image of any of several"):
        with_images(found, Path())
    for one, colour in (("a", "red"), ("b", "blue")):
        Path(one).mkdir()
        Path(f"{one}/1.jpg").write_bytes(png(colour))
    assert len({one.image.digest for one in with_images(found, Path())}) == 2


# --------------------------------------------------------------------------------------- bad input

BAD_ROWS = {
    "image without its question": ("mathvista", {"question": " "}, "'2' has no question"),
    "question without its image": ("mathvision", {"image": None}, "'4' has a question without its"),
    "no image in the list": ("geometry3k", {"images": []}, "'0': 0 images"),
    "placeholder alone": ("geometry3k", {"problem": "<image>"}, "'0' has no question"),
    "placeholder in the text": ("geometry3k", {"problem": "In <image> find x"}, "elsewhere"),
    "answer type": ("mathvista", {"answer_type": "formula"}, "'2': answer_type 'formula'"),
    "precision": ("mathvista", {"precision": 3}, "with precision 3"),
    "half a decimal": ("mathvista", {"precision": 1.5}, "precision is 1.5"),
    "no such choice": (
        "mathvista", {"choices": ["1", "2"], "answer_type": "text", "precision": None},
        "answer '1.2' is none of its choices",
    ),
    "no such letter": ("mathvision", {"options": list("ABC")}, "answer '6' names none of its 3"),
    "no list of options": ("mathvision", {"options": "ABC"}, "expected a list of texts"),
    "image of another type": ("mathvision", {"image": 4}, "expected an image's path"),
    "damaged data URL": ("mathvision", {"image": "data:image/png;base64,?"}, "cannot be read"),
    "another data URL": ("mathvision", {"image": "data:text/plain,x"}, "of another kind"),
    "place of an image": (
        "mathvision", {"question": "How many <|image_pad|>?"}, "holds '<|image_pad|>'"
    ),
    "end of a turn": ("mathvista", {"question": "Two?<|im_end|>"}, "holds '<|im_end|>'"),
    "token in a choice": ("mathvision", {"options": ["<|im_start|>", "6"]}, "'<|im_start|>'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_ROWS)
def test_bad_rows_name_the_problem(fault):
    adapter, change, message = BAD_ROWS[fault]
    good = {"mathvista": MATHVISTA, "mathvision": MATHVISION, "geometry3k": GEOMETRY3K}[adapter]
    with pytest.raises(RecordedError, match="row 1") as caught:
        problems(adapter, good | change)
    assert message in str(caught.value)


def test_all_broken_images_are_reported_by_problem():
    truncated = png(size=(64, 64), compress_level=0)[:500]
    contents = {
        "1": truncated, "2": b"no image", "3": b"", "4": png(),
        "5": png(7, mode="I;16"), "6": png(size=(20000, 2000), mode="1", colour=1),
        "8": png(mode="RGBA", colour=(0, 0, 0, 0)), "9": png(mode="P", colour=1),
    }  # fmt: skip
    Path("images").mkdir()
    for name, content in contents.items():
        Path(f"images/{name}.jpg").write_bytes(content)
    rows = [MATHVISION | {"id": str(i), "image": f"images/{i}.jpg"} for i in range(1, 10)]
    rows.append(MATHVISION | {"id": "10", "image": "../4.jpg"})
    found = problems("mathvision", *rows)
    with pytest.raises(RecordedError) as caught:
        with_images(found, Path())
    for words in ("7 of 10", "problem '1' (images/1.jpg)", "'2' (", "'3' (", "'5' (", "'6' (",
                  "20000 x 2000 pixels", "2 more", "without: [1, 2, 3, 5, 6, ...]"):  # fmt: skip
        assert words in str(caught.value), words
    rest = [one for one in found if one.name in {"4", "7", "8", "9"}]
    with pytest.raises(RecordedError, match=r"1 of 4 problems[^\0]*'7': no file images"):
        with_images(rest, Path())
    kept = with_images(rest, Path(), partial=True)
    assert [one.image is None for one in kept] == [False, True, False, False]
    with pytest.raises(RecordedError, match=r"'10': image '\.\./4\.jpg' leads out"):
        with_images(found[-1:], Path("images"), partial=True)


def test_changed_images_stop_the_stage_unless_the_parameters_follow():
    write(Path("vision.jsonl"), MATHVISION)
    Path("4.jpg").write_bytes(png())
    with pytest.raises(StageError, match="images_sha256 is null") as caught:
        run("mathvision_testmini", "vision.jsonl", "any", images=".")
    digest = str(caught.value).partition("problems have ")[2][:64]
    more = {"images": ".", "images_sha256": digest}
    assert run("mathvision_testmini", "vision.jsonl", "any", **more)["images"] == 1.0
    Path("4.jpg").write_bytes(png("blue"))
    with pytest.raises(StageError, match=f"images_sha256 is {digest}"):
        run("mathvision_testmini", "vision.jsonl", "any", **more)


def test_a_json_object_of_rows_is_read_by_its_names():
    Path("a.json").write_text(json.dumps({"x": {"pid": 1}, "y": {"pid": 2}}))
    assert [(row.place, row.values["pid"]) for row in read_rows(Path("a.json"))] == [
        ("a.json, entry 'x'", 1), ("a.json, entry 'y'", 2),
    ]  # fmt: skip
    Path("b.json").write_text(json.dumps({"x": {"pid": 1}, "y": 2}))
    with pytest.raises(RecordedError, match="an object of them; found dict"):
        read_rows(Path("b.json"))


def test_parameters_of_images_are_checked():
    entry = {"source": "mathvision_testmini", "path": "x.jsonl"}
    with pytest.raises(ValidationError, match="name it"):
        Benchmark(**entry, partial_images=True)
    with pytest.raises(ValidationError, match="aime24 has none"):
        Benchmark(source="aime24", path="x.jsonl", images="images")
    with pytest.raises(ValidationError, match="types and choices; say which"):
        Imported(path="x.jsonl", domain="visual")
    assert Imported(path="x.jsonl", domain="visual", benchmark=entry).benchmark.others is False
