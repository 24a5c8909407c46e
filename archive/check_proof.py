"""Checks a pressmark proof: `python3 verify.py proof.zip`, or `python3 verify.py` where it is unpacked. Python 3.8+."""
import base64, hashlib, json, os, pathlib, re, sys, zipfile, zlib
MOST = 1 << 27  # bytes that all files of a proof may have together, and one record when it is inflated
STAMPS = {".tsr": "openssl ts -verify -CAfile AUTHORITY.pem -digest %s -in %s", ".ots": "ots verify -d %s %s"}
OTS = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94\1\x08"  # how such a stamp over a SHA-256 begins
LEDGER = re.compile(r"ledger/[0-9]{4}(/[0-9]{2}){2}(\.json|\.[a-z0-9-]+\.(tsr|ots))")  # what a shell takes as it is
def must(holds, what):
    if not holds: raise ValueError(what)
def sha256(block): return hashlib.sha256(block).hexdigest()
def leaf(said): return hashlib.sha256(b"\0" + said.encode()).digest()
def node(left, right): return hashlib.sha256(b"\1" + left + right).digest()
def load(place):  # every file that proof.json names; nothing is unpacked to the disk
    box = None if os.path.isdir(place) else zipfile.ZipFile(place)
    must(not box or sum(each.file_size for each in box.infolist()) <= MOST, "larger than any proof")
    def read(name): return box.read(name) if box else pathlib.Path(place, name).read_bytes()
    proof = json.loads(read("proof.json"))
    must(read("proof.json").decode() == json.dumps(dict(proof, format=1), indent=1, sort_keys=True) + "\n", "proof")
    must(not box or sorted(box.namelist()) == sorted([*proof["files"], "proof.json", "verify.py"]), "a file too many")
    for name, digest in proof["files"].items(): must(sha256(read(name)) == digest, name + ": not what was put here")
    return {name: read(name) for name in proof["files"] if name != "README.txt"}, proof
def first_of(group):  # of its first record, an answer or a text, header fields and block; and the bytes behind it
    inflate = zlib.decompressobj(31)
    head, _, rest = inflate.decompress(group, MOST).partition(b"\r\n\r\n")
    must(inflate.eof, "a record cut short, or too large")
    fields, block = dict(line.partition(": ")[::2] for line in head.decode().split("\r\n")), rest[:-4]
    payload = block.partition(b"\r\n\r\n")[2] if fields["WARC-Type"] == "response" else block
    digest = "sha1:" + base64.b32encode(hashlib.sha1(payload).digest()).decode()  # as WARC states it
    must(fields["WARC-Type"] == "revisit" or fields.get("WARC-Payload-Digest", digest) == digest, "another payload")
    return fields, block, inflate.unused_data
def root_from(said, index, leaves, path):  # where an inclusion path leads: RFC 9162, 2.1.3
    if leaves < 2: return said.hex() if not index and not path else "nowhere"
    if index ^ 1 < leaves:
        said, path = node(*[said, bytes.fromhex(path[0])][::-1 if index & 1 else 1]), path[1:]
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
    for day, name in sorted((name[7:17].replace("/", "-"), name) for name in files if name[-5:] == ".json"):
        entry = json.loads(files[name])
        head = json.dumps({key: entry[key] for key in entry if key != "root"}, sort_keys=True, separators=(",", ":"))
        must(entry["root"] == node(leaf(head), bytes.fromhex(entry["tree"])).hex(), name + ": not what its root names")
        must([before or entry["previous"], day] == [entry["previous"], entry["day"]], name + ": not the next entry")
        entries[day], before = entry, {"day": day, "sha256": sha256(files[name])}
    return entries
def check(files, proof):
    entries, known, text, rest, told = chained(files), {}, files[proof["text"]], dict(files), []
    must(proof["text"].endswith("_" + sha256(text)[:16] + ".txt"), "the text is not the one that its name tells")
    for group in proof["groups"]:
        digest, length, warc, place = group["leaf"].split(" ", 3)
        raw, entry = files[warc][group["at"]:][:int(length)], entries[group["day"]] if group["day"] else {"tree": "-"}
        root = root_from(leaf(group["leaf"]), group["index"], entry["leaves"], group["path"]) if group["day"] else place
        must((sha256(raw), str(len(raw)), root) == (digest, length, entry["tree"]), warc + ": not what the ledger has")
        fields, block, _ = first_of(raw)
        known[fields["WARC-Record-ID"]], rest[warc] = fields, rest[warc].replace(raw, b"", 1)
    left = [first_of(rest[name]) for name in rest if name != proof["text"] and not LEDGER.fullmatch(name)]
    must(all(head["WARC-Type"] == "warcinfo" and not more for head, _, more in left), "more than the ledger's records")
    must(block == text and fields["WARC-Type"] == "conversion", "the text is not the one that was recorded")
    page = known[fields["WARC-Refers-To"]]
    base = known[page.get("WARC-Refers-To", fields["WARC-Refers-To"])]  # what a revisit refers to, or the page itself
    must([base["WARC-Type"], base["WARC-Payload-Digest"]] == ["response", page["WARC-Payload-Digest"]], "a bad revisit")
    since = max(group["day"] or "unsealed" for group in proof["groups"])  # its root is the first that has all of them
    for name, entry in sorted((name, entries[name[7:17].replace("/", "-")]) for name in files if name[-4:] in STAMPS):
        must(imprint(name, files[name]) == entry["root"], name + ": a time stamp of something else")
        told.append("A time stamp names the root of {day}{}; its signature: {}".format(
            "" if entry["day"] >= since else ", NOT OF ALL OF IT", STAMPS[name[-4:]] % (entry["root"], name), **entry))
    print("Shown: this text was recorded as that of", ascii(page["WARC-Target-URI"]), "of", ascii(page["WARC-Date"]))
    print("it is tamper-evident since whoever you trust first saw the root of {day}, {root}.".format(**entries[since])
        if since in entries else "NOT SEALED YET: nothing about time. When the day is over (UTC), prove it again.")
    print(*told, "Not shown: that a server sent it, that the recorder's clock was right, who recorded it.", sep="\n")
if __name__ == "__main__":
    try: check(*load(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))))
    except Exception as error: sys.exit("NOT AS IT WAS: " + ascii(str(error)))
