"""Who notes a publication digest, and how anybody checks that it was noted."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One anchor for each kind of evidence."""
    return [
        Component(
            "anchor",
            "rfc3161",
            "A token of a time-stamping authority (RFC 3161): time by its clock",
            "polyproof_anchors.rfc3161:Rfc3161",
        ),
        Component(
            "anchor",
            "opentimestamps",
            "A path to a block of Bitcoin, by calendars of OpenTimestamps: time by Bitcoin's miners",
            "polyproof_anchors.opentimestamps:OpenTimestamps",
        ),
        Component(
            "anchor",
            "ethereum-event",
            "A log of a declared contract of Ethereum: time by its validators, and uniqueness",
            "polyproof_anchors.ethereum_event:EthereumEvent",
        ),
    ]
