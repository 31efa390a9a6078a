"""What decides the lists of all shoppers of a panel, live: each component's influence (`ranking.influence`)."""

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import column_of
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.parallel import cores_for, read_only
from recsys.ranking.influence import influence
from recsys.ranking.kernels import in_parallel
from recsys.ranking.rank import factor_vector
from recsys.settings import RankingSettings


def live_influence(
    engine: LiveEngine, settings: RankingSettings, scenario: Scenario = AS_IT_WAS
) -> NDArray[np.float64]:
    """Each component's influence on every shopper's list: float64 of shape (n_users, n_components), NaN without one.

    Raises SettingsError, ContextError: as `LiveEngine.measure` does.
    """
    ranked = engine.measure(settings, scenario).lists.ranked
    static, context, widths, rows, _, _ = engine.candidates(scenario)
    values = np.zeros((*ranked.shape, static.shape[1] + 1), np.float32)
    (listed,) = read_only(ranked)
    with cores_for(ranked.size):
        _scores_of_listed(listed, static, context, widths, rows, values)
    return influence(values * factor_vector(settings.fusion))


@in_parallel
def _scores_of_listed(ranked, static, context, widths, rows, values):  # type: ignore[no-untyped-def]
    """Fill `values`, float32 of shape (n_users, k, n_components), with the scores of what is listed; 0 beyond."""
    n_static = static.shape[1]
    no_columns = np.empty(0, np.int32)
    for user in numba.prange(ranked.shape[0]):
        columns = rows[user, : widths[user]] if rows.shape[0] else no_columns
        for place in range(ranked.shape[1]):
            item = ranked[user, place]
            if item < 0:
                break
            column = column_of(columns, item)
            for component in range(n_static):
                values[user, place, component] = static[user, component, column]
            values[user, place, n_static] = context[user, column]
