"""A real Dask cluster of processes on this machine: the conformance suite, and what can go wrong on the way to it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import dask.config
import pytest
from distributed import LocalCluster

from executors.audits import STARK, killing, spec_of
from polyproof.errors import ExecutionError, SpecError
from polyproof.executor import Executor, Work
from polyproof.liabilities import prove, verify
from polyproof.registry import default_registry
from polyproof.testing.executor import ExecutorSuite, leave_a_file
from polyproof_executors.dask_cluster import Dask, DaskOptions


def started(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    # A cluster of this kind gives a worker up that is not back in so many seconds. On a busy machine that is too few.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}), started(2) as running:
        yield running


class TestDask(ExecutorSuite):
    separate = True

    @pytest.fixture
    def make(self, cluster: LocalCluster) -> Callable[[], Executor]:
        return lambda: Dask(DaskOptions(scheduler=cluster.scheduler_address), default_registry())


def test_a_scheduler_file_names_the_scheduler(cluster: LocalCluster, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(f'{{"address": "{cluster.scheduler_address}"}}')
    (tmp_path / "work").mkdir()
    executor = Dask(DaskOptions(scheduler=str(file)), default_registry())
    assert list(executor.run(Work(tmp_path / "work", leave_a_file), (3,))) == [3]


def test_a_missing_scheduler_file_is_named(tmp_path: Path) -> None:
    executor = Dask(DaskOptions(scheduler=str(tmp_path / "scheduler.json")), default_registry())
    with pytest.raises(ExecutionError, match=r"scheduler\.json is not there"):
        list(executor.run(Work(tmp_path, leave_a_file), (0,)))


def test_an_address_that_needs_a_certificate_says_where_one_is_named(tmp_path: Path) -> None:
    executor = Dask(DaskOptions(scheduler="tls://127.0.0.1:8786"), default_registry())
    with pytest.raises(ExecutionError, match="TLS__CA_FILE"):
        list(executor.run(Work(tmp_path, leave_a_file), (0,)))


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    executor = Dask(DaskOptions(scheduler="tls://127.0.0.1:8786"), default_registry())
    missing = {"ca-file": "no-ca.pem", "client.cert": "no-cert.pem", "client.key": "no-key.pem"}
    named = {f"distributed.comm.tls.{key}": file for key, file in missing.items()}
    with dask.config.set(named), pytest.raises(ExecutionError, match="No such file"):
        list(executor.run(Work(tmp_path, leave_a_file), (0,)))


def test_a_cluster_without_workers_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with started(0) as empty:
        executor = Dask(DaskOptions(scheduler=empty.scheduler_address, wait=1), default_registry())
        with pytest.raises(ExecutionError, match="has no worker, and for 1 seconds none came"):
            list(executor.run(Work(tmp_path, leave_a_file), (0,)))


def test_what_no_worker_can_run_is_told_with_its_segment(cluster: LocalCluster, tmp_path: Path) -> None:
    executor = Dask(DaskOptions(scheduler=cluster.scheduler_address), default_registry())
    with pytest.raises(ExecutionError, match=r"segment 0 could not be proved on the cluster: .* deserialization"):
        list(executor.run(Work(tmp_path, Unknown()), (0,)))


class Unknown:
    """Work that another process cannot load: as where polyproof is not installed."""

    def __call__(self, directory: Path, index: int) -> None:
        raise AssertionError(os.getpid())

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return __import__, ("no_such_module",)


def test_an_audit_comes_out_whole_though_a_worker_is_killed_in_the_middle_of_a_proof(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    spec = spec_of(tmp_path, STARK, 2400, f"{{name: dask, scheduler: '{cluster.scheduler_address}'}}")
    with cluster.get_client() as client:
        pids = list(client.run(os.getpid).values())
    with killing(tmp_path / ".audit.partial", lambda: [os.kill(pid, signal.SIGKILL) for pid in pids]) as struck:
        proved = prove(spec, tmp_path / "audit")
    assert struck, "nobody was killed"
    assert len(proved.segments) > 2
    assert verify(tmp_path / "audit").totals == proved.manifest.totals
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "audit", "spec.yaml"]
    with cluster.get_client() as client:
        assert not set(pids) & set(client.run(os.getpid).values())


@pytest.mark.parametrize("scheduler", ["", "scheduler:8786", "http://scheduler:8786", "scheduler.json"])
def test_a_scheduler_is_an_address_or_an_absolute_path(scheduler: str) -> None:
    with pytest.raises(SpecError, match="expected an address such as tls://scheduler:8786"):
        DaskOptions(scheduler=scheduler)


# Last: Python closes the client of a connection that failed at any later time, and everything else then waits for it.


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        executor = Dask(DaskOptions(scheduler=address, wait=1), default_registry())
        with pytest.raises(ExecutionError, match=f"the Dask scheduler {address} cannot be reached"):
            list(executor.run(Work(tmp_path, leave_a_file), (0,)))


def test_a_scheduler_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "scheduler.json").write_text("{}")
    executor = Dask(DaskOptions(scheduler=str(tmp_path / "scheduler.json"), wait=1), default_registry())
    with pytest.raises(ExecutionError, match="cannot be reached"):
        list(executor.run(Work(tmp_path, leave_a_file), (0,)))
