"""BN254: sums of multiples, and bytes of points; the pairing is tested with the commitment."""

from __future__ import annotations

import random

import pytest
from py_ecc import optimized_bn128 as bn

from polyproof.errors import ProofRejected
from polyproof_kzg.curve import BN254, G1_BYTES
from polyproof_kzg.polynomials import TWO_ADICITY, divide, evaluate, interpolate, root_of_unity

R, Q = bn.curve_order, bn.field_modulus


def same(a: object, b: object) -> bool:
    return BN254.encode(a) == BN254.encode(b)


def test_a_sum_of_multiples_is_what_py_ecc_adds_up() -> None:
    rng = random.Random(1)
    points = [bn.multiply(bn.G1, rng.randrange(R)) for _ in range(5)]
    for scalars in ([rng.randrange(R) for _ in points], [0, 1, R - 1, 2, 1 << 250], [0] * 5):
        expected = bn.Z1
        for point, scalar in zip(points, scalars, strict=True):
            expected = bn.add(expected, bn.multiply(point, scalar))
        assert same(BN254.combine(points, scalars), expected)
    assert bn.is_inf(BN254.combine([], []))


def test_the_same_point_twice_and_its_negative_add_up() -> None:
    """Buckets add a point to itself and to its negative, which formulas for different points alone get wrong."""
    point = bn.multiply(bn.G1, 5)
    assert same(BN254.combine([point, point, bn.neg(point)], [7, 7, 7]), bn.multiply(bn.G1, 35))
    assert bn.is_inf(BN254.combine([point, bn.neg(point)], [3, 3]))


def test_multiples_of_the_generator() -> None:
    scalars = [0, 1, 15, 16, R - 1, 1 << 253, 12345678901234567890]
    for scalar, point in zip(scalars, BN254.multiples(scalars), strict=True):
        assert same(point, bn.multiply(bn.G1, scalar))


def test_points_of_the_first_group_have_one_encoding() -> None:
    for point in (bn.G1, bn.multiply(bn.G1, 77), bn.Z1):
        data = BN254.encode(point)
        assert len(data) == G1_BYTES
        assert same(BN254.decode(data, "point"), point)
    x, y = (int(value) for value in bn.normalize(bn.multiply(bn.G1, 77)))
    hostile = {
        "off the curve": (x, y ^ 1),
        "x beyond q": (x + Q, y),
        "y beyond q": (x, y + Q),
        "all ones": (2**256 - 1, 2**256 - 1),
        "half of infinity": (0, 1),
        "of another curve, where small subgroups are": (0, 2),
    }
    for name, (a, b) in hostile.items():
        with pytest.raises(ProofRejected) as caught:
            BN254.decode(a.to_bytes(32, "little") + b.to_bytes(32, "little"), name)
        assert caught.value.check == "curve-point"
    with pytest.raises(ProofRejected):
        BN254.decode(bytes(63), "too short")


def test_points_of_the_second_group_are_of_prime_order() -> None:
    point = bn.multiply(bn.G2, 99)
    data = BN254.encode_second(point)
    assert BN254.encode_second(BN254.decode_second(data, "point")) == data
    hostile = [bytes(128), b"\xff" * 128, data[:127], data[:-1] + bytes([data[-1] ^ 1])]
    for changed in hostile:
        with pytest.raises(ProofRejected) as caught:
            BN254.decode_second(changed, "point")
        assert caught.value.check == "curve-point"


def test_a_point_on_the_twist_outside_the_group_is_refused() -> None:
    """The twist has about 2^508 points, and r of them are the group: this one has a small x, and is outside."""
    x = (0, 1)
    y = (
        5857410223677516958241855868975604786906559121396168184066542210254491971240,
        3499505209057624827709920819629410982529044040404494099368353913743455207650,
    )
    assert bn.is_on_curve((bn.FQ2(x), bn.FQ2(y), bn.FQ2.one()), bn.b2)
    with pytest.raises(ProofRejected, match="not in its group of prime order"):
        BN254.second_point([*x, *y], "point")


def test_roots_of_unity_have_their_order_and_no_larger_one() -> None:
    for exponent in (1, 2, 10, TWO_ADICITY):
        omega = root_of_unity(1 << exponent, R)
        assert pow(omega, 1 << exponent - 1, R) == R - 1
    assert (R - 1) % (1 << TWO_ADICITY) == 0
    assert (R - 1) >> TWO_ADICITY & 1
    assert all(pow(5, (R - 1) // prime, R) != 1 for prime in (2, 3, 13, 29, 983, 11003, 237073, 405928799))


def test_interpolation_evaluation_and_division() -> None:
    rng = random.Random(2)
    for n in (1, 2, 8, 32):
        values, omega = [rng.randrange(R) for _ in range(n)], root_of_unity(n, R)
        f = interpolate(values, omega, R)
        assert [evaluate(f, pow(omega, k, R), R) for k in range(n)] == values
        assert n * f[0] % R == sum(values) % R
        z, x = rng.randrange(R), rng.randrange(R)
        quotient = divide(f, z, R)
        assert len(quotient) == n - 1
        assert (evaluate(f, x, R) - evaluate(f, z, R)) % R == (x - z) * evaluate(quotient, x, R) % R
