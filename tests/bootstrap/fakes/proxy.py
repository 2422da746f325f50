"""A proxy on loopback that leads the clouds' own names to a fake.

For programs whose endpoints cannot be set (the Azure SDK for Go asks login.microsoftonline.com whatever the
authority is). It opens tunnels to the names that it was given and to nothing else.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Generator


@contextlib.contextmanager
def proxy(target: str, *names: str) -> Generator[str]:
    """A proxy's URL: tunnels to `names` (a leading dot: all below it) end at `target`, `host:port`."""
    host, _, port = target.partition(":")

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            """One CONNECT."""
            verb, place, _ = self.rfile.readline().decode("latin-1").split(" ", 2)
            while self.rfile.readline().strip():
                pass
            name = place.rpartition(":")[0]
            known = any(name.endswith(n) if n.startswith(".") else name == n for n in names)
            if verb != "CONNECT" or not known:
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection((host, int(port)), 10) as far:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_copy, args=(far, self.connection), daemon=True)
                back.start()
                _copy(self.connection, far)
                back.join(10)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is no news."""

    with Server(("127.0.0.1", 0), Tunnel) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
