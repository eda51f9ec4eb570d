"""``report.json`` and ``history.json``: their schemas are published, and what is written fits them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from polyproof.publication.history import history_schema, history_schema_text
from polyproof.publication.report.document import report_schema, report_schema_text

SPECS = Path(__file__).parents[2] / "specs"


@pytest.mark.parametrize(
    ("name", "text"), [("report", report_schema_text()), ("history", history_schema_text())], ids=["report", "history"]
)
def test_the_published_schemas_are_up_to_date(name: str, text: str) -> None:
    published = (SPECS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert published == text, f"run: polyproof schema --{name} > specs/{name}.schema.json"


@pytest.mark.parametrize("name", ["healthy", "failing", "alone"])
def test_what_is_written_fits_its_schema(exchanges: Path, name: str) -> None:
    site = exchanges / name / "audits/published"
    for file, schema in (("report.json", report_schema()), ("history.json", history_schema())):
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(json.loads((site / file).read_bytes()))


def test_the_schema_refuses_what_is_not_a_report(failing: Path) -> None:
    validator = Draft202012Validator(report_schema())
    good = json.loads((failing / "report.json").read_bytes())
    for change in ({"verdict": "fine"}, {"assets": []}, {"version": 1}, {"more": 1}):
        assert not validator.is_valid({**good, **change})


def test_the_report_says_what_was_verified(failing: Path) -> None:
    report = json.loads((failing / "report.json").read_bytes())
    assert report["verdict"] == "not-covered"
    assert report["reserves"]["short"] == ["ETH", "USDT"]
    assert report["chain"] == "whole"
    assert [entry["audit_id"] for entry in report["history"]] == ["failing-1", "failing-2", "failing-3"]
    ether = next(asset for asset in report["assets"] if asset["symbol"] == "ETH")
    assert ether["liabilities"] == "15000.5"
    assert ether["reserves"]["counted"] == "14000.123456789"
    assert ether["reserves"]["surplus"] == "-1000.376543211"
    assert report["history"][2]["assets"][2]["percent"] == "99.99"


def test_the_report_of_liabilities_alone_claims_no_holdings(alone: Path) -> None:
    report = json.loads((alone / "report.json").read_bytes())
    assert report["verdict"] == "liabilities-only"
    assert report["reserves"] is None
    assert all(asset["reserves"] is None for asset in report["assets"])
    assert report["history"][0]["met"] is None
