"""Check a receipt of Service Star without trusting the hospital. Needs only Python 3.8 or newer, no network, no packages.

    python3 check_receipt.py receipt.json [earlier-head.json consistency.json]

receipt.json is the file saved from the receipt page. It is right when
  1. the entry, hashed, is the leaf that the proof starts from,
  2. the leaf and the path lead to the root of the signed head (RFC 9162, section 2.1.3.2),
  3. the head is signed with the hospital's public key (Ed25519, RFC 8032).
With an earlier head that you kept, and the consistency proof between the two, it also shows that nothing counted then has
been changed or removed since (RFC 9162, section 2.1.4.2). The public key is printed on the notice board: compare it.
"""

import hashlib
import json
import sys

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME


def sha256(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def leaf_of(entry):
    said = {"v": 1, "kind": entry["kind"], "shown": entry["shown"], "hidden": entry["hidden"]}
    return sha256(b"\x00" + canonical(said))


def root_from_path(leaf, index, size, path):
    place, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place % 2 == 1 or place == last:
            value = sha256(b"\x01" + step + value)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            value = sha256(b"\x01" + value + step)
        place, last = place // 2, last // 2
    return value if last == 0 else None


def is_consistent(old, old_root, new, new_root, path):
    if old == new:
        return not path and old_root == new_root
    steps = ([old_root] if old & (old - 1) == 0 else []) + path
    place, last = old - 1, new - 1
    while place % 2 == 1:
        place, last = place // 2, last // 2
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 == 1 or place == last:
            first, second = sha256(b"\x01" + step + first), sha256(b"\x01" + step + second)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            second = sha256(b"\x01" + second + step)
        place, last = place // 2, last // 2
    return last == 0 and first == old_root and second == new_root


def add(one, two):
    """Points of the curve in extended coordinates (RFC 8032, section 5.1.4)."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % PRIME, (one[1] + one[0]) * (two[1] + two[0]) % PRIME
    c, d = 2 * one[3] * two[3] * D % PRIME, 2 * one[2] * two[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def point_from(data):
    """Decode a point (RFC 8032, section 5.1.3); None when there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


BASE = point_from((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def is_signed(key, data, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    public, start = point_from(key), point_from(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if public is None or start is None or number >= ORDER:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % ORDER
    left, right = times(number, BASE), add(start, times(hashed, public))
    return (left[0] * right[2] - right[0] * left[2]) % PRIME == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % PRIME == 0


def head_is_signed(head, key):
    said = canonical({"v": 1, "size": head["size"], "root": head["root"], "at": head["at"]})
    return is_signed(key, said, bytes.fromhex(head["signature"]))


def problems(receipt):
    """What is wrong with a receipt; nothing when it holds."""
    key = bytes.fromhex(receipt["public_key"])
    leaf = leaf_of(receipt["entry"])
    promise = receipt["promise"]
    if not is_signed(
        key, canonical({"v": 1, "promised": leaf.hex(), "at": promise["at"]}), bytes.fromhex(promise["signature"])
    ):
        yield "the promise is not signed with this key / 承诺的签名不对"
    inclusion = receipt["inclusion"]
    if inclusion is None:
        return
    head = inclusion["head"]
    if not head_is_signed(head, key):
        yield "the head is not signed with this key / 总账的签名不对"
    path = [bytes.fromhex(step) for step in inclusion["path"]]
    root = root_from_path(leaf, inclusion["index"], head["size"], path)
    if root is None or root.hex() != head["root"]:
        yield "the entry is not in the signed tree / 这一条不在签名的总账里"


def main(arguments):
    if not arguments:
        print(__doc__)
        return 2
    receipt = json.load(open(arguments[0], encoding="utf-8"))
    wrong = list(problems(receipt))
    shown = receipt["entry"]["shown"]
    if len(arguments) == 3 and receipt["inclusion"]:
        old, proof = (json.load(open(name, encoding="utf-8")) for name in arguments[1:])
        new = receipt["inclusion"]["head"]
        path = [bytes.fromhex(step) for step in proof["path"]]
        if not head_is_signed(old, bytes.fromhex(receipt["public_key"])):
            wrong.append("the earlier head is not signed with this key / 早先总账的签名不对")
        if not is_consistent(old["size"], bytes.fromhex(old["root"]), new["size"], bytes.fromhex(new["root"]), path):
            wrong.append("the log was changed since the earlier head / 早先的记录被改动过")
    for line in wrong:
        print("WRONG / 不对:", line)
    if not wrong:
        state = "counted / 已计入" if receipt["inclusion"] else "promised, ask again in a minute / 已承诺，一分钟后再查"
        print("RIGHT / 无误:", shown.get("receipt", ""), shown.get("for", ""), shown.get("month", ""), "-", state)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
