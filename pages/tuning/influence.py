"""The effective weights of a setting beside what share of the lists each component decides, and where they disagree."""

from collections.abc import Mapping

from pages._shared import words
from pages._shared.cards import weights_html
from pages._shared.charts import LOOKS
from pages.tuning.context import TuningCase
from recsys.ranking.influence import far_off


def mix_html(case: TuningCase) -> str:
    """Weights and influence, mean over the shoppers that count, with a warning where they are far apart."""
    weights, influence = case.now.settings.fusion.normalised(), case.influence
    lists = f"the lists of {words.count(int(case.mask.sum()), 'shopper')}, on average"
    return weights_html(weights, "Effective weights", influence, lists) + far_off_html(weights, influence)


def far_off_html(weights: Mapping[str, float], influence: Mapping[str, float] | None) -> str:
    """Which components decide far more or less than their weight says; "" where none does."""
    if influence is None:
        return ""
    said = []
    for name in far_off(weights, influence):
        only = "only " if influence[name] < weights[name] else ""
        decides = f"decides {only}{words.share(influence[name])}"
        said.append(f"{LOOKS[name].label} has {weights[name]:.0%} of the weight but {decides}")
    if not said:
        return ""
    return (
        '<p class="sw-hint sw-far-off"><strong>Not all weights mean what they show.</strong> '
        f"{'; '.join(said)} of these lists.</p>"
    )
