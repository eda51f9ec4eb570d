"""The executor ``dask``: each segment is a task on some worker of a Dask cluster that sees the work directory.

What travels is the path of the directory, the number of the segment, and the error if there is one. Whoever reaches the
scheduler can have its workers run anything: a cluster that proves must be reachable by those alone who may see the
accounts, which is what ``tls://`` and its certificates are for.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen
from distributed import Client, Future, KilledWorker, Security, wait

from polyproof.config.options import option
from polyproof.errors import ExecutionError, Problem
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.plugin_faults import told

__all__ = ["Dask", "DaskOptions"]


@frozen
class DaskOptions:
    """Which cluster, and how much of it."""

    scheduler: str = option(
        pattern=(
            r"(tcp|tls|ws|wss|ucx)://\S+|/.+",
            "an address such as tls://scheduler:8786, or the absolute path of a scheduler file",
        ),
        doc="Address of the scheduler, such as `tls://scheduler:8786`, or the absolute path of the file that "
        "`dask scheduler --scheduler-file` writes.",
    )
    at_once: int | None = option(
        default=None,
        least=1,
        most=100_000,
        doc="Segments that are with the cluster at once. Left out: as many as it has workers, so that each has the "
        "memory and the CPUs of its worker for itself; a cluster that grows with its work wants a number.",
    )
    wait: int = option(
        default=60, least=1, most=86_400, doc="Seconds to wait for the scheduler, and for a worker when there is none."
    )


class Dask(Executor):
    """A Dask cluster."""

    name = "dask"
    Options = DaskOptions
    options: DaskOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        """Prove segments on the cluster, whose scheduler tries one again if its worker dies (``allowed-failures``)."""
        if not indices:
            return
        client = self._connected()
        waiting, running = deque(indices), dict[Future[None], int]()
        # Results are kept by key: another run of the same segments is other work.
        this_run = secrets.token_hex(8)
        try:
            self._await_worker(client)
            while waiting or running:
                most = self.options.at_once or max(1, len(client.nthreads()))
                while waiting and len(running) < most:
                    index = waiting.popleft()
                    future = client.submit(_prove, work, index, key=f"polyproof-{index}-{this_run}", pure=False)
                    running[future] = index
                for future in self._ended(client, list(running)):
                    index = running.pop(future)
                    _check(future, index)
                    yield index
        finally:
            client.cancel(list(running))
            client.close()

    def _connected(self) -> Client:
        where = self.options.scheduler
        if where.startswith("/") and not Path(where).is_file():
            raise ExecutionError(f"{where} is not there: dask scheduler --scheduler-file writes it")
        arguments = {"scheduler_file": where} if where.startswith("/") else {"address": where}
        try:
            security = Security()
            if where.startswith("tls:") and security.get_connection_args("client")["ssl_context"] is None:
                raise ExecutionError(
                    Problem(
                        f"the Dask scheduler {where} is reached with a certificate, and Dask knows of none",
                        hint="DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT and …__CLIENT__KEY name its files",
                    )
                )
            return Client(**arguments, timeout=self.options.wait, set_as_default=False, security=security)
        except ExecutionError:
            raise
        except Exception as error:
            # Certificates that cannot be read, a scheduler file that is none, no answer: what is configured, or a
            # network, and no fault of this program.
            raise ExecutionError(f"the Dask scheduler {where} cannot be reached: {told(error)}") from error

    def _await_worker(self, client: Client) -> None:
        try:
            client.wait_for_workers(1, timeout=self.options.wait)
        except TimeoutError as error:
            raise ExecutionError(
                f"the Dask scheduler {self.options.scheduler} has no worker, and for {self.options.wait} seconds "
                "none came"
            ) from error

    def _ended(self, client: Client, running: list[Future[None]]) -> list[Future[None]]:
        while True:
            try:
                with client.as_current():
                    return list(wait(running, timeout=self.options.wait, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                self._await_worker(client)


def _prove(work: Work, index: int) -> None:
    # At the top of the module: workers find it by its name.
    work(index)


def _check(future: Future[None], index: int) -> None:
    """Raise what ended a task."""
    try:
        future.result()
    except SegmentFailed:
        raise
    except KilledWorker as error:
        raise ExecutionError(
            Problem(
                f"segment {index} was tried {error.allowed_failures + 1} times, and each time the worker that proved "
                f"it died, the last one at {error.last_worker.address}",
                hint="a worker is killed where a segment takes more memory than it may have",
            )
        ) from error
    except Exception as error:
        raise ExecutionError(
            Problem(
                f"segment {index} could not be proved on the cluster: {told(error)}",
                hint="every worker needs the same Python, polyproof and plugins as this process",
            )
        ) from error
