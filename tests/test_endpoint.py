"""Draws of models on servers: requests, faults, limits, accounts, and what is never written."""

import json
import time

import numpy as np
import pytest

from openai_server import faulty_proxy, toy_server
from passk.config import paths
from passk.core.machine import Machine
from passk.core.schemas.samples import SAMPLES
from passk.models.served import ServedModel, read_served, write_served
from passk.pipeline.stages import fetch
from passk.pipeline.stages.job import Job, StageError
from passk.pipeline.stages.sample import refill_draw, run
from passk.sampling.blocks import BlockStore, plan_blocks
from passk.sampling.engines.endpoint import EndpointEngine, find_host, probe_endpoint
from passk.sampling.engines.engine import SamplingConfig
from passk.sampling.engines.process import EngineError
from toy_checkpoint import job, write_set

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TOY_KEY", KEY)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def url(asked):
    with toy_server(asked, KEY) as url:
        yield url


def make_engine(folder, url, *, plain=True, images=(), stop=(), **host):
    folder = folder / "teacher"
    write_served(folder, ServedModel(host.pop("model", "toy"), ""))
    entry = {"url": url, "key": "TOY_KEY", "timeout_seconds": 20.0} | host
    machine = Machine.model_validate({"endpoints": {"teacher": entry}})
    return EndpointEngine(
        SamplingConfig(folder, 0.7, 0.9, 16, 8, "float32", plain=plain, images=dict(images),
                       stop=stop, machine=machine)
    )  # fmt: skip


def plan(*prompts, n=8):
    return [b for p in prompts for b in plan_blocks({"engine": "endpoint"}, p, None, n, 4)]


def draw(engine, blocks):
    return {b.key: (b, samples) for b, samples in engine.draw(blocks, lambda _: None)}


def test_each_sample_is_a_request_with_its_own_seed_and_the_draws_parameters(tmp_path, url, asked):
    engine = make_engine(tmp_path, url, stop=("\n\n",))
    blocks = plan("a", "b")
    told = []
    drawn = {b.key: s for b, s in engine.draw(blocks, told.append)}
    assert sorted(drawn) == sorted(b.key for b in blocks)
    assert sum(told) == len(asked) == len({body["seed"] for body in asked}) == 16
    for body in asked:
        assert {k: body[k] for k in ("model", "temperature", "top_p", "max_tokens", "stop")} == {
            "model": "toy", "temperature": 0.7, "top_p": 0.9, "max_tokens": 16, "stop": ["\n\n"]
        }  # fmt: skip
    for samples in drawn.values():
        for one in samples:
            count = 1 + one.stream % 5
            assert one.text == " ".join(map(str, range(count)))
            assert one.token_ids.tolist() == [-1] * count  # how many, and no more, is known
            assert one.sum_logprob == pytest.approx(-0.5 * count)
            assert one.finish_reason == "stop"


def test_token_ids_and_chats_and_thoughts(tmp_path, url, asked):
    engine = make_engine(tmp_path, url, plain=False, token_ids=True, leave_out=["logprobs"])
    chat = {"messages": [{"role": "user", "content": "think"}], "chat_template_kwargs": {"a": 1}}
    ((_, samples),) = draw(engine, plan(json.dumps(chat), n=4)).values()
    assert asked[0]["messages"] == chat["messages"]
    assert asked[0]["chat_template_kwargs"] == {"a": 1}
    for one in samples:
        assert one.token_ids.tolist() == list(range(1 + one.stream % 5))
        assert one.text.startswith("<think>\nhm\n</think>\n\n0")
        assert one.sum_logprob is one.token_logprobs is None


def test_an_image_goes_along(tmp_path, url, asked):
    engine = make_engine(tmp_path, url, plain=False, images={"d": b"png"})
    content = [{"type": "image"}, {"type": "text", "text": "?"}]
    prompt = json.dumps({"messages": [{"role": "user", "content": content}]})
    draw(engine, plan_blocks({}, prompt, "d", 2, 2))
    shown = asked[0]["messages"][0]["content"]
    assert shown == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}, content[1]
    ]  # fmt: skip


def test_faults_are_met_by_further_attempts_and_change_nothing(tmp_path, url):
    whole = draw(make_engine(tmp_path, url), plan("a"))
    faults = ["busy", 500, "cut", "nonsense", "empty", 503, "busy"]
    with faulty_proxy(url, faults) as proxy:
        engine = make_engine(tmp_path, proxy, requests_at_once=4)
        drawn = draw(engine, plan("a"))
    assert {k: [s.text for s in v[1]] for k, v in drawn.items()} == {
        k: [s.text for s in v[1]] for k, v in whole.items()
    }
    measured = engine.measured
    assert (measured["requests"], measured["retries"]) == (8, 7)


def test_a_server_that_is_too_slow_is_asked_again(tmp_path, url):
    with faulty_proxy(url, ["slow"]) as proxy:
        engine = make_engine(tmp_path, proxy, timeout_seconds=0.5)
        draw(engine, plan("a", n=4))
    assert engine.measured["retries"] >= 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("nonsense", r"no JSON object: '<html>Welcome to the login page</html>'; is this a server"),
        ("empty", "an answer without choices"),
        (500, "status 500: something broke; 2 attempts"),
        ("busy", "status 429: slow down; 2 attempts"),
        ("cut", r"Error.*2 attempts"),
    ],
)
def test_what_does_not_end_is_said_in_a_line(tmp_path, url, fault, message):
    with faulty_proxy(url, [fault] * 2) as proxy:
        engine = make_engine(tmp_path, proxy, attempts=2, requests_at_once=1)
        with pytest.raises(EngineError, match=message) as raised:
            draw(engine, plan("a"))
    assert "endpoint 'teacher'" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_servers_wait_is_kept_and_so_is_the_pace(tmp_path, url):
    begun = time.monotonic()
    with faulty_proxy(url, ["busy"]) as proxy:
        draw(make_engine(tmp_path, proxy, requests_at_once=1), plan("a", n=4))
    assert time.monotonic() - begun >= 0.3
    begun = time.monotonic()
    draw(make_engine(tmp_path, url, requests_per_minute=1200), plan("a"))
    assert time.monotonic() - begun >= 7 * 0.05


def test_a_key_stands_in_no_message_and_one_that_is_missing_is_named(tmp_path, url, monkeypatch):
    monkeypatch.setenv("TOY_KEY", "sk-wrong-secret")
    engine = make_engine(tmp_path, url)
    with pytest.raises(
        EngineError, match=r"status 401: .*\[key\].*environment variable TOY_KEY"
    ) as r:
        draw(engine, plan("a"))
    assert "sk-wrong" not in str(r.value)
    monkeypatch.delenv("TOY_KEY")
    with pytest.raises(EngineError, match="TOY_KEY is not set; set it: export TOY_KEY="):
        make_engine(tmp_path, url)


def test_a_model_or_server_that_is_not_there(tmp_path, url):
    with pytest.raises(EngineError, match=r"status 404: The model `other` does not exist.*url in"):
        draw(make_engine(tmp_path, url, model="other"), plan("a"))
    with pytest.raises(EngineError, match=r"ConnectError.*2 attempts"):
        draw(make_engine(tmp_path, "http://127.0.0.1:9/v1", attempts=2), plan("a", n=4))
    with pytest.raises(EngineError, match=r"no server for model 'm'; write `endpoints: {m: {url"):
        find_host(Machine(), "m")


def test_a_prompt_that_is_refused_is_unknown_and_all_refused_end_the_draw(tmp_path, url, capsys):
    engine = make_engine(tmp_path, url, requests_at_once=1)
    drawn = draw(engine, plan("a", "long", "bad"))
    reasons = {b.prompt: {s.finish_reason for s in samples} for b, samples in drawn.values()}
    assert reasons == {"a": {"stop"}, "long": {"aborted"}, "bad": {"aborted"}}
    assert "1 prompt(s) were refused" in capsys.readouterr().err
    before = engine.measured["requests"]
    again = draw(engine, [b for b, _ in drawn.values() if b.prompt != "a"])
    assert engine.measured["requests"] == before
    assert len(again) == 4
    with pytest.raises(
        EngineError, match="refuses every request: status 400: This model's maximum"
    ):
        draw(make_engine(tmp_path, url), plan("long"))


def test_probing_asks_for_the_model(url):
    entry = {"url": url, "key": "TOY_KEY"}
    machine = Machine.model_validate({"endpoints": {"default": entry}})
    assert probe_endpoint(machine, {"teacher": "served:toy"}) == f"toy at {url}"
    with pytest.raises(EngineError, match=r"no model 'big'; it has toy: correct fetch\.teacher"):
        probe_endpoint(machine, {"teacher": "served:big"})


@pytest.fixture
def study(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    params = {"study": "toy", "fetch": {"teacher": {"source": "served:toy", "revision": "2026"}}}
    fetch.run(Job("fetch", "teacher", params, "inputs"))
    write_set("one", ["a", "b"])
    write_set("two", ["c"])
    (tmp_path / "machine.yaml").write_text(
        f"endpoints: {{teacher: {{url: '{url}', key: TOY_KEY, "
        "price_prompt: 1000000, price_response: 2000000}}\n"
    )
    return tmp_path


def served_job(**changes):
    return job(**{"model": "teacher", "engine": "endpoint", "n": 8} | changes)


def test_the_stage_draws_keeps_accounts_and_resumes(study, asked):
    assert read_served(paths.model("toy", "teacher")) == ServedModel("toy", "2026")
    measured = run(served_job())
    frame = SAMPLES.read(paths.samples("toy", "base"))
    assert frame.height == 24
    assert frame["token_ids"].null_count() == 24
    assert frame["n_tokens"].to_list() == [len(text.split()) for text in frame["text"]]
    tokens = frame["n_tokens"].sum()
    assert measured["prompt_tokens"] == 3 * 24
    assert measured["response_tokens"] == tokens
    assert measured["cost"] == 3 * 24 + 2 * tokens
    asked.clear()
    for path in [p for p in sorted(paths.BLOCKS.rglob("*")) if p.is_file()][:1]:
        path.unlink()
    before = paths.samples("toy", "base").read_bytes()
    assert run(served_job())["drawn"] == len(asked) == 8
    assert paths.samples("toy", "base").read_bytes() == before  # this server keeps to its seeds
    for path in [p for p in paths.BLOCKS.rglob("*") if p.is_file()]:
        path.unlink()
    assert refill_draw(served_job(), BlockStore(paths.BLOCKS)) == 3
    assert run(served_job())["drawn"] == 0
    held = [p.read_bytes() for p in study.rglob("*") if p.is_file()]
    assert not any(KEY.encode() in content for content in held)


def test_what_a_server_cannot_be_asked(study):
    (study / "mine.yaml").write_text('chat: true\nuser: "{question}"\nprefix: "<think>"\n')
    with pytest.raises(StageError, match="begins the answer"):
        run(served_job(template="./mine.yaml"))
    with pytest.raises(ValueError, match="engine 'endpoint' draws of a model under `fetch:`"):
        run(served_job(model="absent"))


def test_samples_without_ids_survive_the_store(tmp_path, url):
    ((block, samples),) = draw(make_engine(tmp_path, url), plan("a", n=4)).values()
    store = BlockStore(tmp_path)
    store.write(block, samples)
    for one, back in zip(samples, store.read(block), strict=True):
        assert np.array_equal(one.token_ids, back.token_ids)
        assert one.sum_logprob == back.sum_logprob
