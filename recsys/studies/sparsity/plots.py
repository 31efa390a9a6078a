"""What less and worse text does, as plots."""

from collections.abc import Sequence

from recsys.evaluation.statistics.significance import Interval
from recsys.studies.result import Plot, Series
from recsys.studies.sparsity.figures import Told, by_kind


def share_plot(shares: Sequence[Told], plain: Interval, k: int) -> Plot:
    """nDCG by the share of texts that is kept.

    Parameters
    ----------
    plain : of the mix without the semantic component, which no text changes
    """
    x = tuple(100 * each.level.share for each in shares)
    return Plot(
        "shares",
        f"nDCG@{k} on test shoppers by how many texts of reviews there are",
        "Share of texts kept, in percent",
        f"nDCG@{k}, 95% interval",
        (
            Series.of("semantic alone", x, [each.means["alone"] for each in shares]),
            Series.of("mix, tuned at each share", x, [each.means["mix"] for each in shares]),
            Series.of("mix, tuned for all texts", x, [each.means["steady"] for each in shares]),
            Series.of("mix without semantic", x, [plain] * len(shares)),
        ),
        "line",
    )


def noise_plots(noises: Sequence[Told], clean: Told, k: int) -> tuple[Plot, Plot]:
    """nDCG by the share of texts that is spoilt, of the semantic component alone and of the mix."""

    def drawn(name: str, title: str, of: str) -> Plot:
        series = []
        for kind, doses in by_kind(noises).items():
            x = (0.0, *(100 * each.level.share for each in doses))
            series.append(Series.of(kind, x, [each.means[of] for each in (clean, *doses)]))
        y = f"nDCG@{k}, 95% interval"
        return Plot(name, title, "Share of texts spoilt, in percent", y, tuple(series), "line")

    return (
        drawn("noise_alone", f"nDCG@{k} of the semantic component alone, texts being spoilt", "alone"),
        drawn("noise_mix", f"nDCG@{k} of the mix tuned at each level, texts being spoilt", "mix"),
    )
