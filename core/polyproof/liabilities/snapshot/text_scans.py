"""Queries that read text: nothing about it may be guessed, since a wrong guess changes balances in silence.

DuckDB takes the types of CSV and JSON from the first records: 0.4 further down becomes 0, and the id 0000007 becomes 7.
It guesses comments, lines to skip and the header too, each of which drops accounts. So a query may read text only where
it states the types; what it leaves open of the rest is set to a value that drops nothing.

The plan decides, which has every scan in it, whether it comes from the query, a view, a macro or ``query()``:

1. A plan without a scan of text is fine, if all its scans are of kinds that store types.
2. Otherwise every scan of the query's own syntax tree that states its types is replaced by an empty table with the same
   columns. A scan of text that is then still in the plan is none that this module has seen to, and is refused.

What cannot be decided is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import duckdb
from attrs import define, field

from polyproof.errors import Problem
from polyproof.liabilities.snapshot.file import literal, quoted
from polyproof.model.assets import Asset
from polyproof.model.counts import counted

__all__ = ["UndecidedError", "stated_query"]

_STORED = {
    *("SEQ_SCAN", "DUMMY_SCAN", "CTE_SCAN", "DELIM_GET", "EMPTY_RESULT", "COLUMN_DATA_SCAN", "CHUNK_GET"),
    *("PARQUET_SCAN", "READ_PARQUET", "READ_DUCKDB", "READ_TEXT", "READ_BLOB"),
    *("POSTGRES_SCAN", "POSTGRES_SCAN_PUSHDOWN", "POSTGRES_QUERY", "SQLITE_SCAN", "SQLITE_QUERY"),
    *("RANGE", "GENERATE_SERIES", "UNNEST", "REPEAT"),
}
"""Leaves of plans whose types come from a schema or from the query.

A plan names a table function as it is registered, in upper case. Those of databases: ``postgres_scan``,
``postgres_scan_pushdown`` and ``postgres_query`` in github.com/duckdb/duckdb-postgres (src/postgres_scanner.cpp,
src/postgres_query.cpp), ``sqlite_scan`` and ``sqlite_query`` in github.com/duckdb/duckdb-sqlite; as of November 2026. A
name that is missing here, or that a later version changes, is refused and not read.
"""
_TEXT = re.compile(r"READ_(?:CSV|JSON|NDJSON)\w*")
"""Leaves whose types come from text."""
_SCANS = re.compile(r"read_(?:csv|json|ndjson)\w*")
"""The same, as functions in a query."""
_OBJECTS = re.compile(r"read_(?:json|ndjson)_objects\w*")
"""Of those, what reads each record as one JSON text."""
_TYPING = {"types", "dtypes", "column_types"}
_BY_PLACE = {"columns", "names", "column_names"}
_NAMING = {*_TYPING, "columns", "names", "column_names", "all_varchar", "auto_type_candidates", "union_by_name"}
_LOSING = {"ignore_errors", "store_rejects", "null_padding", "strict_mode", "union_by_name"}
"""Options that leave out records, or make NULL, which is zero, of amounts that are missing."""
_NUMBERS = re.compile(r"\b(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|VARINT|FLOAT|DOUBLE|VARIANT)\b")
"""Types that take a text with a fraction and do not keep it: DuckDB reads 0.4 as the integer 0."""
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")
_FIGURES = "|".join(rf"[0-9]{{{whole}}}\.[0-9]{{{16 - whole},}}" for whole in range(1, 16)) + r"|[0-9]{16,}[.eE]"
"""JSON numbers of more than 15 digits that are no integers. Those of up to 15 survive as floats."""
_HINT = (
    "read it in the query itself, as text, and convert amounts there: read_csv('FILE', all_varchar = true), "
    "or read_json('FILE', columns = {account: 'VARCHAR', BTC: 'VARCHAR'})"
)

Tree = dict[str, Any]
"""A part of a syntax tree as DuckDB's ``json_serialize_sql`` writes it."""


class UndecidedError(Exception):
    """A query that must not be run as it is; ``problem`` says why."""

    def __init__(self, message: str, hint: str) -> None:
        self.problem = Problem(message, hint=hint)
        super().__init__(message)


def stated_query(connection: duckdb.DuckDBPyConnection, query: str, assets: Sequence[Asset]) -> str:
    """The query to run for a SELECT: itself, or, if it reads text, one in which nothing about that is left to guess.

    Raises ``UndecidedError``, and ``duckdb.Error`` for a query that cannot be planned.
    """
    if not _text_in_plan(connection, query):
        return query
    tree = _parse(connection, query)
    checked = deepcopy(tree)
    stubs: list[tuple[str, list[str]]] = []
    for node, copy in zip(list(_scans_in(tree)), list(_scans_in(checked)), strict=True):
        scan = _Scan(connection, node, max((asset.decimals for asset in assets), default=0))
        if not scan.states_types():
            continue
        scan.check()
        stub = f"polyproof_scan_{len(stubs)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {stub} AS FROM ({scan.sql()}) LIMIT 0")
        table = _table(connection, stub)
        table |= {key: copy[key] for key in ("alias", "column_name_alias", "sample") if key in copy}
        table["alias"] = table.get("alias") or scan.function
        copy.clear()
        copy.update(table)
        stubs.append((stub, [] if scan.header_stated else [name for name, _ in scan.columns]))
    without = _unparse(connection, checked)
    rest = _text_in_plan(connection, without)
    if rest:
        raise UndecidedError(
            f"reads text ({', '.join(sorted(rest))}) of which DuckDB guesses the types from the first records: "
            "further down, 0.4 can become 0 and the id 0000007 become 7",
            _HINT,
        )
    _check_names_matter(connection, without, stubs)
    return _unparse(connection, tree)


def _text_in_plan(connection: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    """The scans of text in a query's plan, before anything is optimised away."""
    connection.execute("SET explain_output = 'all'")
    plans = dict(connection.execute(f"EXPLAIN (FORMAT json) {query}").fetchall())
    if "logical_plan" not in plans:
        raise UndecidedError(
            "its plan cannot be read", "export the query's result as CSV or Parquet, and give its path"
        )
    names = set(_leaves(json.loads(plans["logical_plan"])))
    unknown = {name for name in names if name not in _STORED and not _TEXT.fullmatch(name)}
    if unknown:
        raise UndecidedError(
            f"reads with {', '.join(sorted(unknown))}, and whether types are guessed there is not known",
            "tables, Parquet and text with stated types can be read; or export the query's result as CSV",
        )
    return names - _STORED


def _leaves(nodes: Sequence[Tree]) -> Iterator[str]:
    for node in nodes:
        name = str(node["name"]).strip().upper()
        children = node.get("children") or []
        if not children or _TEXT.fullmatch(name):
            yield name
        yield from _leaves(children)


def _parse(connection: duckdb.DuckDBPyConnection, query: str) -> Tree:
    ((text,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
    tree: Tree = json.loads(text)
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        raise UndecidedError(
            "reads text in a statement in which its types cannot be checked", "write it as a plain SELECT; " + _HINT
        )
    return tree


def _unparse(connection: duckdb.DuckDBPyConnection, tree: Tree) -> str:
    ((text,),) = connection.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]).fetchall()
    return str(text)


def _scans_in(node: Any) -> Iterator[Tree]:
    """The calls of DuckDB's own readers of text: those of a database that is attached are named by it."""
    if isinstance(node, dict):
        function = node.get("function")
        if node.get("type") == "TABLE_FUNCTION" and isinstance(function, dict):
            path = (function.get("qualified_name") or {}).get("path") or []
            named = function.get("schema") or function.get("catalog") or len(path) > 1
            if not named and _SCANS.fullmatch(str(function.get("function_name")).lower()):
                yield node
        for value in node.values():
            yield from _scans_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from _scans_in(value)


@define(eq=False)
class _Scan:
    """A call of ``read_csv`` and the like in a syntax tree, in which ``check`` states what was left open."""

    connection: duckdb.DuckDBPyConnection
    node: Tree
    decimals: int
    """The most decimals of an asset."""
    columns: list[tuple[str, str]] = field(factory=list)
    """Name and type, as DuckDB would read them."""
    header_stated: bool = False

    @property
    def function(self) -> str:
        """What is called, in lower case."""
        return str(self.node["function"]["function_name"]).lower()

    @property
    def csv(self) -> bool:
        """Whether it reads CSV, and else JSON."""
        return self.function.startswith("read_csv")

    def options(self) -> dict[str, Tree]:
        """What is named in the call, by its name."""
        return {name: value for name, value in map(_named, _arguments(self.node)) if name is not None}

    def sql(self) -> str:
        """The call as a SELECT of all its columns."""
        return _select(self.connection, self.node)

    def states_types(self) -> bool:
        """Whether the call states a type for every column; finds the columns."""
        options = self.options()
        self.columns = _described(self.connection, self.sql())
        if "columns" in options or _OBJECTS.fullmatch(self.function):
            return True
        if not self.csv:
            return False
        if any(len(_elements(options[key])) == len(self.columns) for key in _TYPING if key in options):
            return True
        return "all_varchar" in options and all(kind == "VARCHAR" for _, kind in self.columns)

    def check(self) -> None:
        """Raise ``UndecidedError`` if something can be lost; state in the tree what was left open."""
        options = self.options()
        for name in options:
            if name in _LOSING or name.startswith("rejects_"):
                raise UndecidedError(
                    f"reads text with {name}, with which records or amounts that are not as expected are lost",
                    f"remove {name}",
                )
        for name, kind in self.columns:
            self._check_type(name, kind)
        if self.csv:
            self._state_dialect(options)
            if _BY_PLACE & options.keys():
                self._check_places()
        else:
            self._check_figures()

    def _check_type(self, name: str, kind: str) -> None:
        hint = (
            f"state VARCHAR, or a DECIMAL with at least {counted(self.decimals, 'decimal')}, and convert in the query"
        )
        if _NUMBERS.search(kind):
            raise UndecidedError(
                f"reads column {name!r} of text as {kind}, and DuckDB cuts off in silence what that cannot hold", hint
            )
        scales = [int(scale) for scale in _DECIMAL.findall(kind)]
        if scales and min(scales) < self.decimals:
            raise UndecidedError(
                f"reads column {name!r} of text as {kind}, and DuckDB rounds in silence what has more decimals", hint
            )

    def _state_dialect(self, options: dict[str, Tree]) -> None:
        """No comments and no lines to skip, unless stated; a header if the first line has the names, or as stated."""
        arguments = _arguments(self.node)
        add = [name for name in ("comment", "skip") if name not in options]
        self.header_stated = "header" in options
        if not self.header_stated:
            probe = deepcopy(self.node)
            kept = [argument for argument in arguments if _named(argument)[0] not in _NAMING]
            more = ("all_varchar", "header", "union_by_name", *add)
            _set_arguments(probe, [*kept, *_stated(self.connection, more)])
            try:
                found = [name for name, _ in _described(self.connection, _select(self.connection, probe))]
            except duckdb.Error:
                found = []
            if found != [name for name, _ in self.columns] or self.node.get("column_name_alias"):
                raise UndecidedError(
                    "reads CSV whose first line does not name the columns as the query does: DuckDB would guess if it "
                    "is an account, and which lines are comments",
                    "state header = true or header = false in read_csv, and comment and skip where there is such a "
                    "thing",
                )
            add.append("header")
        _set_arguments(self.node, [*arguments, *_stated(self.connection, add)])

    def _check_places(self) -> None:
        """Columns that the call names are taken by place, in each file, whatever the file's first line calls them."""
        stated = [name.lower() for name, _ in self.columns]
        path, *others = [each for each in _arguments(self.node) if _named(each)[0] not in _NAMING]
        listing = _table(self.connection, "glob('FILE')")
        _set_arguments(listing, [path])
        first: tuple[str, list[str]] | None = None
        for (file,) in self.connection.execute(_select(self.connection, listing)).fetchall():
            probe = deepcopy(self.node)
            alone = _arguments(_table(self.connection, f"glob({literal(file)})"))
            _set_arguments(probe, [*alone, *others, *_stated(self.connection, ["all_varchar"])])
            found = [name.lower() for name, _ in _described(self.connection, _select(self.connection, probe))]
            first = first or (file, found)
            if found != first[1]:
                raise UndecidedError(
                    f"names columns by their places, and the first lines of {first[0]} and {file} differ: one may be "
                    "an account, or have the columns in another order",
                    "leave the names out where first lines name the columns, or state header = false",
                )
            for place, name in enumerate(found):
                if name in stated and stated[place : place + 1] != [name]:
                    raise UndecidedError(
                        f"takes column {place + 1} of {file} as another than {name!r}, which its first line calls it",
                        "columns named in read_csv go by their places: leave the names out, or put them in that order",
                    )

    def _check_figures(self) -> None:
        """DuckDB makes floats of JSON's numbers before it makes anything else of them."""
        probe = deepcopy(self.node)
        probe["function"]["function_name"] = "read_json_objects"
        if "qualified_name" in probe["function"]:
            probe["function"]["qualified_name"]["path"] = ["read_json_objects"]
        kept = {None, "format", "compression", "maximum_object_size"}
        _set_arguments(probe, [argument for argument in _arguments(self.node) if _named(argument)[0] in kept])
        names = [None] if _OBJECTS.fullmatch(self.function) else [self._key(name, kind) for name, kind in self.columns]
        key = "[:\\[,]" if None in names else f'"(?:{"|".join(map(re.escape, filter(None, names)))})"\\s*:'
        # What stands in quotes is text; of what is left, keys are kept.
        stripped = r"""regexp_replace(json, '(:|,|\[)\s*"(?:[^"\\]|\\.)*"\s*([,}\]])', '\1""\2', 'g')"""
        if (
            names
            and self.connection.execute(
                f"SELECT 1 FROM ({_select(self.connection, probe)}) WHERE regexp_matches({stripped}, ?) LIMIT 1",
                [rf"{key}\s*-?(?:{_FIGURES})"],
            ).fetchall()
        ):
            raise UndecidedError(
                "reads JSON with numbers of more than 15 digits, which DuckDB rounds in silence",
                "write them in quotes, or export CSV or Parquet",
            )

    @staticmethod
    def _key(name: str, kind: str) -> str | None:
        """The key whose numbers the column has; ``None`` for any."""
        return name if kind == "VARCHAR" or _DECIMAL.fullmatch(kind) else None


def _check_names_matter(
    connection: duckdb.DuckDBPyConnection, query: str, stubs: Sequence[tuple[str, list[str]]]
) -> None:
    """Where a query takes columns by their places alone, a first line that was taken for a header may be an account."""
    for stub, names in stubs:
        if not names or stub not in query:  # a tree may hold a part twice, of which one is never written out
            continue
        before = _described(connection, query)
        for number, name in enumerate(names):
            connection.execute(f"ALTER TABLE {stub} RENAME COLUMN {quoted(name)} TO polyproof_{number}")
        try:
            same = _described(connection, query) == before
        except duckdb.Error:
            same = False
        if same:
            raise UndecidedError(
                "takes columns of CSV by their places, whether or not the first line names them",
                "state header = true or header = false in read_csv",
            )
        for number, name in enumerate(names):
            connection.execute(f"ALTER TABLE {stub} RENAME COLUMN polyproof_{number} TO {quoted(name)}")


def _described(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    return [(name, str(kind).upper()) for name, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall()]


def _table(connection: duckdb.DuckDBPyConnection, text: str) -> Tree:
    """What stands after FROM, as a tree."""
    table: Tree = _parse(connection, f"FROM {text}")["statements"][0]["node"]["from_table"]
    return table


def _select(connection: duckdb.DuckDBPyConnection, scan: Tree) -> str:
    tree = _parse(connection, "FROM polyproof_scan")
    tree["statements"][0]["node"]["from_table"] = {**scan, "alias": "", "column_name_alias": [], "sample": None}
    return _unparse(connection, tree)


def _stated(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[Tree]:
    values = {"comment": "''", "skip": "0", "header": "true", "all_varchar": "true", "union_by_name": "true"}
    named = "".join(f", {name} = {values[name]}" for name in names)
    return _arguments(_table(connection, f"read_csv('FILE'{named})"))[1:]


def _place_of_arguments(scan: Tree) -> str:
    return "arguments" if "arguments" in scan["function"] else "children"


def _arguments(scan: Tree) -> list[Tree]:
    arguments: list[Tree] = scan["function"].get(_place_of_arguments(scan)) or []
    return arguments


def _set_arguments(scan: Tree, arguments: list[Tree]) -> None:
    scan["function"][_place_of_arguments(scan)] = arguments


def _named(argument: Tree) -> tuple[str | None, Tree]:
    """Name, in lower case, and value of an argument: ``name = value`` or ``name := value``."""
    value: Tree = argument.get("expression", argument)
    name = argument.get("name") or value.get("alias")
    if not name and value.get("type") == "COMPARE_EQUAL" and value["left"].get("type") == "COLUMN_REF":
        return str(value["left"]["column_names"][-1]).lower(), value["right"]
    return (str(name).lower() if name else None), value


def _elements(value: Tree) -> list[Any]:
    """What a struct or a list written in a query has in it."""
    if value.get("function_name") not in ("struct_pack", "list_value") and value.get("type") != "ARRAY_CONSTRUCTOR":
        return []
    return list(value.get("arguments") or value.get("children") or [])
