#!/bin/bash
#SBATCH --job-name=polyproof-segment
#SBATCH --cpus-per-task=8
#SBATCH --mem=12G
#SBATCH --time=01:00:00
#SBATCH --requeue
# One segment of an array: sbatch --array=0-7 slurm-segment.sh WORK
set -euo pipefail
export POLYPROOF_THREADS="${SLURM_CPUS_PER_TASK:-1}"
exec polyproof prove-segment "$1" --index "$SLURM_ARRAY_TASK_ID"
