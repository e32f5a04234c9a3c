"""What a client asks of caches, read from its headers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.bounds import ANY_STALENESS, NO_BOUNDS, Bounds
from dozor.web.cache_control import LONGEST, bounds_asked


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("control", "asked"),
    [
        ("", NO_BOUNDS),
        ("no-cache", Bounds(no_cache=True)),
        ("No-Cache", Bounds(no_cache=True)),  # names have no case
        ("max-age=0", Bounds(max_age=seconds(0))),
        ("max-age=30", Bounds(max_age=seconds(30))),
        ('max-age="30"', Bounds(max_age=seconds(30))),  # both forms are to be accepted
        ("max-stale", Bounds(max_stale=ANY_STALENESS)),
        ("max-stale=600", Bounds(max_stale=seconds(600))),
        ("min-fresh=10", Bounds(min_fresh=seconds(10))),
        ("only-if-cached", Bounds(only_if_cached=True)),
        (" ,, max-age=60 ,only-if-cached, ", Bounds(max_age=seconds(60), only_if_cached=True)),
        ("no-store, no-transform", NO_BOUNDS),  # what is kept may be served all the same
        ("private, immutable, max-agent=3, s-maxage=5", NO_BOUNDS),  # unknown, or a server's
        # Twice: the strictest.
        ("max-age=60, max-age=30", Bounds(max_age=seconds(30))),
        ("min-fresh=5, min-fresh=10", Bounds(min_fresh=seconds(10))),
        ("max-stale=60, max-stale, max-stale=90", Bounds(max_stale=seconds(60))),
        # A number that cannot be read: as strict as can be.
        ("max-age", Bounds(max_age=seconds(0))),
        ("max-age=", Bounds(max_age=seconds(0))),
        ("max-age=-1", Bounds(max_age=seconds(0))),
        ("max-age=soon", Bounds(max_age=seconds(0))),
        ("max-age=1.5", Bounds(max_age=seconds(0))),
        ("max-age=²", Bounds(max_age=seconds(0))),
        ("max-stale=soon", Bounds(max_stale=seconds(0))),
        ("min-fresh", Bounds(min_fresh=seconds(0))),
        # A number too large for anybody: as large as any.
        ("max-age=99999999999999999999", Bounds(max_age=LONGEST)),
        ("max-stale=2147483649", Bounds(max_stale=LONGEST)),
        ("max-age=" + "9" * 20_000, Bounds(max_age=LONGEST)),
        ("max-age=000000000000000000060", Bounds(max_age=seconds(60))),
        # What stands in quotes is no directive.
        ('extension="a, no-cache, b", max-age=5', Bounds(max_age=seconds(5))),
        (r'extension="a \", no-cache", max-age=5', Bounds(max_age=seconds(5))),
        ('extension="never closed, no-cache', NO_BOUNDS),
    ],
)
def test_directives_become_bounds(control: str, asked: Bounds) -> None:
    assert bounds_asked([(b"cache-control", control.encode("latin-1"))]) == asked


def test_a_header_on_several_lines_is_one_list() -> None:
    lines = [(b"cache-control", b"max-age=60"), (b"accept", b"*/*"), (b"cache-control", b"no-cache, max-age=90")]
    assert bounds_asked(lines) == Bounds(max_age=seconds(60), no_cache=True)


def test_pragma_counts_where_there_is_no_cache_control() -> None:
    assert bounds_asked([(b"pragma", b"no-cache")]) == Bounds(no_cache=True)
    assert bounds_asked([(b"pragma", b"x=1, NO-CACHE")]) == Bounds(no_cache=True)
    assert bounds_asked([(b"pragma", b"no-cache"), (b"cache-control", b"max-age=60")]) == Bounds(max_age=seconds(60))
    assert bounds_asked([(b"pragma", b"max-age=60")]) == NO_BOUNDS
    assert bounds_asked([]) == NO_BOUNDS


@given(st.lists(st.tuples(st.sampled_from([b"cache-control", b"pragma"]), st.binary(max_size=60))))
def test_no_header_is_an_error(headers: list[tuple[bytes, bytes]]) -> None:
    assert isinstance(bounds_asked(headers), Bounds)
