"""What the study of the weights found, as tables, plots and figures."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.significance import Interval
from recsys.settings import COMPONENTS
from recsys.studies.format import mix_in_words
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns
from recsys.studies.weights.summary import Component, Mix, Share, Study


def tables(study: Study) -> tuple[Table, ...]:
    """The mixes that matter, the components' shares in the tied mixes, and every share of every component."""
    k = study.k
    return (
        Table(
            "mixes",
            "The mixes that matter",
            {
                **{"mix": "Mix", "weights": "Weights"},
                **interval_columns("validation", f"nDCG@{k}, validation"),
                **interval_columns("test", f"nDCG@{k}, test"),
                **interval_columns("change", "Test, less the chosen mix"),
                **{"rank_on_validation": "Rank, validation", "rank_on_test": "Rank, test"},
                **{"tied_on_validation": "Tied, validation", "tied_on_test": "Tied, test"},
            },
            tuple(map(_mix_row, study.mixes)),
            f"Rank is of {len(study.validation):,} mixes; tied means that it cannot be told from the best one.",
        ),
        Table(
            "components",
            "Shares of the components in the mixes that cannot be told from the best",
            {
                **{"component": "Component", "validation_from": "Lowest, validation"},
                **{"validation_to": "Highest, validation", "test_from": "Lowest, test", "test_to": "Highest, test"},
                "zero": "Could be zero",
            },
            tuple(map(_component_row, study.components)),
        ),
        Table(
            "shares",
            "The best that can be had at every share of a component",
            {
                **{"component": "Component", "share": "Share", "weights": "Best mix on validation"},
                **{"validation": f"nDCG@{k}, validation"},
                **interval_columns("test", f"nDCG@{k}, test"),
                **interval_columns("change", "Test, less the chosen mix"),
                **{"hindsight": "Best on test, in hindsight", "tied_on_validation": "Tied, validation"},
                "tied_on_test": "Tied, test",
            },
            tuple(map(_share_row, study.shares)),
            "Tied: some mix of this share cannot be told from the best of all.",
        ),
    )


def _mix_row(mix: Mix) -> dict[str, Cell]:
    return {
        "mix": mix.name,
        "weights": mix_in_words(mix.weights),
        **interval_cells("validation", mix.validation),
        **interval_cells("test", mix.test),
        **interval_cells("change", mix.change),
        "rank_on_validation": mix.rank_on_validation,
        "rank_on_test": mix.rank_on_test,
        "tied_on_validation": _yes(mix.tied_on_validation),
        "tied_on_test": _yes(mix.tied_on_test),
    }


def _component_row(component: Component) -> dict[str, Cell]:
    zero = [where for where, ends in (("validation", component.validation), ("test", component.test)) if ends[0] == 0]
    return {
        "component": component.name,
        **{f"validation_{end}": value for end, value in zip(("from", "to"), component.validation, strict=True)},
        **{f"test_{end}": value for end, value in zip(("from", "to"), component.test, strict=True)},
        "zero": "on both" if len(zero) == 2 else f"on {zero[0]} only" if zero else "no",
    }


def _share_row(share: Share) -> dict[str, Cell]:
    return {
        "component": share.component,
        "share": share.share,
        "weights": mix_in_words(share.weights),
        "validation": share.validation,
        **interval_cells("test", share.test),
        **interval_cells("change", share.change),
        "hindsight": share.hindsight,
        "tied_on_validation": _yes(share.tied_on_validation),
        "tied_on_test": _yes(share.tied_on_test),
    }


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def plots(study: Study) -> tuple[Plot, ...]:
    """One chart a component, and all mixes on validation against test."""
    return (*(_share_plot(study, name) for name in COMPONENTS), _scatter(study))


def _share_plot(study: Study, component: str) -> Plot:
    rows = [each for each in study.shares if each.component == component]
    x = tuple(100 * each.share for each in rows)
    return Plot(
        f"share_{component}",
        f"The best nDCG@{study.k} that can be had at every share of the {component} component",
        f"Share of the {component} component, %",
        f"nDCG@{study.k}",
        (
            Series("best on validation, there", x, tuple(each.validation for each in rows)),
            Series.of("the same mix on test, 95% interval", x, [each.test for each in rows]),
            Series("best on test, in hindsight", x, tuple(each.hindsight for each in rows)),
        ),
        "line",
    )


def _scatter(study: Study) -> Plot:
    def mixes(name: str, some: NDArray[np.bool_]) -> Series:
        return Series(name, tuple(study.validation[some].tolist()), tuple(study.test[some].tolist()))

    named = [mix for mix in study.mixes if not mix.name.endswith(" alone") and "even" not in mix.name]
    return Plot(
        "agreement",
        "Every mix on validation and on test",
        f"nDCG@{study.k} on validation",
        f"nDCG@{study.k} on test, 95% interval",
        (
            mixes("worse than the best on validation", ~study.tied_on_validation),
            mixes("tied with the best on validation", study.tied_on_validation),
            *(Series(m.name, (m.validation.mean,), (m.test.mean,), *_ends(m.test)) for m in named),
        ),
    )


def _ends(interval: Interval) -> tuple[tuple[float | None], tuple[float | None]]:
    said = interval.as_json()
    return (said["low"],), (said["high"],)


def figures(study: Study) -> dict[str, Any]:
    """For the JSON document."""
    agreement = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(study.agreement).items()
    }
    return {
        "chosen": study.mixes[0].weights.normalised(),
        "best_on_test": study.mixes[1].weights.normalised(),
        "hindsight": study.mixes[1].change.as_json(),
        "by_halves": study.by_halves.as_json(),
        "agreement": agreement,
        "components": {
            each.name: {"validation": list(each.validation), "test": list(each.test)} for each in study.components
        },
    }
