#!/bin/bash
#SBATCH --job-name=polyproof-assemble
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=01:00:00
# After all segments: sbatch --dependency=afterok:JOB slurm-assemble.sh WORK AUDIT
set -euo pipefail
exec polyproof assemble "$1" --out "$2" --jobs "${SLURM_CPUS_PER_TASK:-1}"
