"""The recipes for clusters: every manifest is what Kubernetes accepts, and every command on the way really runs.

What a cluster does is played here: it starts a container's command with the number of its segment, or a script of an
array with the number of its task. Paths of volumes become paths of a temporary folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from executors.audits import STARK, write_spec
from polyproof.liabilities import verify

RECIPES = Path(__file__).parents[2] / "docs" / "examples" / "several_machines"
MANIFESTS = sorted(RECIPES.glob("*.yaml"))
SCRIPTS = sorted(RECIPES.glob("*.sh"))
SEGMENTS = 2
BIN = Path(sys.executable).parent


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for document in documents(path):
            if document["kind"] == "Job":
                yield path.name, document["spec"]["template"]["spec"]


def test_the_recipes_are_there() -> None:
    assert [path.name for path in (*MANIFESTS, *SCRIPTS)] == [
        "kubernetes-assemble.yaml",
        "kubernetes-plan.yaml",
        "kubernetes-segments.yaml",
        "kubernetes-volume.yaml",
        "slurm-assemble.sh",
        "slurm-audit.sh",
        "slurm-segment.sh",
    ]


# Kubernetes


@pytest.mark.parametrize("version", ["1.33", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_is_what_kubernetes_accepts(path: Path, version: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_check_of_manifests_finds_a_misspelt_key() -> None:
    (job,) = documents(RECIPES / "kubernetes-segments.yaml")
    job["spec"]["backoffLimitPerIndx"] = job["spec"].pop("backoffLimitPerIndex")
    with pytest.raises(kubernetes_validate.ValidationError, match="backoffLimitPerIndx"):
        kubernetes_validate.validate(job, "1.33", strict=True)


def test_every_pod_keeps_to_one_user_and_to_its_own_cpus() -> None:
    users = set()
    for name, pod in pods():
        security, (container,) = pod["securityContext"], pod["containers"]
        users.add((security["runAsUser"], security["fsGroup"]))
        assert security["runAsNonRoot"], name
        # Otherwise every file of the work directory would be opened to a group.
        assert security["fsGroupChangePolicy"] == "OnRootMismatch", name
        assert container["resources"]["limits"] == container["resources"]["requests"], name
        threads = {"name": "POLYPROOF_THREADS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}
        assert threads in container["env"], name
        mounts = [mount["name"] for mount in container["volumeMounts"]]
        assert mounts == [volume["name"] for volume in pod["volumes"]], name
    assert len(users) == 1


def run(arguments: list[str], environment: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(
        arguments,
        cwd=folder,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_container(name: str, folder: Path, **environment: str) -> str:
    """The command of the one container in a manifest, with the volumes' paths in a folder."""
    (job,) = documents(RECIPES / name)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    paths = {mount["mountPath"]: str(folder / mount["name"]) for mount in container["volumeMounts"]}
    mounted = re.compile(rf"(?<!\S)({'|'.join(paths)})(?=/)")
    command = [mounted.sub(lambda match: paths[match[1]], part) for part in container["command"]]
    return run(command, {"POLYPROOF_THREADS": "1", "TMPDIR": str(folder), **environment}, folder)


def test_the_jobs_make_an_audit_of_a_snapshot(tmp_path: Path) -> None:
    for volume in ("snapshot", "work"):
        (tmp_path / volume).mkdir()
    write_spec(tmp_path / "snapshot", STARK, 1500)
    planned = json.loads(run_container("kubernetes-plan.yaml", tmp_path))["result"]
    assert len(planned["segments"]) == SEGMENTS
    assert (tmp_path / "work" / "november").stat().st_mode & 0o777 == 0o700
    for index in range(SEGMENTS):
        run_container("kubernetes-segments.yaml", tmp_path, JOB_COMPLETION_INDEX=str(index))
    run_container("kubernetes-assemble.yaml", tmp_path)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["november-audit"]
    assert len(verify(tmp_path / "work" / "november-audit").audit.manifest.segments) == SEGMENTS


# Slurm

SBATCH = """\
#!/bin/bash
# Runs what is submitted, at once and in order, as Slurm would after a while.
set -euo pipefail
first=0 last=0 array=
echo "$*" >>"$SUBMITTED"
while [[ $1 == --* ]]; do
  case $1 in
    --array=*) array=yes; range=${1#--array=}; first=${range%-*}; last=${range#*-} ;;
  esac
  shift
done
script=$1; shift
for ((task = first; task <= last; task++)); do
  if [[ $array ]]; then export SLURM_ARRAY_TASK_ID=$task; fi
  SLURM_CPUS_PER_TASK=1 bash "$script" "$@" >&2
done
echo "17;cluster"
"""


def test_the_scripts_make_an_audit_of_a_snapshot(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sbatch").write_text(SBATCH)
    (tmp_path / "bin" / "sbatch").chmod(0o755)
    spec = write_spec(tmp_path, STARK, 1500)
    run(
        ["bash", str(RECIPES / "slurm-audit.sh"), str(spec), "work", "audit"],
        {"PATH": f"{tmp_path / 'bin'}:{BIN}:{os.environ['PATH']}", "SUBMITTED": str(tmp_path / "submitted")},
        tmp_path,
    )
    segments, assembled = (tmp_path / "submitted").read_text().splitlines()
    assert f"--array=0-{SEGMENTS - 1} " in segments
    assert "--dependency=afterok:17 " in assembled
    assert not (tmp_path / "work").exists()
    assert len(verify(tmp_path / "audit").audit.manifest.segments) == SEGMENTS


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_sound_to_shellcheck(path: Path) -> None:
    run(["shellcheck", "--norc", str(path)], {}, path.parent)
