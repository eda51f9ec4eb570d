"""Audits that are made in the same run, and the page at work on them in a real browser, with the network off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen
from playwright.sync_api import BrowserContext, Page

from polyproof.cli import run

SHIPPED = Path(__file__).parents[2] / "core/polyproof/publication/browser/check.html"
ANSWER = "#answer:not([hidden])"
_WAIT_MS = 120_000

MARKUP = "<img src=x onerror=alert(1)> & <b>Sons</b>"
"""An organisation that calls itself so."""

_ACCOUNTS = """\
account,BTC,ETH,USDT
alice@example.com,0.25,1.000000000000000001,100
bob,0,0,0.5
carol,2,0,0
dave,0,3,0
"""
_MARGIN_ACCOUNTS = """\
account,BTC:equity,BTC:debt,BTC:loan,USDT:equity,USDT:debt,USDT:loan
alice,0.25,0,0,100,0,0
bob,1.5,0,1,0,40000,0
carol,0,0.1,0,20000,0,10000
dave,0,0,0,50000,0,0
"""
_PRICES = """\
asset,price,currency,source,time
BTC,90000,USD,Kraken,2025-11-30T00:00:00Z
USDT,1,USD,Kraken,2025-11-30T00:00:00Z
"""
_COLLATERAL = {
    "collateral": [
        {"asset": "BTC", "category": "loan", "slices": [{"ratio": "0.5"}]},
        {"asset": "USDT", "category": "loan", "slices": [{"ratio": "1"}]},
    ],
    "own_issued": [],
}
_THREE = [
    {"symbol": "BTC", "decimals": 8},
    {"symbol": "ETH", "decimals": 18, "bits": 96},
    {"symbol": "USDT", "decimals": 6},
]
_BLAKE3 = {"name": "stark", "hash": "blake3"}
_SPEC = {
    "polyproof": 1,
    "name": "example",
    "organisation": "Example Exchange",
    "snapshot": "2025-11-30T00:00:00Z",
    "assets": _THREE,
    "backend": _BLAKE3,
    "accounts": {"path": "accounts.csv"},
}
MANY = [f"COIN{number}" for number in range(120)]


@frozen
class Made:
    """An audit, and the file of one of its customers with what that customer has."""

    public: Path
    inclusion: Path
    user: str
    balances: Mapping[str, str]
    debts: Mapping[str, str] = field(factory=dict)
    policy: str = "default"

    @property
    def files(self) -> list[Path]:
        """What a customer chooses: the whole public half and the own file."""
        return [*sorted(path for path in self.public.iterdir() if path.is_file()), self.inclusion]

    @property
    def digest(self) -> str:
        """The publication digest."""
        return sha256((self.public / "publication.json").read_bytes()).hexdigest()

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest."""
        found: dict[str, Any] = json.loads((self.public / "manifest.json").read_bytes())
        return found


class Audits:
    """Makes an audit when a test asks for it, once for all tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.get = cache(self._get)

    def _get(self, name: str) -> Made:
        alice = {"BTC": "0.25", "ETH": "1.000000000000000001", "USDT": "100"}
        match name:
            case "stark":
                return self._made(name, alice, organisation=MARKUP)
            case "another":
                return self._made(name, alice)
            case "tree":
                return self._made(name, alice, backend={"name": "merkle-sum", "hash": "blake3"}, policy="merkle-sum")
            case "parts":
                rows = "".join(f"user{number},1,0,0\n" for number in range(1000))
                backend = {**_BLAKE3, "segment_rows": 1024}
                return self._made(name, alice, accounts=_ACCOUNTS + rows, backend=backend)
            case "margin":
                return self._made(
                    name,
                    {"USDT": "20000"},
                    user="carol",
                    debts={"BTC": "0.1"},
                    accounts=_MARGIN_ACCOUNTS,
                    assets=[_THREE[0], _THREE[2]],
                    rule="net-equity",
                    prices="prices.csv",
                    net_equity=_COLLATERAL,
                )
            case "many":
                accounts = f"account,{','.join(MANY)}\nalice@example.com{',1' * 120}\nbob{',2' * 120}\n"
                assets = [{"symbol": symbol, "decimals": 2} for symbol in MANY]
                backend = {"name": "merkle-sum", "hash": "blake3"}
                balances = dict.fromkeys(MANY, "1")
                return self._made(
                    name, balances, accounts=accounts, assets=assets, backend=backend, policy="merkle-sum"
                )
        raise KeyError(name)

    def months(self) -> tuple[Made, Path]:
        """The second of two audits in a history, and the history."""
        folder = self._folder / "months"
        if not folder.exists():
            folder.mkdir()
            spec = {**_SPEC, "assets": _THREE[:1], "backend": {"name": "merkle-sum", "hash": "blake3"}}
            for month in ("10-31", "11-30"):
                (folder / "accounts.csv").write_text("account,BTC\nalice@example.com,0.25\nbob,1\n")
                (folder / "spec.yaml").write_text(json.dumps({**spec, "snapshot": f"2025-{month}T00:00:00Z"}))
                out = ["--out", str(folder / month), "--audit-id", f"month-{month}"]
                arguments = ["audit", str(folder / "spec.yaml"), *out, "--policy", "merkle-sum", "--quiet"]
                assert run(arguments) == 0
            own = ["--user", "alice@example.com", "--out", str(folder / "mine.polyproof")]
            assert run(["inclusion", str(folder / "11-30"), *own, "--quiet"]) == 0
        made = Made(folder / "11-30/public", folder / "mine.polyproof", "alice@example.com", {"BTC": "0.25"})
        return evolve(made, policy="merkle-sum"), folder / "audits/published"

    def _made(
        self,
        name: str,
        balances: Mapping[str, str],
        *,
        user: str = "alice@example.com",
        debts: Mapping[str, str] | None = None,
        accounts: str = _ACCOUNTS,
        policy: str = "default",
        **spec: Any,
    ) -> Made:
        folder = self._folder / name
        folder.mkdir()
        (folder / "accounts.csv").write_text(accounts)
        (folder / "prices.csv").write_text(_PRICES)
        stated = {
            **_SPEC,
            "name": name,
            **spec,
        }
        (folder / "spec.yaml").write_text(json.dumps(stated))
        audit, inclusion = folder / "audit", folder / "mine.polyproof"
        accepted = [] if policy == "default" else ["--policy", policy]
        assert run(["prove", str(folder / "spec.yaml"), "--out", str(audit), "--quiet", *accepted]) == 0
        assert run(["inclusion", str(audit), "--user", user, "--out", str(inclusion), "--quiet"]) == 0
        return Made(audit / "public", inclusion, user, balances, debts or {}, policy)


@pytest.fixture(scope="session")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Audits:
    """Audits by name."""
    return Audits(tmp_path_factory.mktemp("audits"))


@frozen
class Customer:
    """Somebody with the page open."""

    page: Page
    requests: list[str]
    """Every address that was asked for."""
    faults: list[str]
    """What the browser's console shows of faults and of what the page's policy forbids."""

    def choose(self, *files: Path) -> None:
        """Choose files, and wait until the page has looked at them."""
        self.page.set_input_files("#files", files)
        self.page.wait_for_selector('#slots[aria-busy="false"]', timeout=_WAIT_MS)

    def type_claim(self, made: Made) -> None:
        """Type the own id, balances and debts, and accept what the audit was made with."""
        self.page.fill("#user", made.user)
        for title, amounts in (("what you have", made.balances), ("what you owe", made.debts)):
            for symbol, amount in amounts.items():
                self.amount(symbol, title).fill(amount)
        self.page.check(f"#policy-{made.policy}")

    def amount(self, symbol: str, title: str = "what you have") -> Any:
        """The field of an asset."""
        return self.page.locator(f'#amounts input[aria-label^="{symbol}, {title}"]')

    def check(self) -> str:
        """Have it checked, and the text of the answer."""
        self.page.evaluate("document.getElementById('answer').hidden = true")
        self.page.click("#check")
        return self.answer()

    def answer(self) -> str:
        """The text of the answer, once it is there."""
        self.page.wait_for_selector(ANSWER, timeout=_WAIT_MS)
        return self.page.inner_text("#answer")

    def do_all(self, made: Made, *, digest: bool = True) -> str:
        """Files, digest, claim, check."""
        self.choose(*made.files)
        if digest:
            self.page.fill("#digest", made.digest)
        self.type_claim(made)
        return self.check()

    @property
    def said(self) -> str:
        """What the page says of the files."""
        return self.page.inner_text("#files-said")


def watched(page: Page) -> Customer:
    """A page of which every request and every fault is noted."""
    # A machine that runs much else may take its time to open a page.
    page.set_default_timeout(_WAIT_MS)
    customer = Customer(page, [], [])
    page.on("request", lambda request: customer.requests.append(request.url))
    page.on("pageerror", lambda error: customer.faults.append(str(error)))
    page.on("console", lambda message: customer.faults.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: customer.faults.append(dialog.message))
    return customer


@pytest.fixture
def customer(offline: BrowserContext) -> Iterator[Customer]:
    """The released page, opened from a file. In every test it asks for nothing and shows no exception."""
    customer = watched(offline.new_page())
    customer.page.goto(SHIPPED.as_uri())
    yield customer
    assert customer.faults == []
    assert [url for url in customer.requests if not url.startswith(("blob:", SHIPPED.as_uri()))] == []
