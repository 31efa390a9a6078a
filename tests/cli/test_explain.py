"""`recsys explain`: one product's score as arithmetic, on a terminal and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS
from tests.cli._run import Said, run

CONTRACT = {"user_id", "item_id", "score", "baseline", "components", "contributions"}
SOURCE = {"kind", "user_id", "item_id", "rating", "timestamp", "start", "end", "text"}


@pytest.fixture(scope="module")
def user(place: Path) -> str:
    users = Recommender.load(place / "model").users
    return str(users["user_id"][users["n_interactions"].idxmax()])


@pytest.fixture(scope="module")
def item(place: Path, user: str) -> str:
    return Recommender.load(place / "model").recommend(user).items[0].item_id


def explain(place: Path, *arguments: object) -> Said:
    return run("explain", "--model", place / "model", *arguments)


def told(said: Said) -> dict[str, Any]:
    assert said.status == 0, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document


@pytest.mark.parametrize(("known", "words"), [(True, ""), (False, "a warm tent"), (True, "a warm tent")])
def test_json_is_one_document_that_keeps_the_contract(
    place: Path, user: str, item: str, known: bool, words: str
) -> None:
    who = [*(["--user", user] if known else []), *(["--text", words] if words else [])]
    found = told(explain(place, *who, "--item", item, "--context", "device=mobile,hour=20", "--json"))
    assert set(found) >= CONTRACT
    assert (found["user_id"], found["item_id"]) == (user if known else None, item)
    assert list(found["components"]) == list(COMPONENTS)
    assert found["baseline"] + sum(found["components"].values()) == pytest.approx(found["score"], abs=1e-5)
    for name in COMPONENTS:
        parts = [part for part in found["contributions"] if part["component"] == name]
        assert sum(part["value"] for part in parts) == pytest.approx(found["components"][name], abs=1e-6)
        assert parts or not found["components"][name]
    model = Recommender.load(place / "model")
    for part in found["contributions"]:
        assert set(part) == {"component", "label", "value", "source"}
        assert part["source"]["strike"]
        if part["component"] == "semantic":
            assert set(part["source"]) >= SOURCE
            if part["source"]["kind"] == "review":
                past = model.history(part["source"]["user_id"])
                texts = past["text"][past["item_id"] == part["source"]["item_id"]]
                assert any(text[part["source"]["start"] : part["source"]["end"]] == part["label"] for text in texts)


def test_the_score_is_that_of_the_list(place: Path, user: str) -> None:
    options = ("--user", user, "--weights", "semantic=3,context=1", "--diversity", 0.4, "--json")
    listed = told(run("recommend", "--model", place / "model", *options))["items"]
    for entry in (listed[0], listed[-1]):
        found = told(explain(place, *options, "--item", entry["item_id"]))
        assert found["score"] == entry["score"]
        assert found["weights"] == {"collaborative": 0, "content": 0, "semantic": 0.75, "context": 0.25}
        assert (found["standing"]["rank"], found["standing"]["rank_by_score"]) == (
            entry["rank"],
            entry["rank_before_diversity"],
        )
        assert found["against_average"] == pytest.approx(entry["components"], abs=1e-5)


def test_what_is_left_out_is_gone_from_the_arithmetic(place: Path, user: str, item: str) -> None:
    before = told(explain(place, "--user", user, "--item", item, "--json"))
    strikes = [max(_of(before, name), key=lambda part: part["value"])["source"]["strike"] for name in COMPONENTS]
    options = [option for strike in [*strikes, strikes[0]] for option in ("--without", strike)]
    after = told(explain(place, "--user", user, "--item", item, *options, "--json"))
    assert after["struck"] == sorted(set(strikes))
    assert after["score"] != before["score"]
    assert not {part["source"]["strike"] for part in after["contributions"]} & set(strikes)
    assert after["baseline"] + sum(after["components"].values()) == pytest.approx(after["score"], abs=1e-5)


def test_the_text_shows_the_sums_of_the_json(place: Path, user: str, item: str) -> None:
    found = told(explain(place, "--user", user, "--item", item, "--json"))
    lines = explain(place, "--user", user, "--item", item).out.splitlines()
    assert lines[0].startswith(f"{found['title']}: score {found['score']:+.3f}, rank 1 of ")
    assert f"{found['baseline']:>+9.3f}  baseline" in lines[2]
    for name in COMPONENTS:
        assert any(line.startswith(f"{found['components'][name]:>+9.3f}  {name} (average") for line in lines)
        largest = _of(found, name)[0]
        shown = " ".join(largest["label"].split())[:60]
        assert any(line.startswith(f"{largest['value']:>+15.3f}  ") and shown in line for line in lines)
    assert any(line.endswith(" more") for line in lines)
    assert lines[-1] == f"{found['score']:>+9.3f}  score"


def test_the_text_says_why_a_product_is_not_listed(place: Path, user: str) -> None:
    had = Recommender.load(place / "model").history(user)
    bought = had["item_id"][had["kind"].isin(["purchase", "review"])].iloc[0]
    assert "cannot be listed: the shopper already has it" in explain(place, "--user", user, "--item", bought).out
    last = Recommender.load(place / "model").recommend("U00002" if user != "U00002" else "U00003")
    said = explain(place, "--user", last.user_id, "--item", last.items[-1].item_id, "-n", 1)
    assert f"rank 10 of {last.n_candidates} by score, not among the first 1" in said.out


def test_notes_go_to_stderr(place: Path, item: str) -> None:
    said = explain(place, "--text", "quiet stove", "--item", item, "--json")
    assert "note: new shopper: no purchases or reviews to learn from" in said.err
    assert told(said)["notes"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "recsys explain: nobody was asked about; give a shopper's id, or words"),
        (("--user", "zoe"), "recsys explain: shopper 'zoe' is not among the 60 known here; check the id"),
        (("--text", "x", "--item", "boat"), "recsys explain: product 'boat' is not among the 60 in the catalogue"),
        (("--text", "x", "--without", "junk"), "recsys explain: 'junk' names nothing that can be struck; use a name"),
        (("--text", "x", "--without", "r999999"), "recsys explain: 'r999999' is not a text or phrase that this model"),
        (("--text", "x", "--without", "h:boat"), "recsys explain: product 'boat' is not among the 60 in the catalogue"),
        (("--text", "x", "--without", "f:product:x"), "recsys explain: 'f:product:x' names nothing that can be struck"),
        (("--text", "x", "--weights", "price=1"), "recsys explain: --weights: 'price' is not a component; use"),
        (("--text", "x", "-n", "0"), "recsys explain: list length n=0 is not usable; give at least 1"),
    ],
)
def test_every_failure_is_one_line_and_ends_with_2(
    place: Path, item: str, arguments: tuple[str, ...], message: str
) -> None:
    said = explain(place, "--item", item, *arguments, "--json")
    assert (said.status, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_product_must_be_named(place: Path) -> None:
    said = explain(place, "--text", "x")
    assert (said.status, said.out) == (2, "")
    assert "python -m recsys explain: the following arguments are required: --item; see" in said.err


def _of(found: dict[str, Any], component: str) -> list[dict[str, Any]]:
    return [part for part in found["contributions"] if part["component"] == component]
