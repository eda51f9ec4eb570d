"""Sponges over Goldilocks: Poseidon, Poseidon2 and Rescue Prime Optimized."""
