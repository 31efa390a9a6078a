"""The way from a comparison to the other pages: the same shopper under the same setting."""

from urllib.parse import urlencode

from pages._shared.cards import esc
from pages._shared.view import positions
from recsys.tuning.config import EvaluationConfig


def query(asked: EvaluationConfig, user_id: str, item_id: str = "") -> dict[str, list[str]]:
    """What the address of another page says of a setting and a shopper; all weights, so that no default stands in.

    Whether a product can be bought is no part of a mix: a live list leaves out what cannot, however it was measured.

    >>> from recsys.settings import FusionSettings, RankingSettings
    >>> found = query(Asked("x", RankingSettings(FusionSettings(0.8, 0, 0.2, 0), n=20)), "u1")
    >>> found["shopper"], found["collaborative"], found["content"], found["n"], "diversity" in found
    (['u1'], ['80'], ['0'], ['20'], False)
    """
    settings = asked.settings
    said = {"shopper": [user_id], **{name: [str(at)] for name, at in positions(settings.fusion).items()}}
    said["n"] = [str(settings.n)]
    if settings.diversity:
        said |= {"diversity": [f"{settings.diversity:g}"], "method": [settings.method.upper()]}
    said |= {name: [value] for name, value in asked.scenario.stated if value}
    if settings.filters.categories:
        said["category"] = sorted(settings.filters.categories)
    return said | ({"item": [item_id]} if item_id else {})


def why_link(asked: EvaluationConfig, user_id: str, item_id: str) -> str:
    """Address, beside this page, that takes one product's score apart."""
    return f"Explanations?{urlencode(query(asked, user_id, item_id), doseq=True)}"


def ways_html(asked: EvaluationConfig, user_id: str, *, is_known: bool) -> str:
    """Links to the list and its explanations, in a tab of their own, so that the room stays as it is.

    They are addresses, not links within the session: Streamlit takes away from those what widgets here are bound to.
    """
    if not is_known:
        return '<p class="sw-note">The model in use does not know this shopper, so no other page can show them.</p>'
    said = "Set as B is. The model in use there has learnt what is hidden from the models here, so lists can differ."
    ways = "".join(
        f'<a class="sw-why" href="{esc(f"{page}?{urlencode(query(asked, user_id), doseq=True)}")}" target="_blank" '
        f'rel="noopener" title="{said}">{page} with B</a>'
        for page in ("Recommendations", "Explanations")
    )
    return f'<p class="sw-ways">{ways}</p>'
