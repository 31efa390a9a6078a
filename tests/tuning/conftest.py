"""Fixtures that tests of tuning share: the panels of `tests._panels`."""

from tests._panels import *  # noqa: F403  (its fixtures)
