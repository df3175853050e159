"""Makes the known answers in test/fixtures/audit-vectors: a log of 40 entries, its checkpoints, keys and a change of keys.

A third implementation, beside the writer and the verifier, from the descriptions alone: RFC 8785, RFC 6962, C2SP
signed-note, tlog-checkpoint and tlog-cosignature, and docs/audit.md for the chain. Python 3 and `cryptography` 48.
Run it in this folder: python3 make.py
"""

import base64
import hashlib
import json
import pathlib
import struct
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OUT = pathlib.Path(__file__).parent / "../../test/fixtures/audit-vectors"
ORIGIN = "audit.example/vectors"
WITNESS = "witness.example/vectors"
ROTATED_AT = 20
SIZES = [1, 2, 3, 7, 8, 19, 21, 32, 33, 40]
START = datetime(2026, 11, 24, 8, 0, 0, tzinfo=timezone.utc)


def sha256(data):
    return hashlib.sha256(data).digest()


def key_of(name, seed, kind):
    private = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()))
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    material = bytes([kind]) + raw
    key_id = sha256(name.encode() + b"\n" + material)[:4]
    vkey = f"{name}+{key_id.hex()}+{base64.b64encode(material).decode()}"
    return {"name": name, "private": private, "raw": raw, "id": key_id, "vkey": vkey}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def merkle_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def signature_line(key, data):
    return f"— {key['name']} {base64.b64encode(key['id'] + data).decode()}\n"


old, new = key_of(ORIGIN, "log key 1", 1), key_of(ORIGIN, "log key 2", 1)
witness = key_of(WITNESS, "witness key", 4)
statement = f"medai-flow audit key rotation v1\n{ORIGIN}\n{old['vkey']}\n{new['vkey']}\n".encode()


def b64(data):
    return base64.b64encode(data).decode()


def details(seq):
    if seq == ROTATED_AT:
        return {
            "previous_key_id": b64(old["raw"]),
            "key_id": b64(new["raw"]),
            "previous_signature": b64(old["private"].sign(statement)),
            "signature": b64(new["private"].sign(statement)),
        }
    if seq == 5:
        return {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "ö": 7, "10": 8, "9": 9, "a\"b\\c\u001f\t": -5}
    return {"route": "GET /results/:id", "count": seq, "is_valid": seq % 2 == 0}


entries, leaves = [], []
previous = sha256(b"medai-flow audit log v1\n")
for seq in range(1, 41):
    time = START + timedelta(seconds=2 * seq)
    text = canonical(
        {
            "event_id": f"0198f000-0000-7000-8000-{seq:012x}",
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%S.") + "250Z",
            "actor_id": None if seq % 3 else "0198f000-1111-7000-8000-000000000001",
            "actor_role": None if seq % 3 else "clinician",
            "action": "key.rotated" if seq == ROTATED_AT else "result.read",
            "object_type": "signing_key" if seq == ROTATED_AT else "inference_result",
            "object_id": b64(new["raw"]) if seq == ROTATED_AT else f"0198f000-2222-7000-8000-{seq:012x}",
            "outcome": "refused" if seq % 7 == 0 else "success",
            "reason": "AUTH_FORBIDDEN" if seq % 7 == 0 else None,
            "request_id": f"request-{seq}",
            "ip": "2001:db8::7",
            "user_agent": "curl/8.5.0",
            "details": details(seq),
        }
        if seq != 5
        else {"event_id": f"0198f000-0000-7000-8000-{seq:012x}", "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%S.") + "250Z", "action": "result.read", "outcome": "success"}
    )
    if seq == 5:  # RFC 8785 sorts by UTF-16 code units, Python by code points: written out by hand
        members = sorted(details(5).items(), key=lambda item: item[0].encode("utf-16-be"))
        odd = ",".join(f"{json.dumps(k, ensure_ascii=False)}:{v}" for k, v in members)
        text = text.replace('"event_id"', '"details":{' + odd + '},"event_id"')
    leaf = sha256(b"\x00" + text.encode())
    entry_hash = sha256(b"\x02" + struct.pack(">Q", seq) + previous + leaf)
    line = {
        "seq": str(seq),
        "event_id": json.loads(text)["event_id"],
        "canonical": text,
        "entry_hash": entry_hash.hex(),
        "previous_hash": previous.hex(),
        "sequenced_at": time.strftime("%Y-%m-%dT%H:%M:%S.") + "300000Z",
    }
    entries.append(json.dumps(line, separators=(",", ":"), ensure_ascii=False))
    leaves.append(leaf)
    previous = entry_hash

notes, roots = [], {}
for size in SIZES:
    root = merkle_root(leaves[:size])
    roots[size] = root.hex()
    body = f"{ORIGIN}\n{size}\n{b64(root)}\n"
    signers = [old] if size < ROTATED_AT else [new, old] if size == 21 else [new]
    note = body + "\n" + "".join(signature_line(key, key["private"].sign(body.encode())) for key in signers)
    if size in (8, 33):
        stamp = int((START + timedelta(seconds=2 * size + 1)).timestamp())
        message = f"cosignature/v1\ntime {stamp}\n{body}".encode()
        note += signature_line(witness, struct.pack(">Q", stamp) + witness["private"].sign(message))
    notes.append(note)

OUT.mkdir(parents=True, exist_ok=True)
(OUT / "entries.ndjson").write_text("\n".join(entries) + "\n", encoding="utf-8")
(OUT / "checkpoints.txt").write_text("\n".join(notes), encoding="utf-8")
(OUT / "log.vkey").write_text(old["vkey"] + "\n", encoding="utf-8")
(OUT / "next.vkey").write_text(new["vkey"] + "\n", encoding="utf-8")
(OUT / "witness.vkey").write_text(witness["vkey"] + "\n", encoding="utf-8")
expected = {"roots": roots, "last_entry_hash": previous.hex(), "first_leaf": leaves[0].hex()}
(OUT / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
