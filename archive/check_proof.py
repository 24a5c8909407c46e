"""Checks a pressmark proof: `python3 verify.py proof.zip`, or `python3 verify.py` where it is unpacked. Python 3.8+."""
import base64, hashlib, json, os, sys, zipfile, zlib
MOST = 1 << 27  # bytes that all files of a proof may have together, and one record when it is inflated
STAMPS = {".tsr": "openssl ts -verify -CAfile AUTHORITY.pem -digest %s -in %s", ".ots": "ots verify -d %s %s"}
OTS = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94\1\x08"  # how such a stamp over a SHA-256 begins
def must(holds, what):
    if not holds: raise ValueError(what)
def sha256(block): return hashlib.sha256(block).hexdigest()
def leaf(said): return hashlib.sha256(b"\0" + said.encode()).digest()
def node(left, right): return hashlib.sha256(b"\1" + left + right).digest()
def load(place):  # every file that proof.json names; nothing is unpacked to the disk
    box = None if os.path.isdir(place) else zipfile.ZipFile(place)
    must(not box or sum(each.file_size for each in box.infolist()) <= MOST, "larger than any proof")
    def read(name):
        with (box.open(name) if box else open(os.path.join(place, name), "rb")) as file: return file.read(MOST)
    proof = json.loads(read("proof.json"))
    must(read("proof.json").decode() == json.dumps(dict(proof, format=1), indent=1, sort_keys=True) + "\n", "proof")
    must(not box or sorted(box.namelist()) == sorted([*proof["files"], "proof.json", "verify.py"]), "a file too many")
    files = {name: read(name) for name in proof["files"]}
    for name, digest in proof["files"].items(): must(sha256(files[name]) == digest, name + ": not what was put here")
    return files, proof
def first_of(group):  # header fields and block of a group's first record: an answer, or a text
    inflate = zlib.decompressobj(31)
    head, _, rest = inflate.decompress(group, MOST).partition(b"\r\n\r\n")
    must(inflate.eof, "a record cut short, or too large")
    fields, block = dict(line.partition(": ")[::2] for line in head.decode().split("\r\n")), rest[:-4]
    payload = block.partition(b"\r\n\r\n")[2] if fields["WARC-Type"] == "response" else block
    digest = "sha1:" + base64.b32encode(hashlib.sha1(payload).digest()).decode()  # as WARC states it
    must(fields["WARC-Type"] == "revisit" or fields["WARC-Payload-Digest"] == digest, "not the payload of its digest")
    return fields, block
def root_from(said, index, leaves, path):  # where an inclusion path leads: RFC 9162, 2.1.3
    if leaves < 2: return said.hex() if not index and not path else "nowhere"
    if index ^ 1 < leaves:
        other, path = bytes.fromhex(path[0]), path[1:]
        said = node(other, said) if index & 1 else node(said, other)
    return root_from(said, index >> 1, (leaves + 1) >> 1, path)
def der(block):  # the contents of the elements that stand one behind the other
    start = 2 + max(block[1] - 128, 0)
    end = start + (int.from_bytes(block[2:start], "big") if start > 2 else block[1])
    return [block[start:end], *(der(block[end:]) if block[end:] else [])]
def imprint(name: str, block: bytes) -> str:  # what a time stamp is of; RFC 3161, 2.4.2, down to TSTInfo
    if name.endswith(".ots"): return block[len(OTS):][:32].hex() if block.startswith(OTS) else "nothing"
    status, token = der(der(block[:1 << 16])[0])[:2]
    kind, digest = der(der(der(der(der(der(der(der(token)[1])[0])[2])[1])[0])[0])[2])
    return digest.hex() if der(status)[0] < b"\2" and der(kind)[0].hex() == "608648016503040201" else "nothing"
def chained(files):  # the ledger's entries by day, each naming the one before by its bytes
    entries, before = {}, None
    for name in sorted(name for name in files if name[:7] == "ledger/" and name[-5:] == ".json"):
        entry = json.loads(files[name])
        head = json.dumps({key: entry[key] for key in entry if key != "root"}, sort_keys=True, separators=(",", ":"))
        must(entry["root"] == node(leaf(head), bytes.fromhex(entry["tree"])).hex(), name + ": not what its root names")
        must(before in (None, entry["previous"]), name + ": does not name the entry before it")
        entries[entry["day"]], before = entry, {"day": entry["day"], "sha256": sha256(files[name])}
    return entries
def check(files, proof):
    entries, known, text = chained(files), {}, files[proof["text"]]
    must(proof["text"].endswith("_" + sha256(text)[:16] + ".txt"), "the text is not the one that its name tells")
    for group in proof["groups"]:
        digest, length, warc, place = group["leaf"].split(" ", 3)
        raw, entry = files[warc][group["at"]:][:int(length)], entries[group["day"]] if group["day"] else {"tree": "-"}
        root = root_from(leaf(group["leaf"]), group["index"], entry["leaves"], group["path"]) if group["day"] else place
        must((sha256(raw), str(len(raw)), root) == (digest, length, entry["tree"]), warc + ": not what the ledger has")
        fields, block = first_of(raw)
        known[fields["WARC-Record-ID"]] = fields
    must(block == text and fields["WARC-Type"] == "conversion", "the text is not the one that was recorded")
    answer = known[fields["WARC-Refers-To"]]
    first = known[answer.get("WARC-Refers-To", fields["WARC-Refers-To"])]  # what a revisit refers to, or the answer
    must(first["WARC-Payload-Digest"] == answer["WARC-Payload-Digest"], "a revisit of something else")
    print("Shown: this text was recorded as that of", ascii(answer["WARC-Target-URI"]), "of", answer["WARC-Date"] + ";")
    print("its records are tamper-evident since whoever you trust first saw the root of {day}, {root}.".format(
        **entries[max(entries)]) if all(group["day"] for group in proof["groups"]) else
        "NOT SEALED YET: nothing about time. When the day is over (UTC) its entry is made; prove the text again then.")
    for name in (name for name in files if name[-4:] in STAMPS):
        root = entries[name[7:17].replace("/", "-")]["root"]
        must(imprint(name, files[name]) == root, name + ": a time stamp of something else")
        print("A time stamp names that root of", name[7:17] + "; its signature:", STAMPS[name[-4:]] % (root, name))
    print("Not shown: that a server sent it, that the recorder's clock was right, who recorded it.")
if __name__ == "__main__":
    try: check(*load(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))))
    except Exception as error: sys.exit("NOT AS IT WAS: " + ascii(str(error)))
