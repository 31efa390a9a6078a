"""Results are kept, read again, and told in one page that needs nothing and runs nothing of what data hold."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.studies.report import Drawn, figure, read_results, report_html, write_results
from recsys.studies.result import Plot, Result, Series, Table

HOSTILE = '<img src=x onerror="alert(1)">'

RESULT = Result(
    experiment="ablation",
    protocol=f"held out {HOSTILE}",
    data={"name": HOSTILE, "fingerprint": "abc", "n_items": 1000, "n_users": 20},
    settings={"split": "last", "min_interactions": 3, "k": 10, "seed": 0, "learning": {"rank": 4}},
    conclusion=("Together they are better.", HOSTILE),
    caveats=("Few shoppers.",),
    tables=(
        Table(
            "models",
            "Models",
            {"model": "Model", "ndcg": "nDCG", "ndcg_low": "from", "ndcg_high": "to"},
            (
                {"model": "=cmd()", "ndcg": 0.5, "ndcg_low": 0.4, "ndcg_high": 0.6},
                {"model": HOSTILE, "ndcg": None, "ndcg_low": None, "ndcg_high": None},
            ),
        ),
    ),
    plots=(
        Plot("p", "Across", "Model", "Change", (Series("change", ("a", "b"), (0.1, None), (0.0, None), (0.2, None)),)),
        Plot("l", "Line", "Noise, %", "nDCG", (Series("one", (0.0, 1.0), (0.1, 0.2)), Series("two", (0.5,), (0.3,)))),
    ),
    figures={"models": {"a": 1}},
    seconds=3.2,
)


class Reader(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    write_results(tmp_path / "out", [RESULT])
    assert read_results(tmp_path / "out")["ablation"].as_json() == RESULT.as_json()
    assert "'=cmd()" in (tmp_path / "out" / "ablation-models.csv").read_text()
    (tmp_path / "out" / "other.json").write_text("{}")
    (tmp_path / "out" / "torn.json").write_text("{")
    assert set(read_results(tmp_path / "out")) == {"ablation"}
    assert not list((tmp_path / "out").glob(".*"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="results cannot be kept there"):
        write_results(tmp_path / "out", [RESULT])


def test_the_report_says_everything_and_runs_nothing_of_the_data() -> None:
    page = report_html([RESULT, replace(RESULT, experiment="paper", plots=())], {"context": "no times <b>"})
    reader = Reader(page)
    assert "img" not in reader.tags
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', page)
    for said in (
        "Together they are better.",
        "Few shoppers.",
        "--split last --min-interactions 3 -k 10 --seed 0",
        "1,000 products, 20 shoppers",
        "no times &lt;b&gt;",
        "0.4000 to 0.6000",
        "Made with",
    ):
        assert said in page, said
    assert "learning" not in page  # is no option of the command
    assert page.count("plotly.js v") == 1  # the library once, however many charts


def test_a_report_that_grows_is_the_one_drawn_at_once() -> None:
    later, earlier = replace(RESULT, experiment="paper"), replace(RESULT, experiment="clicks", plots=())
    drawn = Drawn()
    report_html([RESULT], {}, drawn)
    before = dict(drawn)
    for together in ([RESULT, later], [earlier, RESULT, later], [later, RESULT]):
        grown, at_once = (_without_chance(report_html(together, {}, *more)) for more in ((drawn,), ()))
        assert grown == at_once
    assert all(drawn[name] is section for name, section in before.items())


def test_results_written_again_with_another_leave_what_was_written(tmp_path: Path) -> None:
    later, drawn = replace(RESULT, experiment="paper"), Drawn()
    write_results(tmp_path, [RESULT], {}, drawn)
    before = (tmp_path / "ablation.json").stat().st_mtime_ns
    write_results(tmp_path, [RESULT, later], {}, drawn)
    assert (tmp_path / "ablation.json").stat().st_mtime_ns == before
    assert {name: each.as_json() for name, each in read_results(tmp_path).items()} == {
        each.experiment: each.as_json() for each in (RESULT, later)
    }
    assert (tmp_path / "report.html").read_text().count("<section") == 2


def _without_chance(page: str) -> str:
    """The page without the moment, and the random names of its charts."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|Made on .*? UTC", "", page)


def test_names_are_drawn_beneath_each_other_with_their_intervals() -> None:
    across = figure(RESULT.plots[0])
    assert list(across.data[0].y) == ["a", "b"]
    assert list(across.data[0].error_x.arrayminus) == [pytest.approx(0.1), 0.0]
    assert (across.layout.xaxis.title.text, across.layout.yaxis.title.text) == ("Change", "Model")
    assert not across.layout.showlegend


def test_series_are_told_apart_without_colour() -> None:
    two = figure(replace(RESULT.plots[1], kind="line"))
    assert two.layout.showlegend
    assert two.data[0].mode == "lines+markers"
    assert two.data[1].marker.symbol != "circle"
    assert (two.layout.xaxis.title.text, two.layout.yaxis.title.text) == ("Noise, %", "nDCG")
