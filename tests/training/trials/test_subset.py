"""A subset is fixed, and each source has its share of it."""

from hypothesis import given
from hypothesis import strategies as st

from training.trials.subset import choose_subset, share_out


def test_small_sources_give_their_least_and_the_rest_is_in_proportion() -> None:
    # 5 + 5 are given; 10 remain for 95 and 5 pictures that are left: 9.5 and 0.5 of them.
    assert share_out({"large": 100, "small": 10}, 20, least=5) == {"large": 15, "small": 5}


def test_where_not_even_the_least_fits_it_is_all_in_proportion() -> None:
    assert share_out({"a": 30, "b": 10}, 4, least=10) == {"a": 3, "b": 1}


@given(
    sizes=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1),
    count=st.integers(0, 400),
    least=st.integers(0, 20),
)
def test_shares_add_up_and_none_is_larger_than_its_source(
    sizes: dict[str, int], count: int, least: int
) -> None:
    shares = share_out(sizes, count, least=least)
    assert sum(shares.values()) == min(count, sum(sizes.values()))
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)


def test_the_same_seed_chooses_the_same_pictures_in_whatever_order_they_come(make_picture) -> None:
    pictures = [make_picture(str(n), source="ab"[n % 2]) for n in range(40)]
    chosen = choose_subset(pictures, 12, seed=3)
    assert choose_subset(pictures[::-1], 12, seed=3) == chosen
    assert choose_subset(pictures, 12, seed=4) != chosen
    assert {picture.source for picture in chosen} == {"a", "b"}
