"""BLAKE3 as its paper writes it, recursive and one message at a time; slow and independent of the plugin.

O'Connor, Aumasson, Neves, Wilcox-O'Hearn: BLAKE3, one function, fast everywhere (2020), section 2.
"""

from __future__ import annotations

from attrs import frozen

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
"""Table 1."""
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
"""Table 2."""
CHUNK_START, CHUNK_END, PARENT, ROOT, _KEYED_HASH, DERIVE_KEY_CONTEXT, DERIVE_KEY_MATERIAL = (1 << i for i in range(7))
"""Table 3."""


@frozen
class Compression:
    """The five inputs of a compression; the root's output is the hash."""

    chaining: tuple[int, ...]
    block: bytes
    counter: int
    length: int
    flags: int

    def output(self, extra_flags: int = 0) -> tuple[int, ...]:
        m = [int.from_bytes(self.block[i : i + 4], "little") for i in range(0, 64, 4)]
        low, high = self.counter % 2**32, self.counter >> 32
        v = [*self.chaining, *IV[:4], low, high, self.length, self.flags | extra_flags]
        for _ in range(7):
            for i in range(4):
                _g(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1])
            for i in range(4):
                _g(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i])
            m = [m[source] for source in PERMUTATION]
        return tuple(v[i] ^ v[i + 8] for i in range(8))


def _g(v: list[int], a: int, b: int, c: int, d: int, x: int, y: int) -> None:
    for word, first, second in ((x, 16, 12), (y, 8, 7)):
        v[a] = (v[a] + v[b] + word) % 2**32
        v[d] = _rotr(v[d] ^ v[a], first)
        v[c] = (v[c] + v[d]) % 2**32
        v[b] = _rotr(v[b] ^ v[c], second)


def _rotr(x: int, n: int) -> int:
    return (x >> n | x << 32 - n) % 2**32


def _chunk(data: bytes, counter: int, key: tuple[int, ...], mode: int) -> list[Compression]:
    chain: list[Compression] = []
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    chaining = key
    for i, block in enumerate(blocks):
        flags = mode | CHUNK_START * (i == 0) | CHUNK_END * (i == len(blocks) - 1)
        chain.append(Compression(chaining, block.ljust(64, b"\0"), counter, len(block), flags))
        chaining = chain[-1].output()
    return chain


def compressions(message: bytes, key: tuple[int, ...] = IV, mode: int = 0, first_chunk: int = 0) -> list[Compression]:
    """All compressions of a message, the root of the tree last and still without its flag."""
    chunks = max(1, -(-len(message) // 1024))
    if chunks == 1:
        return _chunk(message, first_chunk, key, mode)
    left_chunks = 1 << (chunks - 1).bit_length() - 1
    left = compressions(message[: 1024 * left_chunks], key, mode, first_chunk)
    right = compressions(message[1024 * left_chunks :], key, mode, first_chunk + left_chunks)
    block = b"".join(word.to_bytes(4, "little") for word in left[-1].output() + right[-1].output())
    return [*left, *right, Compression(key, block, 0, 64, mode | PARENT)]


def blake3(message: bytes, key: tuple[int, ...] = IV, mode: int = 0) -> bytes:
    root = compressions(message, key, mode)[-1]
    return b"".join(word.to_bytes(4, "little") for word in root.output(ROOT))


def derive_key(context: bytes, material: bytes) -> bytes:
    """Section 2.3."""
    context_key = blake3(context, mode=DERIVE_KEY_CONTEXT)
    words = tuple(int.from_bytes(context_key[i : i + 4], "little") for i in range(0, 32, 4))
    return blake3(material, words, DERIVE_KEY_MATERIAL)
