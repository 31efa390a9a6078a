"""Fixtures of the browser tests: one browser and one server for all of them, a fresh visitor for each.

Without a Chromium on the machine every test here is skipped, and says so.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from recsys.jobs.paths import AppPaths
from tests import _demo
from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests.browser import _chromium, _server
from tests.browser._chromium import LOOKS, Look
from tests.pages.tuning.conftest import tuning_panel  # noqa: F401  (a fixture)

Visit = Callable[..., Page]


def serving(home: Path) -> AbstractContextManager[str]:
    """The app, served on the shop in a folder; beside it the server has a home of its own."""
    return _server.running(_server.ROOT / "app.py", home=home.parent, environment=_demo.environment(home))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a browser test, marked or not."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The package's scope, not the session's: Playwright keeps an event loop running, which later tests must not meet.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    executable = _chromium.find()
    if executable is None:
        pytest.skip("no Chromium on this machine: install it (Debian: apt-get install chromium) or set RECSYS_CHROMIUM")
    with _chromium.launched(executable) as browser:
        yield browser


@pytest.fixture(scope="package")
def visitors(chromium: Browser) -> _chromium.Visitors:
    """Visitors of that browser."""
    return _chromium.Visitors(chromium)


@pytest.fixture(scope="package")
def room_home(
    demo_home: Path,  # noqa: F811
    tuning_panel: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A copy of the small demo shop whose test shoppers are prepared. Read only."""
    home = tmp_path_factory.mktemp("room") / "recsys"
    shutil.copytree(demo_home, home)
    shutil.copytree(tuning_panel, AppPaths(home).panel("last"))
    return home


@pytest.fixture(scope="package")
def room_server(chromium: Browser, room_home: Path) -> Iterator[str]:
    """Address of the app on that shop, for tests that start no work and save nothing."""
    with serving(room_home) as address:
        yield address


@pytest.fixture(scope="module")
def own_room_server(chromium: Browser, room_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app on a copy of it, which the module may change."""
    with serving(shutil.copytree(room_home, tmp_path_factory.mktemp("own_room") / "recsys")) as address:
        yield address


@pytest.fixture(scope="package")
def app_server(chromium: Browser, demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    """Address of the app, served on its own copy of the small demo shop and model."""
    home = tmp_path_factory.mktemp("app_home") / "recsys"
    shutil.copytree(demo_home, home)
    with serving(home) as address:
        yield address


@pytest.fixture
def visit(visitors: _chromium.Visitors) -> Iterator[Visit]:
    """Open an address as a fresh visitor: `visit(address, Look("dark", 400))`; closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda address, look=None: stack.enter_context(visitors.visiting(address, look or Look()))


@pytest.fixture
def page(app_server: str, visit: Visit) -> Page:
    """A visitor of the app, light and 1440 pixels wide, who has not gone anywhere yet."""
    return visit(app_server)


@pytest.fixture(params=LOOKS, ids=str)
def page_in_every_look(request: pytest.FixtureRequest, app_server: str, visit: Visit) -> Page:
    """A visitor of the app in light and dark, at 1440 and 400 pixels: the test runs four times."""
    return visit(app_server, request.param)
