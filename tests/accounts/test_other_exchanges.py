"""Files in the layouts of other exchanges, made here, read by the lines that the how-to page has for each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.registry import default_registry
from polyproof.settings.spec import parse_spec

PAGE = Path(__file__).parents[2] / "docs/how-to/import-other-exchanges-files.md"
FILES = {
    "okx": ("batches/1.json", json.dumps([{"id": "a", "assets": {"BTC": "7", "XYZ": "-1"}}])),
    "binance-and-gate": (
        "users/1.csv",
        "rn,id,e_btc,d_btc,btc,e_xyz,d_xyz,xyz,btc_usdt_price,xyz_usdt_price,total_net_balance_usdt\n"
        "1,a,0.00000007,0.0,0.00000007,5,0,5,1,1,0\n",
    ),
    "bitmex": ("liabilities.csv", "account,amount\n12,7\n"),
    "river": ("clients.csv", "account_number,account_uid,account_nonce,balance\n1,AB,00ff,7\n"),
    "htx": (
        "users/1.csv",
        "index,f_uid,btc_balance,xyz_balance,user_total_quity,user_total_debt\n0,a,0.00000007,2.5,1.25,0\n",
    ),
    "summa": ("entries.csv", "username,balance_ETH_ETH,balance_USDT_ETH\na,7,0\n"),
}


def lines_of(section: str) -> dict[str, Any]:
    """The YAML of a section of the page."""
    titles = {"okx": "OKX", "bitmex": "BitMEX", "river": "River", "htx": "HTX", "summa": "Summa"}
    title = titles.get(section, "Binance and Gate")
    found = re.search(rf"^### {title}\n\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    value = yaml.safe_load(found[1])
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("section", FILES)
def test_the_lines_of_the_page_read_a_file_of_that_layout(tmp_path: Path, section: str) -> None:
    name, text = FILES[section]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    spec = {
        "polyproof": 1,
        "name": "example",
        "snapshot": "2025-01-01T00:00:00Z",
        "backend": "stark",
        "assets": [{"symbol": "BTC", "decimals": 8}],
        **lines_of(section),
    }
    parsed = parse_spec(yaml.safe_dump(spec, default_flow_style=False).encode(), "spec.yaml", default_registry())
    read = read_snapshot(parsed.accounts, parsed.assets, base=tmp_path)
    assert read.accounts.totals()[0] == 7
    assert len(read.accounts) == 1
    assert len(read.left_out) == ("leave_out" in spec["accounts"])
