"""A web application on loopback that is called by hooks."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Received(NamedTuple):
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """It answers with the statuses of `answers` one after the other, then with the last one for ever.

    `delay` is how many seconds it takes for each answer; `location` is where it redirects to.
    """

    def __init__(self, *answers: int, delay: float = 0.0, location: str = "") -> None:
        self.received: list[Received] = []
        self.delay = delay
        left = list(answers or (204,))
        receiver, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.received.append(Received(self.path, headers, body))
                    status = left.pop(0) if len(left) > 1 else left[0]
                time.sleep(receiver.delay)
                self.send_response(status)
                if location:
                    self.send_header("location", location)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def events(self) -> list[Any]:
        return [received.event for received in self.received]

    @property
    def told(self) -> list[str]:
        """What has been told, each event once, in the order of the first time: job.done 1."""
        first = {event["id"]: event for event in reversed(self.events)}
        return [
            f"{event['event']} {event['job']['id'] if 'job' in event else event['batch']['batch']}"
            for event in reversed(first.values())
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
