"""`recsys recommend`: the list for one shopper, on a terminal and as JSON."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS
from tests._data import write_folder
from tests.cli._run import Said, run

ROOT = Path(__file__).resolve().parents[2]


def some_user(place: Path) -> str:
    users = Recommender.load(place / "model").users
    return str(users["user_id"][users["n_interactions"].idxmax()])


def recommend(place: Path, *arguments: object) -> Said:
    return run("recommend", "--model", place / "model", *arguments)


@pytest.mark.parametrize(("known", "words"), [(True, ""), (False, "a warm tent"), (True, "a warm tent")])
def test_json_is_one_document_that_keeps_the_contract(place: Path, known: bool, words: str) -> None:
    user = some_user(place) if known else None
    who = [*(["--user", user] if user else []), *(["--text", words] if words else [])]
    said = recommend(place, *who, "-n", 5, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert {"user_id", "weights", "context", "items"} <= set(told)
    assert told["user_id"] == user
    assert list(told["weights"]) == list(told["influence"]) == list(COMPONENTS)
    sizes = {name: sum(abs(item["components"][name]) for item in told["items"]) for name in COMPONENTS}
    for name, share in told["influence"].items():
        assert share == pytest.approx(sizes[name] / sum(sizes.values()), abs=1e-9)
    assert [item["rank"] for item in told["items"]] == [1, 2, 3, 4, 5]
    for item in told["items"]:
        assert {"rank", "item_id", "title", "score", "components"} <= set(item)
        assert sum(item["components"].values()) == pytest.approx(item["score"], abs=1e-6)


def test_options_reach_the_list(place: Path) -> None:
    user = some_user(place)
    options = ("--weights", "semantic=3,context=1", "--context", "device=mobile,hour=20", "--diversity", 0.4, "--json")
    said = recommend(place, "--user", user, *options)
    told = json.loads(said.out)
    assert told["weights"] == {"collaborative": 0, "content": 0, "semantic": 0.75, "context": 0.25}
    assert told["context"] == {"daypart": "evening", "device": "mobile"}
    assert [item["rank_before_diversity"] for item in told["items"]] != list(range(1, 11))


def test_the_table_shows_what_the_json_tells(place: Path) -> None:
    user = some_user(place)
    told = json.loads(recommend(place, "--user", user, "--json").out)
    lines = recommend(place, "--user", user).out.splitlines()
    assert lines[0].split() == ["rank", "item", "product", "score", *COMPONENTS]
    assert len(lines) == 14
    for line, item in zip(lines[1:11], told["items"], strict=True):
        assert line.split()[:2] == [str(item["rank"]), item["item_id"]]
        assert item["title"][:40] in line
        assert f"{item['score']:+.3f}" in line
    assert lines[12].split() == ["weight", *(f"{share:.0%}" for share in told["weights"].values())]
    assert lines[13].split() == ["decides", "this", "list", *(f"{share:.0%}" for share in told["influence"].values())]
    assert len({len(line) for line in (lines[0], *lines[12:])}) == 1  # numbers stand under their component


def test_notes_go_to_stderr(place: Path) -> None:
    said = recommend(place, "--text", "quiet stove", "--json")
    assert "note: new shopper: no purchases or reviews to learn from" in said.err
    json.loads(said.out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "recsys recommend: nobody was asked about; give a shopper's id, or words"),
        (("--user", "zoe"), "recsys recommend: shopper 'zoe' is not among the 60 known here; check the id"),
        (("--user", "u", "--weights", "price=1"), "recsys recommend: --weights: 'price' is not a component; use"),
        (("--user", "u", "--weights", "content=-1"), "recsys recommend: weight content=-1.0 is not usable; give"),
        (("--user", "u", "--context", "hour=25"), "recsys recommend: hour=25 is not an hour of the day; give 0 to 23"),
        (("--text", "x", "--context", "device=toaster"), "device='toaster' is not among the known ones; use one of"),
        (("--text", "x", "--context", "date=1999-01-01"), "would judge 1999-01-01 00:00 with hindsight; ask about"),
        (("--text", "x", "-n", "0"), "recsys recommend: list length n=0 is not usable; give at least 1"),
        (("--text", "x", "--diversity", "2"), "recsys recommend: diversity=2.0 is not usable; give a number from 0 to"),
    ],
)
def test_every_failure_is_one_line_and_ends_with_2(place: Path, arguments: tuple[str, ...], message: str) -> None:
    said = recommend(place, *arguments, "--json")
    assert (said.status, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_missing_or_damaged_model_is_one_line_and_ends_with_2(place: Path, tmp_path: Path) -> None:
    said = run("recommend", "--model", tmp_path / "nowhere", "--user", "u")
    assert said.status == 2
    assert "there is no trained model here (manifest.json is missing); run `recsys train` first" in said.err
    assert said.err.count("\n") == 1
    model = shutil.copytree(place / "model", tmp_path / "model")
    next(model.glob("semantic-*")).write_bytes(b"")
    said = run("recommend", "--model", model, "--user", "u")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert "part 'semantic' is damaged (its checksum differs); train the model again" in said.err


def test_as_a_command_of_its_own(place: Path) -> None:
    command = [sys.executable, "-m", "recsys", "recommend", "--model", str(place / "model"), "--json"]
    environment = {**os.environ, "RECSYS_CACHE_DIR": str(place / "cache")}

    def call(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    done = call("--user", some_user(place))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["items"]) == 10
    failed = call()  # refused before the model is opened
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (2, "", 1)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, place: Path) -> Path:
    """A model of a shop whose products have one title, where ann has them all and bob all but one."""
    folder = tmp_path_factory.mktemp("crowded")
    items = [f"product-with-a-long-id-{n}" for n in range(6)]
    had = [("ann", item) for item in items] + [("bob", item) for item in items[:5]] + [("cat", items[0])]
    moments = pd.date_range("2024-01-01", periods=len(had), freq="D", tz="UTC")
    events = pd.DataFrame(had, columns=["user_id", "item_id"]).assign(event="purchase", timestamp=moments)
    sold_out = [True] * 5 + [False]
    catalogue = pd.DataFrame({"item_id": items, "title": "Item", "available": sold_out})
    write_folder(folder / "shop", items=catalogue, events=events)
    trained = run("train", "--data", folder / "shop", "--out", folder / "model")
    assert trained.status == 0, trained.err
    return folder / "model"


def test_products_of_one_title_are_told_apart_by_their_ids(crowded: Path) -> None:
    said = run("recommend", "--model", crowded, "--user", "cat")
    ids = [line.split()[1] for line in said.out.splitlines()[1:5]]
    assert len(set(ids)) == 4
    for item in ids:  # whole, as `explain` asks for it
        assert run("explain", "--model", crowded, "--user", "cat", "--item", item).status == 0
    assert "no other product may be listed (10 were asked for)" in said.out


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("ann", "the shopper already has all 6 products"),
        ("bob", "nothing is left to list of 6 products: the shopper already has 5, 1 is not available"),
    ],
)
def test_an_empty_list_says_why(crowded: Path, user: str, why: str) -> None:
    said = run("recommend", "--model", crowded, "--user", user)
    assert (said.status, said.out.count("\n")) == (0, 1)
    assert said.out.startswith("No product: ")
    assert why in said.out
    told = json.loads(run("recommend", "--model", crowded, "--user", user, "--json").out)
    assert (told["items"], told["n_candidates"]) == ([], 0)
    assert why in told["notes"][-1]
