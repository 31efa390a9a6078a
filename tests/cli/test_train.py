"""`recsys demo` and `recsys train`: from nothing to a model."""

from pathlib import Path

import pytest

from recsys.artifacts.folder import Artifact, open_artifact
from recsys.cli import shop
from recsys.errors import Cancelled
from recsys.training import fit, learned_fusion
from recsys.training.fit import TrainingSettings
from tests.cli._run import run


def test_demo_and_train_say_what_they_made(place: Path, tmp_path: Path) -> None:
    made = run("demo", "--out", tmp_path / "shop", "--items", 60, "--shoppers", 20)
    assert made.status == 0
    assert "60 items, 20 shoppers" in made.out
    trained = run("train", "--data", place / "shop", "--out", tmp_path / "model", "--split", "last", "--seed", 3)
    assert trained.status == 0
    facts = open_artifact(tmp_path / "model")
    assert facts.manifest["settings"]["split"] == "last"
    assert facts.manifest["settings"]["seed"] == 3
    assert "learnt from 60 products, 60 shoppers" in trained.out
    assert facts.model_id[:12] in trained.out
    # Too few shoppers here to choose by.
    assert "The collaborative component is EASE with its default settings" in trained.out
    assert trained.out.endswith("Default weights: collaborative 30%, content 5%, semantic 40%, context 25%.\n")
    for stage in ("reading texts", "encoding phrases", "fitting LightFM", "fitting EASE", "saving the model"):
        assert stage in trained.err  # a line a stage where nobody watches live


def test_engine_and_weights_can_be_set_by_hand(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def training(data: Path, out: Path, settings: TrainingSettings, progress: object) -> Artifact:
        asked.append(settings)
        return open_artifact(place / "model")

    monkeypatch.setattr(fit, "train", training)
    plain = ("train", "--data", place / "shop", "--out", tmp_path / "model")
    assert run(*plain).status == 0
    assert run(*plain, "--collaborative", "item_knn", "--fixed-weights").status == 0
    assert run(*plain, "--collaborative", "auto").status == 0
    assert [(each.engine, each.choose_weights) for each in asked] == [(None, True), ("item_knn", False), (None, True)]
    said = run(*plain, "--collaborative", "slim")
    assert (said.status, len(asked)) == (2, 3)
    assert "slim" in said.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train", "--data", "{tmp}/no", "--out", "{tmp}/m"), "recsys train: {tmp}/no: there is no such folder"),
        (("train", "--data", "{shop}", "--out", "{shop}"), "recsys train: {shop} holds other files ("),
        (("demo", "--out", "{tmp}/d", "--items", "5"), "recsys demo: --items 5 is too few"),
        (("evaluate", "--data", "{tmp}/no"), "recsys evaluate: {tmp}/no: there is no such folder"),
        (("evaluate", "--data", "{shop}", "-k", "0"), "recsys evaluate: min_interactions=1 and k=0 must both be"),
    ],
)
def test_every_failure_is_one_line_and_ends_with_2(
    place: Path, tmp_path: Path, command: tuple[str, ...], message: str
) -> None:
    before = sorted(place.rglob("*"))
    paths = {"tmp": tmp_path, "shop": place / "shop"}
    said = run(*(part.format(**paths) for part in command))
    assert (said.status, said.out) == (2, "")
    assert message.format(**paths) in said.err
    assert said.err.count("\n") == 1
    assert sorted(place.rglob("*")) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "recsys train: stopped while working; what was there before is unchanged\n"),
        (Cancelled("saving the model"), 130, "recsys train: stopped while saving the model; what was there before"),
        (OSError(28, "No space left on device", "/m/x"), 1, "recsys train: /m/x: No space left on device\n"),
        (OSError("odd"), 1, "recsys train: the system: odd\n"),
    ],
)
def test_what_stops_the_work_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, message: str
) -> None:
    def stop(args: object) -> None:
        raise error

    monkeypatch.setattr(shop, "run_train", stop)
    said = run("train", "--data", "shop", "--out", "model")
    assert (said.status, said.out) == (status, "")
    assert said.err.startswith(message)
    assert said.err.count("\n") == 1


def test_what_learning_came_to_is_told_in_a_sentence(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, out = place / "shop", tmp_path / "model"
    few = run("train", "--data", shop, "--out", out, "--learn", "weights")
    assert "Nothing could be learned: fewer than 400 shoppers to judge by" in few.out
    assert "Default weights: collaborative 30%, content 5%, semantic 40%, context 25%." in few.out
    monkeypatch.setattr(learned_fusion, "FEWEST_SHOPPERS", 10)
    enough = run("train", "--data", shop, "--out", out, "--learn", "map")
    told = open_artifact(out).manifest["learning"]
    assert set(told["epochs"]) == {learned_fusion.LEARNED, learned_fusion.MAP}
    assert learned_fusion.GRID in {each["name"] for each in told["compared"]}
    assert told["n_pairs"] > 10
    assert told["in_words"] in enough.out
    assert "learning the head and the weights" in enough.err
