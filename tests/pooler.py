"""A pooler between the product and PostgreSQL that hands each transaction to another connection of the server.

pgbouncer itself (transaction pooling) where it is installed, or named by ``SERVICE_STAR_PGBOUNCER``; else one of our own that
does the same to whoever relies on a session: it lends a connection for one transaction, to the one who has waited longest,
and takes the one that has rested longest.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.postgres import NOBODY, free_port
from tests.waiting import until

CONNECTIONS = 3
_SSL, _CANCEL = 80877103, 80877102
_ASKS = (b"Q", b"S")  # simple query, sync: each is answered by one ReadyForQuery


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The same database by way of a pooler."""
    program = os.environ.get("SERVICE_STAR_PGBOUNCER") or shutil.which("pgbouncer")
    with _pgbouncer(program, url) if program else _our_own(url) as port:
        yield make_url(url).set(port=port).render_as_string(hide_password=False)


@contextmanager
def _pgbouncer(program: str, url: str) -> Iterator[int]:
    server, port = make_url(url), free_port()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root it runs as somebody else
        (folder / "users").write_text('"postgres" ""\n', "utf-8")
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\npool_mode = transaction\nauth_type = trust\n"
            f"auth_file = {folder / 'users'}\ndefault_pool_size = {CONNECTIONS}\nserver_round_robin = 1\nmax_client_conn = 500\n",
            "utf-8",
        )
        user = NOBODY if os.geteuid() == 0 else None
        with (folder / "pgbouncer.log").open("wb") as log:
            process = subprocess.Popen(
                [program, folder / "pgbouncer.ini"], stdout=log, stderr=log, user=user, group=user
            )
        try:
            until(lambda: _listens(port), "pgbouncer listens", folder)
            yield port
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class _Server:
    """One connection to PostgreSQL, signed in, and what it said then."""

    def __init__(self, port: int, hello: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(hello)
        self.greeting = b""
        while True:
            kind, body = _message(self.socket)
            self.greeting += kind + body
            if kind in (b"Z", b"E"):
                return


def _exactly(connection: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        piece = connection.recv(count - len(got))
        if not piece:
            raise ConnectionError
        got += piece
    return got


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    """(kind, length and content)"""
    kind, length = _exactly(connection, 1), _exactly(connection, 4)
    return kind, length + _exactly(connection, int.from_bytes(length) - 4)


class Pooler:
    """Trusts everybody, as the server of the tests does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: dict[bytes, deque[_Server]] = {}
        self._greetings: dict[bytes, bytes] = {}
        self._made: list[_Server] = []
        self._returned = threading.Condition()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._door.getsockname()[1])
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(ConnectionError, OSError):
            hello = self._hello(client)
            with self._returned:
                if hello not in self._free:
                    servers = [_Server(self._port, hello) for _ in range(CONNECTIONS)]
                    self._made += servers
                    self._free[hello] = deque(servers)
                    self._greetings[hello] = servers[0].greeting
            client.sendall(self._greetings[hello])
            while True:
                first = _message(client)
                if first[0] == b"X":
                    return
                server = self._take(hello)
                try:
                    self._one_transaction(client, server, first)
                finally:
                    with self._returned:
                        self._free[hello].append(server)
                        self._returned.notify()

    def _hello(self, client: socket.socket) -> bytes:
        while True:
            length = _exactly(client, 4)
            rest = _exactly(client, int.from_bytes(length) - 4)
            code = int.from_bytes(rest[:4])
            if code == _CANCEL:
                raise ConnectionError
            if code != _SSL:
                return length + rest
            client.sendall(b"N")

    def _take(self, hello: bytes) -> _Server:
        with self._returned:
            self._returned.wait_for(lambda: self._free[hello])
            return self._free[hello].popleft()

    def _one_transaction(self, client: socket.socket, server: _Server, message: tuple[bytes, bytes]) -> None:
        """Until the server says that no transaction is open. A client that goes meanwhile has its work undone."""
        try:
            while True:
                server.socket.sendall(message[0] + message[1])
                if message[0] in _ASKS and self._answer(client, server) == b"I":
                    return
                message = _message(client)
        except (ConnectionError, OSError):
            server.socket.sendall(b"Q" + (13).to_bytes(4) + b"ROLLBACK\0")
            while _message(server.socket)[0] != b"Z":
                pass
            raise

    def _answer(self, client: socket.socket, server: _Server) -> bytes:
        """Hand on what it says; in which state it is then: I, T or E."""
        while True:
            kind, body = _message(server.socket)
            client.sendall(kind + body)
            if kind == b"Z":
                return body[4:]

    def close(self) -> None:
        self._door.close()
        for one in (*self._clients, *(server.socket for server in self._made)):
            one.close()


@contextmanager
def _our_own(url: str) -> Iterator[int]:
    pooler = Pooler(make_url(url).port or 5432)
    try:
        yield pooler.port
    finally:
        pooler.close()
