"""Settings say what is wrong with them, and the command line's short forms mean what they say."""

import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from recsys.errors import ContextError, SettingsError
from recsys.settings import (
    COMPONENTS,
    DAYPARTS,
    HEMISPHERES,
    NEW_SHOPPER_WEIGHTS,
    SEASONS,
    Context,
    Filters,
    FusionSettings,
    RankingSettings,
    daypart_of,
    parse_context,
    parse_weights,
    require_hemisphere,
    require_seed,
    season_of,
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FusionSettings(content=-0.5), "weight content=-0.5 is not usable; give a number of at least 0"),
        (lambda: FusionSettings(semantic=float("nan")), "weight semantic=nan is not usable"),
        (lambda: FusionSettings(context=float("inf")), "weight context=inf is not usable"),
        (lambda: FusionSettings(0, 0, 0, 0), "all weights are 0, so nothing could be ranked; raise at least one"),
        (lambda: Filters(price_low=9, price_high=5), "the lowest price 9 is above the highest 5; swap them"),
        (lambda: RankingSettings(n=0), "list length n=0 is not usable; give at least 1"),
        (lambda: RankingSettings(diversity=1.5), "diversity=1.5 is not usable; give a number from 0 to 1"),
        (lambda: RankingSettings(diversity=-0.1), "diversity=-0.1 is not usable"),
        (lambda: RankingSettings(diversity=float("nan")), "diversity=nan is not usable"),
        (lambda: RankingSettings(method="max"), "diversity method 'max' is not known; give 'mmr', 'dpp' or 'msd'"),
        (lambda: parse_weights("content=a"), "--weights: content='a' is not a number"),
        (lambda: parse_weights("price=1"), "--weights: 'price' is not a component; use collaborative, content,"),
        (lambda: parse_weights("content"), "--weights: 'content' is not of the form name=value"),
        (lambda: parse_weights("content="), "--weights: 'content=' is not of the form name=value"),
        (lambda: parse_weights("content=0"), "all weights are 0"),
        (lambda: parse_weights(""), "all weights are 0"),
        (lambda: parse_weights("content=1, content=0"), "--weights: 'content' is given twice; decide on one value"),
        (lambda: parse_context("hour=3,hour=4"), "--context: 'hour' is given twice; decide on one value"),
        (lambda: require_seed(-1), "seed=-1 is not usable; give a whole number from 0 to 4294967295"),
        (lambda: require_seed(2**32), "seed=4294967296 is not usable"),
        (lambda: parse_context("mobile"), "--context: 'mobile' is not of the form name=value"),
    ],
)
def test_unusable_settings_are_refused_with_the_value_and_the_remedy(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("weather=rain", "--context: 'weather' is not known; use device, region, hour, daypart, weekday, season,"),
        ("hour=24", "hour=24 is not an hour of the day; give 0 to 23"),
        ("hour=late", "--context: hour='late' is not a whole number"),
        ("hour=²", "--context: hour='²' is not a whole number"),
        ("month=13", "--context: month=13 is not a month; give 1 to 12"),
        ("month=0", "--context: month=0 is not a month"),
        ("month=-1", "--context: month='-1' is not a whole number"),
        ("daypart=noon", "--context: daypart='noon' is not known; use one of night, morning, afternoon, evening"),
        ("weekday=Mon", "--context: weekday='Mon' is not known; use one of Monday, Tuesday,"),
        ("season=fall", "--context: season='fall' is not known; use one of winter, spring, summer, autumn"),
        ("date=tomorrow", "--context: date='tomorrow' is not a date; write 2026-05-31 or 2026-05-31T20:00"),
        ("date=0001-01-01T00:00+02:00", "date='0001-01-01T00:00+02:00' is not a date"),
    ],
)
def test_unknown_circumstances_are_refused_with_what_is_known(words: str, message: str) -> None:
    with pytest.raises(ContextError, match=re.escape(message)):
        parse_context(words)


def test_the_day_has_four_equal_parts() -> None:
    assert [daypart_of(hour) for hour in range(24)] == [part for part in DAYPARTS for _ in range(6)]
    with pytest.raises(ContextError, match="hour=-1 is not an hour of the day"):
        daypart_of(-1)


def test_seasons_are_meteorological() -> None:
    turning = [season_of(month) for month in (12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert turning == [season for season in SEASONS for _ in range(3)]


def test_seasons_of_the_south_are_half_a_year_away() -> None:
    for month in range(1, 13):
        assert season_of(month, "south") == season_of((month + 5) % 12 + 1)
    assert {season_of(month, "south") for month in (12, 1, 2)} == {"summer"}
    assert Context.at(datetime(2026, 7, 1), hemisphere="south").season == "winter"


@pytest.mark.parametrize("words", ["month=7", "date=2026-07-01", "date=2026-07-01T20:00"])
def test_months_and_dates_are_read_in_the_shops_hemisphere(words: str) -> None:
    assert parse_context(words).season == "summer"
    assert parse_context(words, "south").season == "winter"
    assert parse_context(f"{words},season=summer", "south").season == "summer"


def test_there_are_two_hemispheres() -> None:
    for hemisphere in HEMISPHERES:
        require_hemisphere(hemisphere)
    with pytest.raises(SettingsError, match="hemisphere='east' is not known; use one of north, south"):
        require_hemisphere("east")


def test_a_moment_is_told_in_utc() -> None:
    late = datetime(2026, 6, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    context = Context.at(late, device="mobile")
    assert (context.daypart, context.weekday, context.season) == ("evening", "Sunday", "spring")
    assert context.moment == datetime(2026, 5, 31, 23, 30, tzinfo=UTC)
    assert context.stated() == {"daypart": "evening", "weekday": "Sunday", "season": "spring", "device": "mobile"}
    assert Context.at(datetime(2026, 5, 31, 23, 30)) == Context.at(datetime(2026, 5, 31, 23, 30, tzinfo=UTC))


def test_a_date_without_hours_leaves_the_daypart_open() -> None:
    context = parse_context("date=2026-05-31, device=mobile")
    moment = datetime(2026, 5, 31, tzinfo=UTC)
    assert context == Context(weekday="Sunday", season="spring", device="mobile", moment=moment)


def test_a_date_with_hours_sets_everything_that_follows_from_it() -> None:
    assert parse_context("date=2026-05-31T20:00") == Context.at(datetime(2026, 5, 31, 20, tzinfo=UTC))
    assert parse_context("date=2026-05-31T22:00-04:00") == Context.at(datetime(2026, 6, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("order", list(itertools.permutations(["date=2026-05-31T20:00", "season=winter", "hour=3"])))
def test_what_stands_beside_a_date_wins_in_any_order(order: tuple[str, ...]) -> None:
    context = parse_context(",".join(order))
    assert (context.season, context.daypart, context.weekday) == ("winter", "night", "Sunday")


def test_hours_months_and_values_in_any_case_are_understood() -> None:
    words = "hour=20,month=7,weekday=FRIDAY,region=North West"
    assert parse_context(words) == Context("evening", "Friday", "summer", None, "North West")
    assert parse_context("daypart=Night,season=AUTUMN").stated() == {"daypart": "night", "season": "autumn"}
    assert parse_context("") == Context()


def test_components_that_are_not_named_count_for_nothing() -> None:
    assert parse_weights(" content = 3 , semantic=1,") == FusionSettings(0, 3, 1, 0)


@pytest.mark.parametrize(
    "weights", [(0.4, 0.1, 0.1, 0.4), (3, 0, 0, 0), (1e308, 1e308, 1e308, 1e308), (5e-324, 0, 0, 0)]
)
def test_normalised_weights_sum_to_one_and_keep_their_ratios(weights: tuple[float, ...]) -> None:
    settings = FusionSettings(*weights)
    shares = settings.normalised()
    assert tuple(shares) == COMPONENTS
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == pytest.approx([weight / max(weights) * max(shares.values()) for weight in weights])


@pytest.mark.parametrize(
    "weights", [(0.4, 0.1, 0.1, 0.4), (3, 0, 0, 0), (1e308, 1e308, 1e308, 1e308), (0.01, 0.02, 0.07, 0.9)]
)
def test_factors_are_a_power_of_the_weights_and_give_them_back(weights: tuple[float, ...]) -> None:
    settings = FusionSettings(*weights)
    factors, shares = settings.factors(), np.array(list(settings.normalised().values()))
    assert list(factors.values()) == pytest.approx(list(shares**0.75 / (shares**0.75).sum()))
    again = FusionSettings.of_factors(7 * factor for factor in factors.values())
    assert list(again.as_dict().values()) == pytest.approx(shares.tolist())


def test_the_order_and_equality_of_weights_are_those_of_factors() -> None:
    assert list(FusionSettings(1, 1, 1, 1).factors().values()) == [0.25] * 4
    assert FusionSettings.only("semantic").factors() == FusionSettings.only("semantic").as_dict()
    assert sorted(FusionSettings(0.4, 0.3, 0.2, 0.1).factors().values(), reverse=True) == list(
        FusionSettings(0.4, 0.3, 0.2, 0.1).factors().values()
    )


def test_the_defaults_are_usable_as_shares() -> None:
    for settings in (FusionSettings(), NEW_SHOPPER_WEIGHTS):
        assert settings.normalised() == pytest.approx(settings.as_dict())


def test_a_moment_without_a_zone_is_read_as_utc() -> None:
    assert Context(moment=datetime(2026, 5, 31, 20)).moment == datetime(2026, 5, 31, 20, tzinfo=UTC)
