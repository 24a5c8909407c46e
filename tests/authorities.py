"""Who stamps, on loopback: an RFC 3161 authority made of the openssl command, and an OpenTimestamps calendar.

The authority sends its own certificate alone: openssl writes several in an order that DER forbids and rfc3161-client
refuses.
"""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp

_CONFIG = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_USE = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"


class TimeAuthority:
    """An authority with a certificate authority of its own, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots = folder / "ca.pem"
        folder.mkdir()
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "use.cnf").write_text(_USE)
        (folder / "serial").write_text("01\n")
        new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        self._openssl(f"req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=Test-CA -days 3")
        self._openssl(f"req -new {new} -keyout tsa.key -out tsa.csr -subj /CN=Test-TSA")
        self._openssl("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3"
                      " -extfile use.cnf")  # fmt: skip

    def _openssl(self, words: str) -> str:
        ran = subprocess.run(["openssl", *words.split()], cwd=self.folder, capture_output=True, text=True, check=True)
        return ran.stdout

    def answer(self, query: bytes) -> bytes:
        """The response to a time stamp query."""
        (self.folder / "query").write_bytes(query)
        self._openssl("ts -reply -config tsa.cnf -section here -queryfile query -out reply")
        return (self.folder / "reply").read_bytes()

    def accepts(self, root: str, token: Path) -> bool:
        """Whether `openssl ts -verify` finds that it signed this digest."""
        words = ["openssl", "ts", "-verify", "-CAfile", str(self.roots), "-digest", root, "-in", str(token)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


class Calendar:
    """An OpenTimestamps calendar: promises at once, and keeps them when `block` is set."""

    def __init__(self, uri: str = "http://127.0.0.1") -> None:
        self.uri = uri
        self.block: int | None = None
        self.promised: dict[str, bytes] = {}

    def answer(self, digest: bytes) -> bytes:
        """POST /digest: the digest with something of the calendar's own, hashed, and its promise for that."""
        stamped = Timestamp(digest)
        commitment = stamped.ops.add(OpAppend(b"calendar")).ops.add(OpSHA256())
        commitment.attestations.add(PendingAttestation(self.uri))
        self.promised[commitment.msg.hex()] = commitment.msg
        return _bytes(stamped)

    def whole(self, commitment: str) -> bytes | None:
        """GET /timestamp/<commitment>: the way into a block, made up; None as long as there is none."""
        if self.block is None or commitment not in self.promised:
            return None
        stamped = Timestamp(self.promised[commitment])
        stamped.ops.add(OpAppend(hashlib.sha256(b"the other half").digest())).attestations.add(
            BitcoinBlockHeaderAttestation(self.block)
        )
        return _bytes(stamped)


def _bytes(stamped: Timestamp) -> bytes:
    context = BytesSerializationContext()
    stamped.serialize(context)
    return bytes(context.getbytes())


class Office(ThreadingHTTPServer):
    """Both behind one port of this machine: /tsa, /calendar/digest, /calendar/timestamp/…; 503 while `closed`."""

    daemon_threads = True

    def __init__(self, authority: TimeAuthority | None, calendar: Calendar) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.authority = authority
        self.calendar = calendar
        calendar.uri = f"{self.url}/calendar"
        self.closed = False
        self.asked: list[tuple[str, str, str | None]] = []


class _Desk(BaseHTTPRequestHandler):
    server: Office

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(("POST", self.path, self.headers["Content-Type"]))
        if self.path == "/calendar/digest":
            self._send(self.server.calendar.answer(body))
        elif self.path == "/tsa" and self.server.authority:
            self._send(self.server.authority.answer(body))
        elif self.path == "/moved":
            self.send_response(307)
            self.send_header("Location", "/tsa")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(b"\0" * 200_000 if self.path == "/huge" else b"no time stamp")

    def do_GET(self) -> None:
        self.server.asked.append(("GET", self.path, None))
        self._send(self.server.calendar.whole(self.path.rpartition("/")[2]))

    def _send(self, body: bytes | None) -> None:
        status = 503 if self.server.closed else 404 if body is None else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def opened(office: Office) -> Iterator[Office]:
    """The office at work, until the block ends."""
    thread = threading.Thread(target=office.serve_forever, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        office.shutdown()
        office.server_close()
        thread.join(timeout=10)
