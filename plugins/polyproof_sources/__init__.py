"""Sources of reserves: the formats that files of wallets come in."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One source for each format."""
    return [
        Component(
            "source",
            "bitmex-yaml",
            "Bitcoin addresses with scripts or descriptors, in YAML as BitMEX publishes them",
            "polyproof_sources.bitmex_yaml:BitmexYaml",
        ),
        Component(
            "source",
            "native",
            "polyproof's own format, in YAML, Parquet or JSON lines",
            "polyproof_sources.native:Native",
        ),
    ]
