"""Audits of a database that is still in use: what a rerun does, and what no file of an audit contains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from audit.tally_backend import WITH_TALLY, Tally
from doubles.database_servers import Server
from polyproof import liabilities as audit
from polyproof.backend import Statement
from polyproof.errors import ArtifactError
from polyproof.registry import Registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.spec import Spec
from polyproof.toolkit.secrets import Secret, Secrets


@pytest.fixture
def live(postgres: Server, spec: Spec) -> Iterator[Spec]:
    """The example, read from a table; its address has a password, which this server does not ask for."""
    postgres.execute(
        "CREATE TABLE live (account text, btc numeric, usdt numeric)",
        "INSERT INTO live VALUES ('alice', 0.25, 100), ('bob', 0, 12.5), ('carol', 1, 0), ('dave', 0, 0), "
        "('eve', 1e-8, 7)",
    )
    secrets = Secrets((Secret(name="ledger", dsn=postgres.dsn.replace("tester@", "tester:hunter2@")),))
    settings = AccountsSettings(
        database="ledger",
        query="SELECT account, btc, usdt FROM live",
        control="SELECT sum(btc) AS btc, sum(usdt) AS usdt FROM live",
    )
    yield evolve(spec, accounts=settings, secrets=secrets)
    postgres.execute("DROP TABLE live")


def test_a_rerun_on_the_same_rows_goes_on_whatever_order_the_database_has_them_in(
    live: Spec, postgres: Server, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    def crash(statement: Statement) -> None:
        if statement.segment == 1:
            raise KeyboardInterrupt

    tally.proving = staticmethod(crash)
    with pytest.raises(KeyboardInterrupt):
        audit.prove(live, tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    tally.proving = staticmethod(lambda statement: None)
    # The same rows, stored anew: the server returns them in another order.
    postgres.execute(
        "CREATE TABLE other AS SELECT * FROM live ORDER BY account DESC",
        "DROP TABLE live",
        "ALTER TABLE other RENAME TO live",
    )
    proved = audit.prove(live, tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert (proved.resumed, proved.warnings) == (1, ())
    assert proved.manifest.control == ("1.25000001", "119.5")


def test_a_rerun_on_other_rows_begins_anew_and_says_so(
    live: Spec, postgres: Server, registry: Registry, tmp_path: Path
) -> None:
    planned = audit.plan(live, tmp_path / ".audit.partial", policy=WITH_TALLY, registry=registry)
    postgres.execute("UPDATE live SET usdt = usdt + 0.000001 WHERE account = 'dave'")
    with pytest.raises(ArtifactError, match=f"the plan of audit {planned.audit_id}, on different inputs"):
        audit.plan(live, tmp_path / ".audit.partial", policy=WITH_TALLY, registry=registry)
    proved = audit.prove(live, tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert proved.warnings[0] == "unfinished work on different inputs was found here and has been discarded"
    assert proved.manifest.control == ("1.25000001", "119.500001")


def test_a_plan_needs_the_database_no_more_and_no_file_has_its_address(
    live: Spec, postgres: Server, registry: Registry, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    planned = audit.plan(live, work, policy=WITH_TALLY, registry=registry)
    postgres.execute("UPDATE live SET btc = 99")
    for index in range(len(planned.segments)):
        audit.prove_segment(work, index, registry=registry)
    names = [path for path in tmp_path.rglob("*") if path.is_file()]
    port = postgres.dsn.partition("127.0.0.1:")[2].partition("/")[0]
    proved = audit.assemble(work, tmp_path / "audit", registry=registry)
    names += [path for path in (tmp_path / "audit").rglob("*") if path.is_file()]
    for path in names:
        if path.exists():
            content = path.read_bytes()
            assert b"hunter2" not in content
            assert f"127.0.0.1:{port}".encode() not in content
    assert proved.manifest.totals == (125_000_001, 119_500_000)
