#!/bin/bash
# Plans an audit here, and submits its segments and what comes after them: bash slurm-audit.sh SPEC WORK AUDIT
set -euo pipefail
here=$(dirname "$0")
plan=$(polyproof plan "$1" --out "$2" --json)
segments=$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["result"]["segments"]))' <<<"$plan")
array=$(sbatch --parsable --array="0-$((segments - 1))" "$here/slurm-segment.sh" "$2")
sbatch --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes "$here/slurm-assemble.sh" "$2" "$3"
