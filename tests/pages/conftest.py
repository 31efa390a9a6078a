"""Fixtures of the page tests: every page runs in Streamlit's AppTest on the small demo shop and model."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings, RankingSettings
from tests import _demo
from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests._pages import HOME, page_files

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def page_home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A copy of the small demo shop and model that the pages of this session may write to."""
    return Path(shutil.copytree(demo_home, tmp_path_factory.mktemp("page_home") / "recsys"))


@pytest.fixture
def open_page(page_home: Path, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Open a page by name, as on a cold deep link: `open_page("Recommendations", query={"shopper": "u1"})`.

    Gives the `AppTest` after its first run; the test fails when that run raised an exception.
    """
    for name, value in _demo.environment(page_home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(_demo.ROOT)

    def opened(name: str, query: Mapping[str, str] | None = None, timeout_s: float = 60) -> AppTest:
        # Through app.py, so that links between pages resolve; it does not run unless it is the page asked for.
        page = AppTest.from_file(_demo.ROOT / "app.py", default_timeout=timeout_s)
        if name != HOME:
            page = page.switch_page(page_files()[name].relative_to(_demo.ROOT).as_posix())
        for key, value in (query or {}).items():
            page.query_params[key] = value
        page.run()
        assert not page.exception, [problem.message for problem in page.exception]
        return page

    return opened


@pytest.fixture(scope="session")
def model(page_home: Path) -> Recommender:
    """The model that the pages serve, opened beside them."""
    return Recommender.load(AppPaths(page_home).model)


@pytest.fixture(scope="session")
def shopper(model: Recommender) -> str:
    """A shopper with a history in words."""
    return str(model.users.sort_values("n_reviews")["user_id"].iloc[-1])


@pytest.fixture(scope="session")
def settings(model: Recommender) -> RankingSettings:
    """Where the sliders of the pages start."""
    percent = {name: round(100 * share) / 100 for name, share in model.info.default_weights.normalised().items()}
    return RankingSettings(fusion=FusionSettings(**percent))
