"""Time stamps of the ledger's roots: by authorities (RFC 3161), and by the Bitcoin block chain (OpenTimestamps).

Nothing here goes to the network: whoever calls hands in `post` and `get`. A stamp of one root is a stamp of every entry
before it, because the root commits to the chain; so only the newest entry is stamped.
Sources: RFC 3161; https://opentimestamps.org; archive/FORMAT.md.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from archive import check_proof, disk, ledger
from archive.errors import StampFailed
from archive.ledger import Entry

_READ_ONLY = 0o444
_QUERY = "application/timestamp-query"
_DIGEST = "application/x-www-form-urlencoded"  # what OpenTimestamps' own client sends
_PENDING_AT_MOST = 31  # asked again in one run: a calendar needs hours, so these are the stamps of a month
_SECOND_COPY = "bring it back from a second copy of the archive"
_PENDING = bytes.fromhex("83dfe30d2ef90c8e")  # how a calendar's promise begins
_INSTALL = "pip install 'pressmark[stamps]'"

Kind = Literal["rfc3161", "opentimestamps"]
Post = Callable[[str, bytes, str], bytes]  # (URL, body, media type) → the answer's body; raises StampFailed
Get = Callable[[str], bytes | None]  # URL → the answer's body, None when it is not there yet; raises StampFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Somebody who stamps."""

    name: str  # of its files beside the entry: letters, digits and -
    kind: Kind
    url: str
    roots: bytes | None = None  # certificates (PEM) that a token is checked against before it is kept

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", self.name):
            raise ValueError(f"{self.name!r} cannot stand in the name of a file; use a-z, 0-9 and -")

    @property
    def suffix(self) -> str:
        """How the names of its stamps end: ".digicert.tsr"."""
        return f".{self.name}.{'tsr' if self.kind == 'rfc3161' else 'ots'}"


def path_of(entry: Entry, authority: Authority) -> str:
    """Where the authority's stamp of an entry lies, from the archive's folder."""
    return entry.path.removesuffix(".json") + authority.suffix


def stamp(root: Path, entry: Entry, authority: Authority, *, post: Post) -> str | None:
    """Ask the authority to stamp an entry's root, and keep what it answers; the path, None when it is there already.

    root: the archive's folder. Raises StampFailed when no stamp of this root came, WriteFailed or ReadOnly.
    """
    path = path_of(entry, authority)
    if (root / path).exists():
        return None
    made = (_token if authority.kind == "rfc3161" else _calendar)(entry, authority, post)
    if check_proof.imprint(path, made) != entry.root:
        raise StampFailed(authority.url, f"its stamp is of something else than the root of {entry.day}; not kept")
    disk.write_whole(root / path, made, mode=_READ_ONLY)
    return path


def _token(entry: Entry, authority: Authority, post: Post) -> bytes:
    """A time stamp response as the authority sent it, its certificates within."""
    try:
        import rfc3161_client as rfc3161  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise StampFailed(authority.url, f"RFC 3161 needs a package that is not installed: {_INSTALL}") from error
    # The package hashes what it is given, and the SHA-256 of the preimage is the root.
    asked = (
        rfc3161.TimestampRequestBuilder()
        .data(entry.preimage)
        .hash_algorithm(rfc3161.base.HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    answer = post(authority.url, asked.as_bytes(), _QUERY)
    try:
        response = rfc3161.decode_timestamp_response(answer)
        if response.status not in (rfc3161.tsp.PKIStatus.GRANTED, rfc3161.tsp.PKIStatus.GRANTED_WITH_MODS):
            raise StampFailed(authority.url, f"refused to stamp: {' '.join(response.status_string) or response.status}")
        if response.tst_info.nonce != asked.nonce:
            raise StampFailed(authority.url, "answered another request: its nonce is not ours")
        _check_signature(rfc3161, asked, response, entry, authority)
    except (ValueError, rfc3161.VerificationError) as error:
        raise StampFailed(authority.url, f"sent no time stamp that can be used ({error}); not kept") from error
    return answer


def _check_signature(rfc3161: Any, asked: Any, response: Any, entry: Entry, authority: Authority) -> None:
    """Against the roots that were set; without them its certificates are kept and nobody's word is taken."""
    if authority.roots is None:
        return
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - rfc3161-client brings it

    verifier = rfc3161.VerifierBuilder.from_request(asked)
    for certificate in load_pem_x509_certificates(authority.roots):
        verifier = verifier.add_root_certificate(certificate)
    verifier.build().verify(response, bytes.fromhex(entry.root))


def _calendar(entry: Entry, authority: Authority, post: Post) -> bytes:
    """A calendar's promise to put the root into the block chain, as an OpenTimestamps file."""
    core = _opentimestamps(authority.url)
    root = bytes.fromhex(entry.root)
    answer = post(f"{authority.url.rstrip('/')}/digest", root, _DIGEST)
    stamped = _read(core, answer, root, authority.url)
    return _written(core, core.DetachedTimestampFile(core.OpSHA256(), stamped))


def upgrade(root: Path, *, get: Get) -> Iterator[str | StampFailed]:
    """Fetch what the calendars have put into the block chain meanwhile; paths of the stamps that are whole now.

    Among them the failures, each a calendar that could not be asked. Whether a block is one of Bitcoin's is not checked
    here. root: the archive's folder. Raises WriteFailed or ReadOnly.
    """
    found = sorted((root / ledger.FOLDER).glob("*/*/*.ots"), reverse=True)
    pending = (path for path in found if _PENDING in path.read_bytes())
    for path, _ in zip(pending, range(_PENDING_AT_MOST), strict=False):
        name = path.relative_to(root).as_posix()
        try:
            grown = _grown(name, path.read_bytes(), get)
        except StampFailed as failure:
            yield failure
            continue
        if grown:
            disk.write_whole(path, grown, mode=_READ_ONLY)
            yield name


def _grown(name: str, block: bytes, get: Get) -> bytes | None:
    """The file with what its calendars have added; None while they have nothing."""
    core = _opentimestamps(name)
    try:
        file = core.DetachedTimestampFile.deserialize(core.BytesDeserializationContext(block))
    except core.DeserializationError as error:
        raise StampFailed(
            name, f"is no OpenTimestamps file ({error}); delete it, and the next one is asked for"
        ) from error
    has_grown = False
    for stamped, attestation in list(_promises(core, file.timestamp)):
        url = f"{attestation.uri.rstrip('/')}/timestamp/{stamped.msg.hex()}"
        answer = get(url)
        if answer is not None:
            stamped.merge(_read(core, answer, stamped.msg, url))
            stamped.attestations.discard(attestation)
            has_grown = True
    return _written(core, file) if has_grown else None


def _promises(core: Any, stamped: Any) -> Iterator[tuple[Any, Any]]:
    """Each promise of a calendar in a tree of operations, with the place that it stands at."""
    for attestation in stamped.attestations:
        if isinstance(attestation, core.PendingAttestation):
            yield stamped, attestation
    for each in stamped.ops.values():
        yield from _promises(core, each)


def _read(core: Any, answer: bytes, message: bytes, url: str) -> Any:
    try:
        return core.Timestamp.deserialize(core.BytesDeserializationContext(answer), message)
    except (core.DeserializationError, ValueError) as error:
        raise StampFailed(url, f"sent no time stamp that can be read ({error}); not kept") from error


def _written(core: Any, file: Any) -> bytes:
    context = core.BytesSerializationContext()
    file.serialize(context)
    return bytes(context.getbytes())


def _opentimestamps(subject: str) -> Any:
    """What we use of opentimestamps, which has its names in four modules; StampFailed without it."""
    try:
        from opentimestamps.core import notary, op, serialize, timestamp  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise StampFailed(subject, f"OpenTimestamps needs a package that is not installed: {_INSTALL}") from error
    return SimpleNamespace(
        PendingAttestation=notary.PendingAttestation,
        OpSHA256=op.OpSHA256,
        DeserializationError=serialize.DeserializationError,
        BytesDeserializationContext=serialize.BytesDeserializationContext,
        BytesSerializationContext=serialize.BytesSerializationContext,
        Timestamp=timestamp.Timestamp,
        DetachedTimestampFile=timestamp.DetachedTimestampFile,
    )
