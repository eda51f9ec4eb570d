"""An encrypted file is read as it was written, at any place, and nothing else passes for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from polyproof.errors import ArtifactError
from polyproof.formats.encrypted_file import CHUNK, DataKey, EncryptedFile, encrypted_size, encrypting

KEY = DataKey(bytes(range(32)))
HEADER, ENCRYPTED = 44, CHUNK + 16
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5)


def content(size: int) -> bytes:
    return (b"%08d" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]


def written(path: Path, data: bytes, *, key: DataKey = KEY, name: str = "key", step: int = 50_000) -> Path:
    with path.open("wb") as file, encrypting(file, key, name) as writer:
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
        assert writer.tell() == len(data)
    return path


def read(path: Path, *, key: DataKey = KEY, name: str = "key") -> bytes:
    with EncryptedFile(path, key, name) as file:
        return bytes(file.read_all())


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(tmp_path: Path, size: int) -> None:
    data = content(size)
    path = written(tmp_path / "file", data)
    assert read(path) == data
    assert path.stat().st_size == encrypted_size(size)
    assert size < 16 or data[:16] not in path.read_bytes()
    with EncryptedFile(path, KEY, "key") as file:
        assert file.size == size
        for start in {0, 1, CHUNK - 1, CHUNK, max(size - 3, 0), size, size + 10}:
            for count in (0, 1, 5, CHUNK, size + 1):
                assert file.read(start, count) == data[start : start + count]


def test_a_read_decrypts_the_chunks_that_it_lies_in_alone(tmp_path: Path) -> None:
    data = content(4 * CHUNK)
    path = written(tmp_path / "file", data)
    spoiled = bytearray(path.read_bytes())
    spoiled[HEADER + ENCRYPTED] ^= 1
    path.write_bytes(spoiled)
    with EncryptedFile(path, KEY, "key") as file:
        assert file.read(2 * CHUNK, CHUNK) == data[2 * CHUNK : 3 * CHUNK]
        with pytest.raises(ArtifactError, match="changed or cut"):
            file.read(2 * CHUNK - 1, 2)


def test_the_beginning_is_written_again(tmp_path: Path) -> None:
    for size in (100, 3 * CHUNK):
        data = content(size)
        with (tmp_path / "file").open("wb") as file, encrypting(file, KEY, "key") as writer:
            writer.write(data)
            writer.seek(0)
            writer.write(b"head")
            writer.write(b"er")
            with pytest.raises(ValueError):
                writer.write(bytes(CHUNK))
            with pytest.raises(ValueError):
                writer.seek(1)
        assert read(tmp_path / "file") == b"header" + data[6:]


def test_the_format_is_the_one_that_is_described(tmp_path: Path) -> None:
    """Decrypted by the reference page alone."""
    data = content(2 * CHUNK + 7)
    raw = written(tmp_path / "file", data, name="state-0000/ids.npy").read_bytes()
    assert raw[:12] == b"PPENCRYP\1\0\0\0"
    info = b"polyproof/private-file/1\nstate-0000/ids.npy"
    cipher = ChaCha20Poly1305(HKDF(SHA256(), 32, raw[12:44], info).derive(bytes(range(32))))
    chunks = [raw[at : at + 65552] for at in range(44, len(raw), 65552)]
    nonces = [k.to_bytes(11, "big") + bytes([k == len(chunks) - 1]) for k in range(len(chunks))]
    assert b"".join(cipher.decrypt(n, chunk, None) for n, chunk in zip(nonces, chunks, strict=True)) == data


def refused(path: Path, data: bytes, **how: object) -> None:
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="not an encrypted file in good order"):
        read(path, **how)  # type: ignore[arg-type]


def test_another_key_or_name_reads_nothing(tmp_path: Path) -> None:
    data = written(tmp_path / "file", content(10)).read_bytes()
    refused(tmp_path / "file", data, key=DataKey(bytes(32)))
    refused(tmp_path / "file", data, name="inclusion.store")


@pytest.mark.parametrize("size", SIZES)
def test_a_file_cut_short_is_refused_wherever_it_was_cut(tmp_path: Path, size: int) -> None:
    data = written(tmp_path / "file", content(size)).read_bytes()
    borders = {at + by for at in range(HEADER, len(data) + 1, ENCRYPTED) for by in (-1, 0, 1, 15, 16, 17)}
    for end in sorted({0, 7, 8, 12, 43, 44, 60, len(data) - 16, len(data) - 1, *borders}):
        if 0 <= end < len(data):
            refused(tmp_path / "file", data[:end])
    refused(tmp_path / "file", data + b"\0")
    refused(tmp_path / "file", data + bytes(ENCRYPTED))


def test_chunks_in_another_order_or_of_another_file_are_refused(tmp_path: Path) -> None:
    def parts(data: bytes) -> list[bytes]:
        return [data[:HEADER], *(data[at : at + ENCRYPTED] for at in range(HEADER, len(data), ENCRYPTED))]

    plain = bytes(4 * CHUNK)  # all chunks are of the same content
    head, a, b, c, d = parts(written(tmp_path / "file", plain).read_bytes())
    other_head, other, *_ = parts(written(tmp_path / "file", plain).read_bytes())
    assert len({a, b, c, d, other}) == 5
    for wrong in (
        (head, b, a, c, d),
        (head, a, a, c, d),
        (head, a, b, d),
        (head, a, b, c, c, d),
        (head, d),
        (head, a, b, c),
        (head, other, b, c, d),
        (other_head, a, b, c, d),
    ):
        refused(tmp_path / "file", b"".join(wrong))


def test_any_bit_of_it_that_is_changed_is_noticed(tmp_path: Path) -> None:
    data = written(tmp_path / "file", b"secret").read_bytes()
    for at in range(len(data)):
        for bit in (1, 128):
            refused(tmp_path / "file", data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])


def test_a_block_that_fails_leaves_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def fails() -> None:
        with path.open("wb") as file, encrypting(file, KEY, "key") as writer:
            writer.write(content(3 * CHUNK))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    refused(path, path.read_bytes())


def test_two_files_of_one_content_have_nothing_in_common(tmp_path: Path) -> None:
    first, second = (written(tmp_path / "file", bytes(CHUNK)).read_bytes() for _ in range(2))
    assert first[HEADER:] != second[HEADER:]


def test_the_key_is_not_shown() -> None:
    assert "1f" not in repr(KEY).replace("secret", "")
    assert KEY.secret.hex() not in repr(KEY)
