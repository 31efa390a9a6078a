"""The browser harness itself, on a tiny app: it waits for reruns, shows looks, saves pictures, ends its server."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import TimeoutError as BrowserTimeout

from tests.browser import _server
from tests.browser._chromium import LOOKS, Look, screenshot, settled
from tests.browser.conftest import Visit

TINY_APP = """
import time
import streamlit as st

with st.sidebar:
    st.write("side")
if st.button("Count", key="count"):
    time.sleep(0.7)
    st.session_state.n = st.session_state.get("n", 0) + 1
if st.button("Sleep", key="sleep"):
    time.sleep(30)
st.write(f"counted {st.session_state.get('n', 0)}")
for row in range(60):
    st.write(f"row {row}")
"""

STARTS_A_JOB = """
import subprocess, sys
import streamlit as st

job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
st.write(f"job {job.pid}")
"""


@pytest.fixture(scope="package")
def tiny_app(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the tiny app; asks for Chromium first, so that nothing is started where tests are skipped anyway."""
    folder = tmp_path_factory.mktemp("tiny_app")
    (folder / "tiny.py").write_text(TINY_APP)
    with _server.running(folder / "tiny.py", home=folder / "home") as address:
        yield address


def test_settled_waits_for_the_rerun_that_a_click_starts(tiny_app: str, visit: Visit) -> None:
    page = visit(tiny_app)
    page.goto("/")
    settled(page)
    page.get_by_role("button", name="Count").click()
    settled(page)
    assert page.get_by_text("counted 1").count() == 1


def test_settled_gives_up_on_a_script_that_goes_on(tiny_app: str, visit: Visit) -> None:
    page = visit(tiny_app)
    page.goto("/")
    settled(page).get_by_role("button", name="Sleep").click()
    with pytest.raises(BrowserTimeout):
        settled(page, timeout_s=1.5)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_visitor_gets_the_look_asked_for(tiny_app: str, visit: Visit, look: Look) -> None:
    page = visit(tiny_app, look)
    page.goto("/")
    settled(page)
    background = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    brightness = sum(int(part) for part in background[4:-1].split(",")[:3]) / 3
    assert (brightness < 128) == (look.scheme == "dark")
    assert page.evaluate("innerWidth") == look.width


def test_a_screenshot_shows_the_page_from_top_to_bottom(
    tiny_app: str, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(tiny_app)
    page.goto("/")
    settled(page)
    monkeypatch.delenv("RECSYS_SCREENSHOTS", raising=False)
    assert screenshot(page, "not saved") is None
    monkeypatch.setenv("RECSYS_SCREENSHOTS", str(tmp_path / "shots"))
    path = screenshot(page, "Home / first")
    assert path == tmp_path / "shots" / "Home-first.png"
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, height = int.from_bytes(header[16:20]), int.from_bytes(header[20:24])
    assert width == 1440
    assert height > 60 * 20
    expect(page.get_by_text("row 59")).to_be_attached()
    assert page.viewport_size == {"width": 1440, "height": 1000}


def test_the_server_is_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text("import streamlit as st\nst.write(1)\n")
    with _server.running(tmp_path / "tiny.py", home=tmp_path / "home") as address:
        port = urlsplit(address).port
        assert port is not None
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_job_that_the_app_started_ends_with_the_server(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "starts_a_job.py").write_text(STARTS_A_JOB)
    with _server.running(tmp_path / "starts_a_job.py", home=tmp_path / "home") as address:
        page = visit(address)
        page.goto("/")
        pid = int(settled(page).get_by_text("job ").inner_text().removeprefix("job "))
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)the server ended with status 2:.*does not exist"),
        _server.running(tmp_path / "nowhere.py", home=tmp_path / "home"),
    ):
        pass
