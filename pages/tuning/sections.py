"""What can be done in the tuning room; only the section that is open is computed.

A new section is a function of a `TuningCase` that draws it, and a line in `SECTIONS`.
"""

from collections.abc import Callable

from pages.tuning.by_log.section import clicks_by_the_log
from pages.tuning.context import TuningCase
from pages.tuning.metrics import tune
from pages.tuning.presets.section import presets
from pages.tuning.protocol import protocol
from pages.tuning.search.section import find_weights
from pages.tuning.side.section import side_by_side
from pages.tuning.weight_map.section import weight_map

Section = Callable[[TuningCase], None]

SECTIONS: dict[str, Section] = {
    "Live metrics": tune,
    "Weight map": weight_map,
    "Side by side": side_by_side,
    "Presets": presets,
    "Find good weights": find_weights,
    "Clicks by the log": clicks_by_the_log,
    "How this is measured": protocol,
}
