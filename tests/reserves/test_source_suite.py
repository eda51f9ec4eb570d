"""The conformance suite of sources, passed by every format that comes with polyproof."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from polyproof.registry import default_registry
from polyproof.source import FileOptions, Source
from polyproof.testing.source import Holdings, SourceSuite, Write
from polyproof_okx.reserve_csv import OkxCsv
from polyproof_sources.bitmex_yaml import BitmexYaml
from polyproof_sources.htx_csv import HtxCsv
from polyproof_sources.native import Native, NativeOptions
from reserves.exchange import HEADER_9, HEADER_12

Wrong = Sequence[tuple[bytes, int | None]]


class TestOkxCsv(SourceSuite):
    file_name = "reserves.csv"
    asset = "ETH"
    closed = False

    @pytest.fixture
    def source(self) -> Source:
        return OkxCsv(FileOptions(path=(self.file_name,)), default_registry())

    @pytest.fixture(params=["\n", "\r\n"], ids=["LF", "CRLF"])
    def write(self, request: pytest.FixtureRequest) -> Write:
        def write(holdings: Holdings) -> bytes:
            rows = [f"ETH-ARBITRUM,,ARBITRUM,-,{address},{amount},I own it,0x01,,,," for address, amount in holdings]
            return "".join(f"{line}{request.param}" for line in ["coin,height,amount", "", HEADER_12, *rows]).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Wrong:
        good = "ETH,ETH,-,0x01,1,m,0x01,,"
        rows = ("ETH,ETH,-,0x02,1", f"{good},too,many", f'{good}"{{broken"')
        files = [(f"{HEADER_9}\n{good}\n{row}\n{good}\n".encode(), 2) for row in rows]
        return [*files, (b"coin,surprise\n", None), (f"{good}\n".encode(), None)]


class TestHtxCsv(SourceSuite):
    file_name = "reserves.csv"
    asset = "ETH"
    closed = False

    @pytest.fixture
    def source(self) -> Source:
        return HtxCsv(FileOptions(path=(self.file_name,)), default_registry())

    @pytest.fixture
    def write(self) -> Write:
        def write(holdings: Holdings) -> bytes:
            rows = [f"ETH-Arbitrum,{address},-,{amount},I own it,0x01" for address, amount in holdings]
            head = "coin,snapshot height,balance\n\ncoin,address,snapshot height,balance,message,signature\n"
            return (head + "".join(f"{row}\n" for row in rows)).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Wrong:
        header, good = "coin,address,snapshot height,balance,message,signature", "ETH,0x01,-,1,m,0x01"
        files = [(f"{header}\n{good}\n{row}\n{good}\n".encode(), 2) for row in ("ETH,0x02,-,1,m", f"{good},more")]
        signer = f"{header}\n{good}\nETH,0x03,-,-,m,0x01\n"
        return [*files, (signer.encode(), None), (b"coin,surprise\n", None), (f"{good}\n".encode(), None)]


class NativeSuite(SourceSuite):
    asset = "ETH"

    @pytest.fixture
    def source(self) -> Source:
        return Native(NativeOptions(path=(self.file_name,)), default_registry())


def records(holdings: Holdings) -> list[dict[str, str]]:
    return [{"asset": "ETH", "chain": "base", "address": address, "amount": amount} for address, amount in holdings]


HEADER = {"polyproof-holdings": 1, "totals": [{"asset": "ETH", "amount": "1"}]}
GOOD, *BAD = (
    {"asset": "ETH", "chain": "base", "address": "a", "amount": "1"},
    {"asset": "ETH", "address": "a", "amount": "1"},
    {"asset": "ETH", "chain": "base", "address": "a", "amount": ["1"]},
    {"asset": "ETH", "chain": "base", "address": "a", "amount": "1", "kind": "mine"},
    {"asset": "ETH", "chain": "base", "address": "a", "amount": "1", "signatures": {"a": "b"}},
)


class TestNativeYaml(NativeSuite):
    file_name = "holdings.yaml"

    @pytest.fixture
    def write(self) -> Write:
        return lambda holdings: json.dumps({**HEADER, "holdings": records(holdings)}).encode()

    @pytest.fixture
    def wrong(self) -> Wrong:
        files = [(json.dumps({**HEADER, "holdings": [GOOD, bad, GOOD]}).encode(), 2) for bad in (*BAD, 5, None)]
        return [*files, (b"polyproof-holdings: 2\nholdings: []", None), (b"polyproof-holdings: 1\n", None)]


class TestNativeLines(NativeSuite):
    file_name = "holdings.jsonl"
    closed = False

    @pytest.fixture
    def write(self) -> Write:
        return lambda holdings: b"".join(json.dumps(line).encode() + b"\n" for line in [HEADER, *records(holdings)])

    @pytest.fixture
    def wrong(self) -> Wrong:
        files = [
            ("".join(json.dumps(line) + "\n" for line in (HEADER, GOOD, bad, GOOD)).encode(), 2)
            for bad in (*BAD, 5, None)
        ]
        return [*files, (json.dumps(HEADER).encode() + b"\n{\n", None), (b"[]\n", None)]


class TestNativeParquet(NativeSuite):
    file_name = "holdings.parquet"
    text = False

    @pytest.fixture
    def write(self, tmp_path_factory: pytest.TempPathFactory) -> Write:
        made: Path = tmp_path_factory.mktemp("made") / "a.parquet"
        schema = pyarrow.schema([(name, pyarrow.string()) for name in ("asset", "chain", "address", "amount")])

        def write(holdings: Holdings) -> bytes:
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records(holdings), schema), made)
            return made.read_bytes()

        return write

    @pytest.fixture
    def wrong(self, tmp_path_factory: pytest.TempPathFactory) -> Wrong:
        made = tmp_path_factory.mktemp("made") / "a.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist([GOOD, {**GOOD, "asset": None}, GOOD]), made)
        return [(made.read_bytes(), 2), (b"PAR1", None)]


class TestBitmexYaml(SourceSuite):
    file_name = "reserves.yaml"
    asset = "BTC"
    closed = False

    @pytest.fixture
    def source(self) -> Source:
        return BitmexYaml(FileOptions(path=(self.file_name,)), default_registry())

    @pytest.fixture
    def write(self) -> Write:
        def write(holdings: Holdings) -> bytes:
            rows = [
                f"  - {{addr: '{address}', addr_type: unspendable, balance: {amount}}}\n"
                for address, amount in holdings
            ]
            total = sum(int(amount) for _, amount in holdings)
            listed = "address:\n" + "".join(rows) if rows else "address: []\n"
            return f"height: 1\nchain: main\n{listed}total: {total}\n".encode()

        return write

    @pytest.fixture
    def wrong(self) -> Wrong:
        good = "{addr: a, addr_type: unspendable, balance: 1}"
        rows = ("5", "{addr: a, addr_type: wsh, script: x, balance: 1}", "{addr: a, addr_type: what, balance: 1}")
        files = [(f"height: 1\nchain: main\ntotal: 2\naddress: [{good}, {row}, {good}]\n".encode(), 2) for row in rows]
        return [*files, (b"height: 1\nchain: test\ntotal: 0\naddress: []\n", None), (b"[]", None)]
