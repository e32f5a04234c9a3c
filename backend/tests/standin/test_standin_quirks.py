"""What is unknown about upstream varies with the seed."""

from __future__ import annotations

from dataclasses import fields

from dozor.standin.quirks import Quirks


def test_seed_zero_is_the_likeliest_upstream():
    assert Quirks.of(0) == Quirks()


def test_a_seed_always_means_the_same_upstream():
    assert Quirks.of(7) == Quirks.of(7)


def test_every_open_question_is_answered_in_more_than_one_way():
    drawn = [Quirks.of(seed) for seed in range(40)]
    assert not [field.name for field in fields(Quirks) if len({getattr(quirks, field.name) for quirks in drawn}) < 2]
