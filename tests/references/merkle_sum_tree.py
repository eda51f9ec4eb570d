"""A second verifier and prover of Merkle sum trees: plain Python, node by node, from the reference page.

It shares no code with the backend. The hash is a function from a domain and a list of words to four words.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

HashWords = Callable[[str, list[int]], tuple[int, int, int, int]]


class Rejected(Exception):
    """The proof or the inclusion file does not verify."""


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def blob(data: bytes) -> bytes:
    return u64(len(data)) + data


def message(hash_words: HashWords, domain: str, data: bytes) -> list[int]:
    words = [int.from_bytes(data[start : start + 7], "little") for start in range(0, len(data), 7)]
    return list(hash_words(domain, [len(data), *words]))


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


class File:
    def __init__(self, data: bytes, magic: bytes) -> None:
        self.data = data
        if self.take(8) != magic or self.take(4) != b"\x01\0\0\0":
            raise Rejected("not such a file")

    def take(self, count: int) -> bytes:
        if count > len(self.data):
            raise Rejected("the file is too short")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def digest(self, word_bound: int) -> list[int]:
        words = [self.u64() for _ in range(4)]
        if any(word >= word_bound for word in words):
            raise Rejected("not a digest")
        return words

    def end(self) -> None:
        if self.data:
            raise Rejected("the file is too long")


class Segment:
    """What is public about a segment before its proof: ``assets`` are (symbol, decimals, bits)."""

    def __init__(
        self,
        hash_words: HashWords,
        hash_name: str,
        word_bound: int,
        spec_digest: bytes,
        audit_id: str,
        segment: int,
        segments: int,
        assets: Sequence[tuple[str, int, int]],
        most_accounts: int = 1 << 22,
        min_depth: int = 0,
    ) -> None:
        self.hash_words = hash_words
        self.hash_name = hash_name
        self.word_bound = word_bound
        self.spec_digest = spec_digest
        self.audit_id = audit_id
        self.segment = segment
        self.segments = segments
        self.assets = assets
        self.min_depth = min_depth
        self.max_depth = min_depth
        while 2**self.max_depth < most_accounts:
            self.max_depth += 1

    def limbs(self, values: Sequence[int], depth: int) -> list[int]:
        words = []
        for value, (_, _, bits) in zip(values, self.assets, strict=True):
            for _ in range((bits + depth + 55) // 56):
                words.append(value % 2**56)
                value //= 2**56
        return words

    def in_range(self, values: Sequence[int], level: int) -> None:
        if len(values) != len(self.assets):
            raise Rejected("not one value for each asset")
        for value, (_, _, bits) in zip(values, self.assets, strict=True):
            if value < 0 or value >= 2 ** (bits + level):
                raise Rejected("a value is out of range")

    def root(self, depth: int, top: list[int], totals: Sequence[int]) -> list[int]:
        text = blob(b"polyproof/merkle-sum/1") + blob(self.hash_name.encode()) + blob(self.spec_digest)
        text += blob(self.audit_id.encode()) + u64(self.segment) + u64(self.segments) + u64(len(self.assets))
        for symbol, decimals, bits in self.assets:
            text += blob(symbol.encode()) + u64(decimals) + u64(bits)
        statement = message(self.hash_words, "merkle-sum/statement", text)
        return list(self.hash_words("merkle-sum/root", [*statement, depth, *top, *self.limbs(totals, depth)]))

    def verify(self, totals: Sequence[int], proof: bytes) -> tuple[int, list[int]]:
        """Depth and digest of the top node."""
        file = File(proof, b"PPSUMPRF")
        depth = file.u64()
        if not self.min_depth <= depth <= self.max_depth:
            raise Rejected("depth")
        top = file.digest(self.word_bound)
        found = []
        for _ in self.assets:
            data = file.take(file.u64())
            if data.endswith(b"\0"):
                raise Rejected("not the shortest form")
            found.append(int.from_bytes(data, "little"))
        root = file.digest(self.word_bound)
        file.end()
        if found != list(totals):
            raise Rejected("other totals")
        self.in_range(found, depth)
        if self.root(depth, top, found) != root:
            raise Rejected("root")
        return depth, top

    def verify_inclusion(
        self, totals: Sequence[int], proof: bytes, user_id: str, balances: Sequence[int], inclusion: bytes
    ) -> None:
        depth, top = self.verify(totals, proof)
        self.in_range(balances, 0)
        file = File(inclusion, b"PPSUMINC")
        row = file.u64()
        if row >= 2**depth:
            raise Rejected("row")
        nonce = file.take(32)
        text = blob(self.audit_id.encode()) + u64(self.segment) + blob(user_id.encode()) + nonce
        tag = message(self.hash_words, "merkle-sum/account", text)
        digest = list(self.hash_words("merkle-sum/leaf", tag + self.limbs(balances, depth)))
        sums = list(balances)
        for level in range(depth):
            other = file.digest(self.word_bound)
            other_sums = [int.from_bytes(file.take((bits + level + 7) // 8), "little") for _, _, bits in self.assets]
            self.in_range(other_sums, level)
            own_node, other_node = digest + self.limbs(sums, depth), other + self.limbs(other_sums, depth)
            pair = other_node + own_node if row // 2**level % 2 else own_node + other_node
            digest = list(self.hash_words("merkle-sum/node", [level + 1, *pair]))
            sums = [mine + theirs for mine, theirs in zip(sums, other_sums, strict=True)]
        file.end()
        if digest != top:
            raise Rejected("path")
        if sums != list(totals):
            raise Rejected("sums")

    def prove(self, accounts: Sequence[tuple[str, Sequence[int]]], key: bytes) -> tuple[bytes, dict[str, bytes]]:
        """The proof, and every account's inclusion file."""
        depth = self.min_depth
        while 2**depth < len(accounts):
            depth += 1
        audit_and_segment = blob(self.audit_id.encode()) + u64(self.segment)
        segment_key = mac(key, blob(b"polyproof/merkle-sum/1") + audit_and_segment)
        stream = hashlib.shake_256(mac(segment_key, b"\0" + u64(0))).digest(8 * 2**depth)
        words = [int.from_bytes(stream[start : start + 8], "little") for start in range(0, len(stream), 8)]
        assert len(set(words)) == len(words)
        by_word = sorted(range(len(words)), key=lambda row: words[row])
        rows = {user_id: by_word[k] for k, (user_id, _) in enumerate(accounts)}
        level, nonces = [], {}
        owner = {rows[user_id]: (user_id, list(balances)) for user_id, balances in accounts}
        for row in range(2**depth):
            if row in owner:
                user_id, balances = owner[row]
                nonces[row] = mac(segment_key, b"\1" + u64(row) + user_id.encode())
                text = audit_and_segment + blob(user_id.encode()) + nonces[row]
                tag = message(self.hash_words, "merkle-sum/account", text)
                leaf = self.hash_words("merkle-sum/leaf", tag + self.limbs(balances, depth))
            else:
                balances = [0] * len(self.assets)
                text = audit_and_segment + mac(segment_key, b"\2" + u64(row))
                leaf = message(self.hash_words, "merkle-sum/padding", text)
            level.append((list(leaf), balances))
        levels = [level]
        while len(level) > 1:
            above = []
            for (left, left_sums), (right, right_sums) in zip(level[0::2], level[1::2], strict=True):
                children = left + self.limbs(left_sums, depth) + right + self.limbs(right_sums, depth)
                node = self.hash_words("merkle-sum/node", [len(levels), *children])
                above.append((list(node), [a + b for a, b in zip(left_sums, right_sums, strict=True)]))
            level = above
            levels.append(level)
        ((top, totals),) = level
        proof = b"PPSUMPRF" + (1).to_bytes(4, "little") + u64(depth) + b"".join(map(u64, top))
        proof += b"".join(blob(total.to_bytes((total.bit_length() + 7) // 8, "little")) for total in totals)
        proof += b"".join(map(u64, self.root(depth, top, totals)))
        files = {}
        for user_id, row in rows.items():
            file = b"PPSUMINC" + (1).to_bytes(4, "little") + u64(row) + nonces[row]
            for height in range(depth):
                digest, sums = levels[height][row // 2**height ^ 1]
                file += b"".join(map(u64, digest))
                for value, (_, _, bits) in zip(sums, self.assets, strict=True):
                    file += value.to_bytes((bits + height + 7) // 8, "little")
            files[user_id] = file
        return proof, files
