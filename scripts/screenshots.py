"""Save a picture of every page, light and dark, wide and narrow, on a small demo shop: `make screenshots`.

    python -m scripts.screenshots [--out build/screenshots] [--home FOLDER] [--only NAME]

`--home` names a RECSYS_HOME to show instead; without it a small shop is made once, in build/screenshots-home.
Exits 1 when a page shows an exception.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests import _demo
from tests._pages import page_address, page_files
from tests.browser import _chromium, _server

ROOT = _server.ROOT


def save(browser: Browser, address: str, name: str, out: Path) -> bool:
    """Every look of one page; whether none of them shows an exception."""
    well = True
    for look in _chromium.LOOKS:
        with _chromium.visiting(browser, address, look) as page:
            page.goto(page_address(name))
            _chromium.settled(page, timeout_s=300, quiet_ms=1000)
            file = _chromium.screenshot(page, f"{name}-{look}", out)
            broken = page.get_by_test_id("stException").count()
            sys.stdout.write(f"{file}{'  shows an exception' if broken else ''}\n")
            well = well and not broken
    return well


def main() -> int:
    """Parse the options, serve the app, save the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "screenshots", help="folder of the pictures")
    parser.add_argument("--home", type=Path, help="a RECSYS_HOME to show instead of a small demo shop")
    parser.add_argument("--only", choices=sorted(page_files()), help="one page instead of all")
    options = parser.parse_args()
    executable = _chromium.find()
    if executable is None:
        parser.error(
            "no Chromium on this machine: install it (Debian: apt-get install chromium) or set RECSYS_CHROMIUM"
        )
    home = options.home
    if home is None:
        home = ROOT / "build" / "screenshots-home"
        home.parent.mkdir(exist_ok=True)
        _demo.build(home)
    chosen = [name for name in page_files() if options.only in (None, name)]
    with (
        tempfile.TemporaryDirectory() as user_home,
        _server.running(ROOT / "app.py", home=Path(user_home), environment=_demo.environment(home)) as address,
        _chromium.launched(executable) as browser,
    ):
        well = [save(browser, address, name, options.out) for name in chosen]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
