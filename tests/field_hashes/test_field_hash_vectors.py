"""The permutations give the published outputs and the generators the published constants."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from field_hashes.cases import P, as_words, repeated
from polyproof.engine import Engine
from polyproof.toolkit.poseidon2_parameters import _resists_subspace_trails
from polyproof_goldilocks.sponges import poseidon2_parameters, poseidon_parameters, rescue_parameters
from polyproof_goldilocks.sponges.poseidon import Poseidon
from polyproof_goldilocks.sponges.poseidon2 import Poseidon2
from polyproof_goldilocks.sponges.rescue import RescuePrimeOptimized
from polyproof_goldilocks.sponges.sponge import Sponge
from references.goldilocks_sponges import POSEIDON2_DIAGONAL

# plonky2/src/hash/poseidon_goldilocks.rs, test_vectors: zeros, 0 … 11, all −1, random
POSEIDON = [
    (
        [0] * 12,
        [
            0x3C18A9786CB0B359, 0xC4055E3364A246C3, 0x7953DB0AB48808F4, 0xC71603F33A1144CA,
            0xD7709673896996DC, 0x46A84E87642F44ED, 0xD032648251EE0B3C, 0x1C687363B207DF62,
            0xDF8565563E8045FE, 0x40F5B37FF4254DAE, 0xD070F637B431067C, 0x1792B1C4342109D7,
        ],
    ),
    (
        list(range(12)),
        [
            0xD64E1E3EFC5B8E9E, 0x53666633020AAA47, 0xD40285597C6A8825, 0x613A4F81E81231D2,
            0x414754BFEBD051F0, 0xCB1F8980294A023F, 0x6EB2A9E4D54A9D0F, 0x1902BC3AF467E056,
            0xF045D5EAFDC6021F, 0xE4150F77CAAA3BE5, 0xC9BFD01D39B50CCE, 0x5C0A27FCB0E1459B,
        ],
    ),
    (
        [P - 1] * 12,
        [
            0xBE0085CFC57A8357, 0xD95AF71847D05C09, 0xCF55A13D33C1C953, 0x95803A74F4530E82,
            0xFCD99EB30A135DF1, 0xE095905E913A3029, 0xDE0392461B42919B, 0x7D3260E24E81D031,
            0x10D3D0465D9DEAA0, 0xA87571083DFC2A47, 0xE18263681E9958F8, 0xE28E96F1AE5E60D3,
        ],
    ),
    (
        [
            0x8CCBBBEA4FE5D2B7, 0xC2AF59EE9EC49970, 0x90F7E1A9E658446A, 0xDCC0630A3AB8B1B8,
            0x7FF8256BCA20588C, 0x5D99A7CA0C44ECFB, 0x48452B17A70FBEE3, 0xEB09D654690B6C88,
            0x4A55D3A39C676A88, 0xC0407A38D2285139, 0xA234BAC9356386D1, 0xE1633F2BAD98A52F,
        ],
        [
            0xA89280105650C4EC, 0xAB542D53860D12ED, 0x5704148E9CCAB94F, 0xD3A826D4B62DA9F5,
            0x8A7A6CA87892574F, 0xC7017E1CAD1A674E, 0x1F06668922318E34, 0xA3B203BC8102676F,
            0xFCC781B0CE382BF2, 0x934C69FF3ED14BA5, 0x504688A5996E8F13, 0x401F3F2ED524A2BA,
        ],
    ),
]  # fmt: skip

# HorizenLabs/poseidon2, plain_implementations/src/poseidon2/poseidon2.rs, kats of POSEIDON2_GOLDILOCKS_12_PARAMS
POSEIDON2 = [
    (
        list(range(12)),
        [
            0x01EAEF96BDF1C0C1, 0x1F0D2CC525B2540C, 0x6282C1DFE1E0358D, 0xE780D721F698E1E6,
            0x280C0B6F753D833B, 0x1B942DD5023156AB, 0x43F0DF3FCCCB8398, 0xE8E8190585489025,
            0x56BDBF72F77ADA22, 0x7911C32BF9DCD705, 0xEC467926508FBE67, 0x6A50450DDF85A6ED,
        ],
    ),
]  # fmt: skip

# Plonky3, rescue/src/rpo/goldilocks.rs, which has it from miden-crypto
RESCUE = [
    (
        list(range(12)),
        [
            15056646954853821376, 594518210294093573, 10395398226526937664, 3903707756219396109,
            7670128982698747483, 4249514323476682720, 16506822133651532340, 10593868791806571942,
            9413309068803954142, 15946782832277734471, 7904287043744270535, 16548919317472389167,
        ],
    ),
]  # fmt: skip

# miden-crypto, src/hash/rescue/rpo/tests.rs, EXPECTED: hash_elements of 0 … n − 1 for n = 1 … 19. Its padding is of
# eprint 2023/1045: n mod 8 in the first element of the capacity, zeros up to the rate.
RESCUE_HASHES = [
    (18126731724905382595, 7388557040857728717, 14290750514634285295, 7852282086160480146),
    (10139303045932500183, 2293916558361785533, 15496361415980502047, 17904948502382283940),
    (17457546260239634015, 803990662839494686, 10386005777401424878, 18168807883298448638),
    (13072499238647455740, 10174350003422057273, 9201651627651151113, 6872461887313298746),
    (2903803350580990546, 1838870750730563299, 4258619137315479708, 17334260395129062936),
    (8571221005243425262, 3016595589318175865, 13933674291329928438, 678640375034313072),
    (16314113978986502310, 14587622368743051587, 2808708361436818462, 10660517522478329440),
    (2242391899857912644, 12689382052053305418, 235236990017815546, 5046143039268215739),
    (5218076004221736204, 17169400568680971304, 8840075572473868990, 12382372614369863623),
    (9783834557155203486, 12317263104955018849, 3933748931816109604, 1843043029836917214),
    (14498234468286984551, 16837257669834682387, 6664141123711355107, 4590460158294697186),
    (4661800562479916067, 11794407552792839953, 9037742258721863712, 6287820818064278819),
    (7752693085194633729, 7379857372245835536, 9270229380648024178, 10638301488452560378),
    (11542686762698783357, 15570714990728449027, 7518801014067819501, 12706437751337583515),
    (9553923701032839042, 7281190920209838818, 2488477917448393955, 5088955350303368837),
    (4935426252518736883, 12584230452580950419, 8762518969632303998, 18159875708229758073),
    (12795429638314178838, 14360248269767567855, 3819563852436765058, 10859123583999067291),
    (2695742617679420093, 9151515850666059759, 15855828029180595485, 17190029785471463210),
    (13205273108219124830, 2524898486192849221, 14618764355375283547, 10615614265042186874),
]

VECTORS = [
    *((Poseidon, given, expected) for given, expected in POSEIDON),
    *((Poseidon2, given, expected) for given, expected in POSEIDON2),
    *((RescuePrimeOptimized, given, expected) for given, expected in RESCUE),
]

PATHS = [
    pytest.param(Engine.PORTABLE, 1, id="integers"),
    pytest.param(Engine.PORTABLE, 100, id="numpy"),
    pytest.param(Engine.COMPILED, 1, id="compiled-one"),
    pytest.param(Engine.COMPILED, 100, id="compiled-many"),
]


@pytest.mark.parametrize(("engine", "count"), PATHS)
@pytest.mark.parametrize(("make", "given", "expected"), VECTORS)
def test_permutation_gives_the_published_output(
    make: type[Sponge], given: list[int], expected: list[int], engine: Engine, count: int
) -> None:
    permuted = make(engine).permute(repeated(given, count))
    assert permuted.dtype == np.uint64
    assert np.array_equal(permuted, repeated(expected, count))


@pytest.mark.parametrize(("engine", "count"), PATHS)
@pytest.mark.parametrize("length", range(1, len(RESCUE_HASHES) + 1))
def test_rescue_with_the_originals_padding_gives_the_published_digests(length: int, engine: Engine, count: int) -> None:
    rescue_prime = RescuePrimeOptimized(engine)
    message = list(range(length))
    states = repeated([length % 8] + [0] * 11, count)
    for first in range(0, length, 8):
        chunk = message[first : first + 8]
        states[:, 4:] = as_words([chunk + [0] * (8 - len(chunk))])
        states = rescue_prime.permute(states)
    assert np.array_equal(states[:, 4:8], repeated(list(RESCUE_HASHES[length - 1]), count))


def test_poseidon_constants_are_those_of_plonky2() -> None:
    """ALL_ROUND_CONSTANTS of plonky2/src/hash/poseidon.rs: the first rows' beginnings, the last words."""
    constants = poseidon_parameters.round_constants()
    assert [len(row) for row in constants] == [12] * 30
    assert constants[0][:4] == (0xB585F766F2144405, 0x7746A55F43921AD7, 0xB2FB0D31CEE799B4, 0x0F6760A4803427D7)
    assert constants[1][0] == 0x86287821F722C881
    assert constants[4][0] == 0x3CC3F892184DF408
    assert constants[29][11] == 0xBC8DFB627FE558FC


def test_poseidon2_constants_are_those_of_horizen_labs() -> None:
    """RC12 of poseidon2_instance_goldilocks.rs: the first row, the ends of the partial and of the last rounds."""
    full, partial = poseidon2_parameters.round_constants()
    assert [len(row) for row in full] == [12] * 8
    assert full[0] == [
        0x13DCF33ABA214F46, 0x30B3B654A1DA6D83, 0x1FC634ADA6159B56, 0x937459964DC03466,
        0xEDD2EF2CA7949924, 0xEDE9AFFDE0E22F68, 0x8515B9D6BAC9282D, 0x6B5C07B4E9E900D8,
        0x1EC66368838C8A08, 0x9042367D80D1FBAB, 0x400283564A3C3799, 0x4A00BE0466BCA75E,
    ]  # fmt: skip
    assert (len(partial), partial[0], partial[-1]) == (22, 0x4ADF842AA75D4316, 0xF7BB62A8DA4C961B)
    assert full[7][11] == 0x962DEBA3E9A2CD94


def test_poseidon2_internal_matrix_is_that_of_horizen_labs() -> None:
    assert poseidon2_parameters.internal_diagonal() == POSEIDON2_DIAGONAL


def test_matrix_with_an_invariant_subspace_is_not_chosen() -> None:
    """The check rejects what it is there for, and accepts the published matrix."""
    check = partial(_resists_subspace_trails, modulus=P)
    assert check(list(POSEIDON2_DIAGONAL))
    assert not check([5] * 12)  # μ equal: every vector that sums to zero is an eigenvector
    assert not check([POSEIDON2_DIAGONAL[0], *POSEIDON2_DIAGONAL[:11]])  # two equal: e_0 − e_1 is an eigenvector
    assert not check([20, *range(1, 12)])  # χ is a product of degrees 5 and 7, which the subfields do not show
    # An eigenvalue in the field: Σ 1/(λ − d_i) = 1 at λ = 0, with the last entry solved for.
    others = sum(pow(-d, -1, P) for d in POSEIDON2_DIAGONAL[:11])
    assert not check([*POSEIDON2_DIAGONAL[:11], -pow(1 - others, -1, P) % P])


def test_rescue_constants_are_those_of_the_paper() -> None:
    """ARK1[0] and ARK2[6] of miden-crypto, src/hash/rescue/mod.rs: their ends."""
    constants = rescue_parameters.round_constants()
    assert [len(row) for row in constants] == [12] * 14
    assert (constants[0][0], constants[0][11]) == (5789762306288267392, 16657542370200465908)
    assert (constants[13][0], constants[13][11]) == (17130398059294018733, 18256379591337759196)
