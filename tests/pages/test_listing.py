"""Places moved are those since the last change of the same shopper's list."""

from pages._shared.listing import Moves


def test_places_are_counted_up_and_down_and_new_ones_named() -> None:
    moves = Moves("ann", ("a", "b", "c")).after("ann", ["c", "a", "d"])
    assert moves.by_item() == {"c": 2, "a": -1, "d": "new"}


def test_the_first_list_has_no_moves() -> None:
    assert Moves("ann", ("a",)).by_item() == {}


def test_drawing_the_same_list_again_keeps_the_moves() -> None:
    changed = Moves("ann", ("a", "b")).after("ann", ["b", "a"])
    assert changed.after("ann", ["b", "a"]).by_item() == {"b": 1, "a": -1}


def test_another_shopper_starts_afresh() -> None:
    assert Moves("ann", ("a", "b")).after("ben", ["b", "a"]).by_item() == {}
