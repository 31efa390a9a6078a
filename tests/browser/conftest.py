"""Fixtures of the browser tests: one browser and one server for all of them, a fresh visitor for each.

Without a Chromium on the machine every test here is skipped, and says so.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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


@pytest.fixture(scope="module")
def room_server(
    chromium: Browser,
    demo_home: Path,  # noqa: F811
    tuning_panel: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Address of the app on a copy of the small demo shop whose test shoppers are prepared; each module has its own."""
    home = tmp_path_factory.mktemp("room") / "recsys"
    shutil.copytree(demo_home, home)
    shutil.copytree(tuning_panel, AppPaths(home).panel("last"))
    with _server.running(_server.ROOT / "app.py", home=home.parent, environment=_demo.environment(home)) as address:
        yield address


@pytest.fixture(scope="package")
def app_server(chromium: Browser, demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    """Address of the app, served on its own copy of the small demo shop and model."""
    home = tmp_path_factory.mktemp("app_home") / "recsys"
    shutil.copytree(demo_home, home)
    with _server.running(_server.ROOT / "app.py", home=home.parent, environment=_demo.environment(home)) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Open an address as a fresh visitor: `visit(address, Look("dark", 400))`; closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda address, look=None: stack.enter_context(_chromium.visiting(chromium, address, look or Look()))


@pytest.fixture
def page(app_server: str, visit: Visit) -> Page:
    """A visitor of the app, light and 1440 pixels wide, who has not gone anywhere yet."""
    return visit(app_server)


@pytest.fixture(params=LOOKS, ids=str)
def page_in_every_look(request: pytest.FixtureRequest, app_server: str, visit: Visit) -> Page:
    """A visitor of the app in light and dark, at 1440 and 400 pixels: the test runs four times."""
    return visit(app_server, request.param)
