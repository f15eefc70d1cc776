"""A server with OpenAI's interface on loopback that answers by rule, and a proxy with faults.

Token i of a response is i; its text counts to a number that the request's seed chooses.
"""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2


def respond(path, body, key):
    """Status and answer of the toy server."""
    if key is not None and body.get("_authorization") != f"Bearer {key}":
        return 401, {"error": {"message": f"Incorrect API key provided: {body['_authorization']}"}}
    if body["model"] != "toy":
        return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
    prompt = body.get("prompt") or json.dumps(body["messages"])
    if "long" in prompt:
        return 400, {"error": {"message": "This model's maximum context length is 8 tokens."}}
    count = 1 + body["seed"] % 5
    text = " ".join(map(str, range(count)))
    choice = {"index": 0, "finish_reason": "content_filter" if "bad" in prompt else "stop"}
    logs = [-0.5] * count
    if path.endswith("/chat/completions"):
        message = {"role": "assistant", "content": text}
        if "think" in prompt:
            message["reasoning_content"] = "hm"
        content = [{"token": "t", "logprob": value} for value in logs]
        choice |= {"message": message, "logprobs": {"content": content}}
    else:
        choice |= {"text": text, "logprobs": {"token_logprobs": logs}}
    if "logprobs" not in body:
        choice["logprobs"] = None
    if body.get("return_token_ids"):
        choice["token_ids"] = list(range(count))
    usage = {"prompt_tokens": 3, "completion_tokens": count}
    return 200, {"choices": [choice], "usage": usage}


def make_handler(answer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            answer(self, b"")

        def do_POST(self):
            answer(self, self.rfile.read(int(self.headers["content-length"])))

        def reply(self, status, content, headers=()):
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


@contextmanager
def listening(answer):
    """A server on a free port of loopback; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(answer))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def toy_server(asked, key=None):
    """The toy server; the bodies of requests go to `asked`."""

    def answer(handler, content):
        if handler.command == "GET":
            handler.reply(200, json.dumps({"data": [{"id": "toy"}]}).encode())
            return
        body = json.loads(content)
        asked.append(body)
        seen = body | {"_authorization": handler.headers.get("authorization")}
        status, said = respond(handler.path, seen, key)
        handler.reply(status, json.dumps(said).encode())

    with listening(answer) as url:
        yield url


@contextmanager
def faulty_proxy(upstream, faults):
    """Before an address, one that deals out faults to the first requests, one each."""
    waiting, lock = list(faults), threading.Lock()
    client = httpx2.Client(timeout=600)
    root = upstream.removesuffix("/v1")

    def answer(handler, content):
        with lock:
            fault = waiting.pop(0) if waiting and handler.command == "POST" else None
        if fault == "cut":
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "nonsense":
            handler.reply(200, b"<html>Welcome to the login page</html>")
        elif fault == "empty":
            handler.reply(200, b'{"choices": []}')
        elif fault == "busy":
            handler.reply(429, b'{"error": {"message": "slow down"}}', {"Retry-After": "0.3"})
        elif isinstance(fault, int):
            handler.reply(fault, b"something broke")
        else:
            if fault == "slow":
                time.sleep(1.5)
            headers = {"content-type": "application/json"}
            if "authorization" in handler.headers:
                headers["authorization"] = handler.headers["authorization"]
            got = client.request(
                handler.command, f"{root}{handler.path}", content=content, headers=headers
            )
            handler.reply(got.status_code, got.content)

    with listening(answer) as url:
        yield url
    assert not waiting, f"faults that nobody met: {waiting}"
