"""A hub on loopback: the parts of the Hugging Face hub's interface that pinning and fetching use.

Repositories are dictionaries, `{"OWNER/NAME": {"commits": {"main": SHA}, "files": {NAME: BYTES}}}`;
the client is the real one, pointed here by HF_ENDPOINT.
"""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

_INFO = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/revision/(.+))?$")
_FILE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((self.command, path))
        if match := _INFO.match(path):
            self._info(match[1], match[2], match[3] or "main")
        elif match := _FILE.match(path):
            self._file(match[2], match[3], match[4], body=body)
        elif path in self.server.addresses:
            self._send(200, self.server.addresses[path], {}, body=body)
        else:
            self._refuse(404, "EntryNotFound")

    def _find(self, repository, revision):
        """The repository and the commit that a revision is; None after a refusal."""
        known = self.server.repositories.get(repository)
        if known is None:
            return self._refuse(401, "RepoNotFound")
        if known.get("gated"):
            return self._refuse(403, "GatedRepo")
        commit = known["commits"].get(revision, revision)
        if commit not in known["commits"].values():
            return self._refuse(404, "RevisionNotFound")
        return known, commit

    def _info(self, kind, repository, revision):
        if (found := self._find(repository, revision)) is None:
            return
        known, commit = found
        siblings = [
            {
                "rfilename": name, "size": len(content),
                "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
            }
            for name, content in known["files"].items()
        ]  # fmt: skip
        info = {"id": repository, "sha": commit, "siblings": siblings, "tags": [], "private": False,
                "disabled": False, "gated": False, "downloads": 0, "likes": 0}  # fmt: skip
        if kind == "models":
            info["modelId"] = repository
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body=True)

    def _file(self, repository, revision, name, *, body):
        if (found := self._find(repository, revision)) is None:
            return
        known, commit = found
        if name not in known["files"]:
            self._refuse(404, "EntryNotFound")
            return
        content = known["files"][name]
        mark = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        self._send(200, content, {"ETag": f'"{mark}"', "X-Repo-Commit": commit}, body=body)

    def _refuse(self, status, code):
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code}, body=False)

    def _send(self, status, content, headers, *, body):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def serve(repositories, addresses=()):
    """Run the hub; gives the server, whose `url` is its endpoint and `asked` its requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.repositories, server.addresses, server.asked = repositories, dict(addresses), []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
