"""MLLP: messages between the bytes 0x0B and 0x1C 0x0D, each answered before the next. Source: HL7 v2.5.1, appendix C."""

import logging
import socketserver
from typing import Any

from feedback_app.domain import networks
from feedback_app.services import hl7_visits
from feedback_app.services.runtime import Runtime

START, END = b"\x0b", b"\x1c\r"
LARGEST = 256 * 1024
IDLE_SECONDS = 600
_log = logging.getLogger(__name__)


class MllpServer(socketserver.ThreadingTCPServer):
    """Takes connections from the configured networks alone."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        settings = runtime.settings.mllp
        super().__init__((settings.host, settings.port), _Conversation)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return networks.is_within(str(client_address[0]), self.runtime.settings.mllp.allowed_networks)


class _Conversation(socketserver.BaseRequestHandler):
    server: MllpServer

    def handle(self) -> None:
        self.request.settimeout(IDLE_SECONDS)
        waiting = b""
        try:
            while piece := self.request.recv(65536):
                waiting += piece
                while END in waiting:
                    whole, _, waiting = waiting.partition(END)
                    self._answer(whole.rpartition(START)[2])
                if len(waiting) > LARGEST:
                    return  # no message is so long: whoever sends this speaks something else
        except OSError:
            return

    def _answer(self, message: bytes) -> None:
        try:
            reply = hl7_visits.receive(self.server.runtime, message)
        except Exception:  # a mistake of ours, or the database: not taken, so it will be sent again
            _log.exception("a message was not stored")
            self.request.close()
            return
        if reply.text:
            self.request.sendall(START + reply.text.encode() + END)
