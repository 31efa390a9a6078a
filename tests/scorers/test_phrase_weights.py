"""What each setting of phrase weights does, by numbers worked out by hand."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers.phrase_weights import SemanticSettings, sign_of_reviews, weights_of_reviews


@pytest.mark.parametrize(
    ("settings", "of_five", "of_four", "of_three", "of_two", "of_one"),
    [
        (SemanticSettings(), 1, 0.5, 0, -0.5, -1),
        (SemanticSettings(polarity_power=0), 1, 1, 0, -1, -1),
        (SemanticSettings(polarity_power=2), 1, 0.25, 0, -0.25, -1),
        (SemanticSettings(complaint_weight=0), 1, 0.5, 0, 0, 0),
        (SemanticSettings(complaint_weight=-1), 1, 0.5, 0, 0.5, 1),
        (SemanticSettings(complaint_weight=0.5, polarity_power=0), 1, 1, 0, -0.5, -0.5),
    ],
)
def test_stars_count_by_their_sign_and_size(
    tiny_data: Dataset,
    settings: SemanticSettings,
    of_five: float,
    of_four: float,
    of_three: float,
    of_two: float,
    of_one: float,
) -> None:
    wanted = {5.0: of_five, 4.0: of_four, 3.0: of_three, 2.0: of_two, 1.0: of_one}
    ratings = tiny_data.reviews["rating"].to_numpy()
    assert set(ratings.tolist()) == set(wanted)
    signed = sign_of_reviews(tiny_data, settings)
    np.testing.assert_allclose(signed, [wanted[rating] for rating in ratings.tolist()])


def test_a_review_counts_by_its_age_alone(tiny_data: Dataset) -> None:
    ages = (tiny_data.known_until_s - tiny_data.reviews["time_s"].to_numpy()) / 86_400
    found = weights_of_reviews(tiny_data, SemanticSettings(half_life_days=500))
    np.testing.assert_allclose(found, 0.5 ** (ages / 500))
