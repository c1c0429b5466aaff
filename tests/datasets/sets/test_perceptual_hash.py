from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from datasets.sets.perceptual_hash import find_alike, hash_looks


def draw(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9)).astype(np.uint8)
    return Image.fromarray(coarse).resize((240, 160), Image.Resampling.BICUBIC)


def looks(image: Image.Image) -> int:
    return hash_looks(np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS)))


def distance(first: int, second: int) -> int:
    return (first ^ second).bit_count()


def test_brighter_and_smaller_copies_look_alike_and_other_pictures_do_not() -> None:
    original = draw(1)
    brighter = ImageEnhance.Brightness(original).enhance(0.8)
    smaller = original.resize((120, 80))
    assert distance(looks(original), looks(brighter)) <= 4
    assert distance(looks(original), looks(smaller)) <= 4
    assert distance(looks(original), looks(draw(2))) > 12


def test_half_of_the_bits_are_set() -> None:
    # Bits say which frequencies lie above the median of all 64.
    assert looks(draw(3)).bit_count() == 32


@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 63)), max_size=12),
    st.integers(0, 8),
)
def test_all_near_pairs_are_found_and_no_other(
    hashes: list[int], flips: list[tuple[int, int]], max_bits: int
) -> None:
    # Random hashes are never near, so some are copies with a bit turned over.
    all_hashes = hashes + [hashes[i % len(hashes)] ^ (1 << bit) for i, bit in flips if hashes]
    found = {
        (first, int(second), int(bits))
        for first, seconds, all_bits in find_alike(all_hashes, max_bits=max_bits)
        for second, bits in zip(seconds, all_bits, strict=True)
    }
    expected = {
        (first, second, distance(all_hashes[first], all_hashes[second]))
        for first, second in combinations(range(len(all_hashes)), 2)
        if distance(all_hashes[first], all_hashes[second]) <= max_bits
    }
    assert found == expected


def test_thousands_of_hashes_are_searched_part_by_part() -> None:
    hashes = [int(value) for value in np.random.default_rng(0).integers(0, 2**63, 5000)]
    hashes.append(hashes[17] ^ 0b1011)
    found = list(find_alike(hashes, max_bits=6))
    assert {(first, int(others[0])) for first, others, _ in found} == {(17, 5000)}
