"""Credentials go where the person who runs polyproof says, and nowhere that a spec says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.snapshots import USD
from doubles.fixtures import Command
from polyproof.errors import AccountsError, InputError, SpecError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.registry import default_registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.spec import parse_spec
from polyproof.toolkit.endpoint import EndpointOptions, lend
from polyproof.toolkit.secrets import NO_SECRETS, Secrets, load_secrets
from reserves.exchange import okx_csv, spec_text, wallet, write_spec

SECRETS = """\
polyproof-secrets: 1
secrets:
  - {name: node, url: "https://user:hunter2@node.example/v3/hunter2"}
  - {name: bitcoin, url: "http://127.0.0.1:8332", cookie_file: core/.cookie}
  - {name: ledger, dsn: "host=db password=hunter2"}
"""


def secrets_file(directory: Path, text: str = SECRETS, mode: int = 0o600) -> Path:
    path = directory / "secrets.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def read(path: Path) -> Secrets:
    return load_secrets(path, default_registry())


def test_a_name_stands_for_credentials_and_the_one_server_they_are_for(tmp_path: Path) -> None:
    secrets = read(secrets_file(tmp_path))
    lent = lend(EndpointOptions(secret="node"), secrets).lent
    assert lent is not None
    assert lent.url == "https://user:hunter2@node.example/v3/hunter2"
    assert secrets.find("bitcoin", "url").cookie_file == tmp_path / "core" / ".cookie"
    assert secrets.find("ledger", "dsn").dsn == "host=db password=hunter2"
    with pytest.raises(InputError, match="either url or secret says where the server is, not both"):
        lend(EndpointOptions(secret="node", url="https://elsewhere.example"), secrets)


def test_a_secret_that_is_missing_is_told_with_the_line_to_add(tmp_path: Path) -> None:
    secrets = read(secrets_file(tmp_path))
    with pytest.raises(InputError) as caught:
        lend(EndpointOptions(secret="geth"), secrets)
    assert str(caught.value) == (
        f"{tmp_path}/secrets.yaml: there is no secret 'geth', which the spec needs "
        '(under `secrets:` it would be the line - {name: geth, url: "https://…"})'
    )
    with pytest.raises(InputError, match="the secret 'ledger' has no url"):
        lend(EndpointOptions(secret="ledger"), secrets)
    with pytest.raises(InputError, match=r"no file of secrets is given \(--secrets FILE, with `polyproof-secrets: 1`"):
        lend(EndpointOptions(secret="geth"), NO_SECRETS)


def test_a_secret_that_is_empty_is_missing(tmp_path: Path) -> None:
    text = 'polyproof-secrets: 1\nsecrets:\n  - {name: ledger, dsn: ""}\n  - {name: node, url: ""}\n'
    secrets = read(secrets_file(tmp_path, text))
    for name, part in (("ledger", "dsn"), ("node", "url")):
        with pytest.raises(InputError, match=f"the secret '{name}' has no {part}"):
            secrets.find(name, part)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = secrets_file(tmp_path, mode=mode)
    with pytest.raises(InputError, match=f"others than its owner can read or change it .*chmod 600 {path}"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("polyproof-secrets: 1", "polyproof-secrets: 2", "polyproof-secrets is 2"),
        ("polyproof-secrets: 1\n", "", "the key 'polyproof-secrets' is missing"),
        ("name: bitcoin", "name: node", "'node' is given twice"),
        ("cookie_file", "cookie", "unknown key 'cookie'"),
        ("name: ledger, ", "", "the key 'name' is missing"),
        ("name: ledger", "name: a b", "letters, digits, dots"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_without_what_is_secret(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read(secrets_file(tmp_path, SECRETS.replace(old, new)))
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_secrets_show_nothing_of_themselves(tmp_path: Path) -> None:
    secrets = read(secrets_file(tmp_path))
    shown = f"{secrets!r} {secrets.entries!r} {lend(EndpointOptions(secret='node'), secrets)!r}"
    assert "hunter2" not in shown
    assert "node.example" not in shown
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "none.yaml")


@pytest.mark.parametrize("key", ["url_env: HOME", "authorization_env: HOME", "cookie_file: /etc/passwd"])
def test_a_spec_that_would_send_the_environment_or_a_file_is_told_where_that_moved(key: str) -> None:
    more = f"  balances: [{{name: bitcoin-core, url: 'https://author.example', {key}}}]\n"
    text = spec_text("{name: okx-csv, path: wallets.csv}", assets=("BTC 8",), more=more)
    with pytest.raises(SpecError) as caught:
        parse_spec(text.encode(), "spec.yaml", default_registry())
    assert f"{key.partition(':')[0]} has moved" in str(caught.value)
    assert str(caught.value).startswith("spec.yaml:")
    assert "write `secret: NAME`, and in the file that you give as --secrets" in str(caught.value)


def test_commands_end_with_two_where_a_secret_is_missing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wallets.csv").write_text(okx_csv([wallet("bitcoin P2WSH", 1, "1.5")]))
    write_spec(
        tmp_path,
        spec_text(
            "{name: okx-csv, path: wallets.csv}",
            assets=("BTC 8",),
            more="  balances: [{name: bitcoin-core, secret: geth}]\n",
        ),
    )
    ended = command("reserves", "spec.yaml")
    assert ended.status == 2
    assert "the spec needs the secret 'geth', and no file of secrets is given" in ended.err
    secrets_file(tmp_path)
    ended = command("reserves", "spec.yaml", "--secrets", "secrets.yaml")
    assert ended.status == 2
    assert "there is no secret 'geth'" in ended.err
    assert "hunter2" not in ended.err + ended.out
    ended = command("audit", "spec.yaml", "--secrets", "secrets.yaml", "--out", "audit")
    assert ended.status == 2
    assert "there is no secret 'geth'" in ended.err, "before hours go into a proof"
    assert not (tmp_path / "audit").exists()


# Databases


@pytest.mark.parametrize(
    "attached",
    [
        "{name: ledger, type: postgres, dsn: host=author.example}",
        "{name: ledger, type: postgres, secret: ledger}",
    ],
)
def test_a_spec_names_no_database_server(attached: str) -> None:
    """One that did could have the runner's PGPASSWORD, or what is in ~/.pgpass, sent to a server of its author's."""
    text = spec_text("{name: okx-csv, path: wallets.csv}", assets=("BTC 8",)).replace(
        "accounts: {path: accounts.csv}", f"accounts: {{query: FROM ledger.b, attach: [{attached}]}}"
    )
    assert attached in text
    with pytest.raises(SpecError) as caught:
        parse_spec(text.encode(), "spec.yaml", default_registry())
    assert "a postgres database is not attached any more" in str(caught.value)
    assert "write `database: ledger` under accounts" in str(caught.value)


def test_a_database_is_in_the_file_of_secrets_or_in_a_variable_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(secrets: Secrets, name: str) -> str:
        settings = AccountsSettings(database=name, query="SELECT 1")
        with pytest.raises(AccountsError) as caught:
            read_snapshot(settings, (USD,), base=tmp_path, secrets=secrets)
        assert "hunter2" not in str(caught.value)
        return str(caught.value)

    monkeypatch.delenv("POLYPROOF_DSN_OTHER", raising=False)
    assert "no file of secrets is given (--secrets FILE, with `polyproof-secrets: 1`" in told(NO_SECRETS, "other")
    assert "or the environment variable POLYPROOF_DSN_OTHER with that text" in told(NO_SECRETS, "other")
    secrets = read(secrets_file(tmp_path))
    assert "there is no secret 'other', which the spec needs" in told(secrets, "other")
    monkeypatch.setenv("POLYPROOF_DSN_OTHER", "host=db.example password=hunter2")
    assert "its dsn does not say how the connection to another machine is protected" in told(secrets, "other")
    # What was given on the command line goes before what the environment has.
    monkeypatch.setenv("POLYPROOF_DSN_LEDGER", "no address")
    assert secrets.find("ledger", "dsn").dsn == "host=db password=hunter2"


def test_what_somebody_stored_in_duckdb_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A persistent secret of DuckDB would go along with whatever a query asks of a server."""
    import duckdb

    connect = duckdb.connect
    made: list[Any] = []

    def recorded(*args: Any, config: dict[str, Any]) -> Any:
        made.append(config)
        return connect(*args, config=config)

    monkeypatch.setattr(duckdb, "connect", recorded)
    read_snapshot(AccountsSettings(query="SELECT 'a' AS account, 1 AS USD"), (USD,), base=tmp_path)
    assert [config["allow_persistent_secrets"] for config in made] == [False]
