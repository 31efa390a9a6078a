"""The jobs of the shop in use: making the demo shop, judging the log, test shoppers, presets, experiments."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from recsys.documents import from_json, to_json
from recsys.errors import ArtifactError, DataError, InputError, RecsysError, SettingsError
from recsys.jobs import POLITE, Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths
from recsys.progress import Progress
from recsys.schema import IMPRESSIONS
from recsys.studies.registry import EXPERIMENTS

if TYPE_CHECKING:
    from recsys.tuning.shipped import Engines

logger = logging.getLogger(__name__)

PRESETS_SPLIT = "last"
"""Split that the presets are tuned on, but for those whose goal is about a replay."""


def demo_job_at(home: AppPaths) -> Job:
    """The job that makes the demo shop and trains on it."""
    return Job(home.path.absolute(), "demo")


def start_demo_job(home: AppPaths) -> Job:
    """Make the demo shop unless there is one, and train on it; if that is already under way, join it."""
    return DEMO.start(demo_job_at(home), {"home": home.path.absolute()})


def _make_and_train(reporter: Reporter, home: str) -> None:
    paths = AppPaths(Path(home))
    if not (paths.data / "items.parquet").exists():
        from recsys.demo import generate_demo

        generate_demo(paths.data, progress=reporter)
    reporter("reading the shop")
    from recsys.training.fit import train

    train(paths.data, paths.own_model, progress=reporter)


DEMO = JobKind(
    __name__,
    _make_and_train,
    # Shares as measured on two cores; reading the words is most of it.
    (
        Stage("Making the demo shop"),
        Stage("Reading the shop", ("reading", "checking"), 2.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",), 24.0),
        Stage("Learning tastes", ("weighing", "fitting", "learning"), 1.5),
        Stage("Saving", ("saving",), 0.3),
    ),
    name="DEMO",
)


def has_log(home: AppPaths) -> bool:
    """Whether the shop in use has logged impressions; False, too, where nobody said where its data lie."""
    return home.shop_data is not None and (home.shop_data / IMPRESSIONS.file).is_file()


def log_job_at(home: AppPaths) -> Job:
    """The job that judges the log of the shop in use."""
    folder = home.judged_log.absolute()
    return Job(folder.parent, folder.name)


def start_log_job(home: AppPaths) -> Job:
    """Judge the log of the shop in use in another process, or join it where that is under way.

    Raises InputError: the data of the chosen model are not known, or hold no log; DataError: the log can say nothing of
    any other policy.
    """
    data = home.shop_data
    if data is None or not has_log(home):
        raise InputError(f"the data of this shop hold no {IMPRESSIONS.file}, so there is no log to ask")
    from recsys.offpolicy.logs import require_usable_log

    require_usable_log(data)
    return LOG.start(log_job_at(home), {"out": home.judged_log.absolute(), "data": data.absolute()})


def _judge(reporter: Reporter, out: str, data: str) -> None:
    from recsys.offpolicy.logged_set import build_logged_set

    build_logged_set(Path(data), Path(out), progress=reporter)


LOG = JobKind(
    __name__,
    _judge,
    # Shares as on the demo shop, whose phrases are already in the cache.
    (
        Stage("Reading the shop", ("reading", "checking"), 0.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",)),
        Stage("Choosing weights on earlier choices", ("choosing",), 6.0),
        Stage("Judging logged pages", ("scoring logged pages",), 4.0),
        Stage("Saving", ("saving",), 0.5),
    ),
    POLITE,
    name="LOG",
)


@dataclass(frozen=True, slots=True)
class ShopFolders:
    """Absolute folders of the shop in use, and the name under which its presets are stored.

    `panel`: of its test shoppers, under one split.
    `data`: that its model was trained on.
    `home`: the app's own.
    """

    panel: Path
    data: Path
    model: Path
    home: Path
    shop: str

    @classmethod
    def of(cls, home: AppPaths, split: str, shop: str) -> Self:
        """The folders of the shop in use; errors are those of `AppPaths.require_data`."""
        data = home.require_data()
        return cls(home.panel(split).absolute(), data, home.model.absolute(), home.path.absolute(), shop)


def panel_job_at(home: AppPaths, split: str) -> Job:
    """The job that prepares the test shoppers of the shop in use under one split."""
    folder = home.panel(split)
    return Job(folder.parent, folder.name)


def start_panel_job(home: AppPaths, split: str, shop: str) -> Job:
    """Prepare the test shoppers of the shop in use in another process, or join it where that is under way.

    `shop` is the name under which its presets are stored; errors are those of `AppPaths.require_data`.
    """
    folders = ShopFolders.of(home, split, shop)
    return PANEL.start(panel_job_at(home, split), {"split": split, "folders": to_json(folders)})


def _prepare(reporter: Reporter, split: str, folders: object) -> None:
    """Prepare, and have the presets that come with the app tuned where that is their way of holding out."""
    from recsys.artifacts.folder import open_artifact
    from recsys.panel.build import PanelSettings, build_panel
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.serving.results import ModelInfo

    shop = from_json(ShopFolders, folders)
    hemisphere = ModelInfo.of(open_artifact(shop.model).manifest).hemisphere
    build_panel(shop.data, shop.panel, PanelSettings.of(split, hemisphere=hemisphere), reporter)
    reporter("warming up")
    LiveEngine(Panel.open(shop.panel)[1]).warm_up()
    if split == PRESETS_SPLIT:
        try:
            start_presets_job(shop)
        except RecsysError:
            # What was prepared is whole, and the presets section has a button that starts it.
            logger.exception("the presets that come with the app are not being tuned")


PANEL = JobKind(
    __name__,
    _prepare,
    # Shares as on the demo shop, whose phrases are already in the cache.
    (
        Stage("Reading the shop", ("reading", "checking"), 0.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",), 4.0),
        Stage("Scoring validation shoppers", ("validation:",), 6.0),
        Stage("Scoring test shoppers", ("test:",), 6.0),
        Stage("Modelling clicks", ("clicks:",), 0.5),
        Stage("Saving", ("saving",), 0.5),
        Stage("Warming up", ("warming",), 2.0),
    ),
    name="PANEL",
)


def presets_job_at(panel: Path) -> Job:
    """The job that tunes the presets of a shop, whose test shoppers under `PRESETS_SPLIT` are in the folder `panel`."""
    return Job(panel.parent, panel.name.removesuffix(PRESETS_SPLIT) + "presets")


def start_presets_job(folders: ShopFolders) -> Job:
    """Tune the presets of a shop in another process, or join it where that is under way."""
    return PRESETS.start(presets_job_at(folders.panel), to_json(folders))


def _tune(reporter: Reporter, **shop: str) -> None:
    """Tune and store them; published is, under "not_available", why the shop cannot have some of them, by name."""
    from recsys.artifacts.folder import open_artifact
    from recsys.panel.build import PanelSettings, build_panel, open_or_build
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.serving.results import ModelInfo
    from recsys.store.database import Database
    from recsys.store.presets import PresetStore
    from recsys.tuning.shipped import NotAvailable, to_store, tune_shipped

    folders = from_json(ShopFolders, shop)
    store = PresetStore(Database.default(folders.home), folders.shop)
    store.state()  # a database that cannot be reached is an error now, not after all the work
    default = ModelInfo.of(open_artifact(folders.model).manifest).default_weights
    try:
        validation, test = Panel.open(folders.panel)
    except ArtifactError:
        build_panel(folders.data, folders.panel, PanelSettings.of(PRESETS_SPLIT), reporter)
        validation, test = Panel.open(folders.panel)

    def replayed(name: str, report: Progress) -> "Engines":
        """The shoppers of a replay, prepared beside the others, where the page looks for them, too."""
        beside = folders.panel.with_name(folders.panel.name.removesuffix(PRESETS_SPLIT) + name)
        fingerprint = str(test.data["fingerprint"])
        panels = open_or_build(folders.data, beside, PanelSettings.of(name), fingerprint, report)
        return LiveEngine(panels[0]), LiveEngine(panels[1])

    tuned = tune_shipped(LiveEngine(validation), LiveEngine(test), reporter, replayed=replayed, default=default)
    reporter("keeping the presets")
    store.ship(to_store(tuned))
    reasons = {each.intention.name: each.reason for each in tuned if isinstance(each, NotAvailable)}
    reporter.publish({"not_available": reasons})


PRESETS = JobKind(
    __name__,
    _tune,
    # Shares as on the demo shop.
    (
        Stage("Opening the test shoppers", usual_share=2.0),
        Stage("Tuning the presets", ("tuning",), 40.0),
        Stage("Keeping them", ("keeping",), 0.2),
    ),
    POLITE,
    name="PRESETS",
)


def results_folder(home: AppPaths, split: str) -> Path:
    """Folder of the results on the shop in use."""
    panel = home.panel(split)
    return panel.parent.with_name("experiments") / panel.name


def experiments_job_at(folder: Path) -> Job:
    """The job of a folder of results, running, ended or never started."""
    return Job(folder.absolute(), "experiments")


def start_experiments(home: AppPaths, split: str, names: Sequence[str]) -> Job:
    """Run some experiments in another process, or join it where some are under way; errors as `require_data`."""
    folder = results_folder(home, split).absolute()
    panels = home.panel(split).parent.absolute()
    request = {"folder": folder, "data": home.require_data(), "panels": panels, "split": split, "names": list(names)}
    return STUDIES.start(experiments_job_at(folder), request)


def _study_stages(names: Sequence[str], **_: object) -> tuple[Stage, ...]:
    return tuple(Stage(EXPERIMENTS[name].title) for name in names)


def _run_studies(reporter: Reporter, folder: str, data: str, panels: str, split: str, names: Sequence[str]) -> None:
    """Run and keep them; published is, under "not_available", why some cannot be run on this shop, by name."""
    from recsys.studies.report import Drawn, read_results, write_results
    from recsys.studies.workspace import ExperimentSettings, Workspace

    refused: dict[str, str] = {}
    drawn = Drawn()
    settings = ExperimentSettings(split=split)  # type: ignore[arg-type]
    with Workspace(Path(data), Path(panels) / "experiments") as workspace:
        for name in names:
            experiment = EXPERIMENTS[name]
            reporter(experiment.title)

            def report(stage: str, done: int = 0, total: int = 0, title: str = experiment.title) -> None:
                reporter(title, done, total)

            try:
                result = experiment.run(workspace, settings, report)
            except (DataError, SettingsError) as problem:
                refused[name] = str(problem)
                reporter.publish({"not_available": refused})
                continue
            results = read_results(Path(folder)) | {name: result}
            for with_library in (True, False):  # that of an earlier run
                drawn.pop((name, with_library), None)
            write_results(Path(folder), [results[each] for each in EXPERIMENTS if each in results], refused, drawn)


STUDIES = JobKind(__name__, _run_studies, _study_stages, POLITE, name="STUDIES")
