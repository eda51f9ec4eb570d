"""Linear algebra over a prime field in plain integers, for observers of proofs."""

from __future__ import annotations


def _eliminate(rows: list[list[int]], columns: int, modulus: int) -> int:
    """Row-reduce in place on the first ``columns`` columns; the rank of that part."""
    found = 0
    for column in range(columns):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, modulus)
        rows[found] = [value * inverse % modulus for value in rows[found]]
        for r in range(len(rows)):
            if r != found and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [(a - factor * b) % modulus for a, b in zip(rows[r], rows[found], strict=True)]
        found += 1
    return found


def rank(matrix: list[list[int]], modulus: int) -> int:
    """The rank of a matrix."""
    return _eliminate([list(row) for row in matrix], len(matrix[0]), modulus)


def consistent(matrix: list[list[int]], right: list[int], modulus: int) -> bool:
    """Whether the system matrix·x = right has a solution."""
    columns = len(matrix[0])
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    solved = _eliminate(rows, columns, modulus)
    return all(row[-1] == 0 for row in rows[solved:])


def solve(matrix: list[list[int]], right: list[int], modulus: int) -> list[int]:
    """The solution of a square system of full rank."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    if _eliminate(rows, len(matrix[0]), modulus) != len(matrix[0]):
        raise ValueError("the system has no single solution")
    return [row[-1] for row in rows[: len(matrix[0])]]
