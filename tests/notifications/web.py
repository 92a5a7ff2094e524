"""A web service on loopback that repeats what it was sent, as some do, and refuses it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebService:
    """It answers every request with `status`, and with the request's own line, headers and body."""

    def __init__(self, status=500):
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # its name there
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                service.requests.append((self.path, dict(self.headers), body))
                said = f"Exception: {self.path}\n{self.headers}\n".encode() + body
                self.send_response(status, f"No {self.path}")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
