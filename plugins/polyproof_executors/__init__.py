"""Where the segments of an audit are proved: on this machine, or on a Dask cluster."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One executor for each place."""
    return [
        Component(
            "executor",
            "local",
            "This machine: one segment at a time, or several in processes of their own",
            "polyproof_executors.local:Local",
        ),
        Component(
            "executor",
            "dask",
            "A Dask cluster whose workers see the work directory",
            "polyproof_executors.dask_cluster:Dask",
        ),
    ]
