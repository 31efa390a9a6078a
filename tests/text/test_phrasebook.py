"""A phrasebook says where every phrase of the shop stands."""

from collections.abc import Sequence

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.text.phrasebook import (
    ATTRIBUTES,
    DESCRIPTION,
    KINDS,
    REVIEW,
    TITLE,
    _documents,
    build_phrasebook,
    canonical,
)


class LengthEncoder:
    """Encodes a phrase as its length, so that tests see which phrase a vector belongs to."""

    encoder_id = "length"
    reads = None

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> np.ndarray:
        progress("encoding phrases", len(texts), len(texts))
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(-1, 2)


@pytest.fixture
def book(tiny_data):
    return build_phrasebook(tiny_data, LengthEncoder())


def document_text(data: Dataset, kind: int, document: int) -> str:
    return next(text for *known, text in _documents(data) if known == [kind, document])


def texts_of(data, book, kind: int, document: int) -> list[str]:
    rows = np.flatnonzero((book.kind == kind) & (book.document == document))
    return [document_text(data, kind, document)[book.start[row] : book.end[row]] for row in rows]


def test_every_kind_of_document_is_cut_into_verbatim_phrases(tiny_data, book):
    assert texts_of(tiny_data, book, TITLE, tiny_data.item_row("tent-2")) == ["Ridge tent for two"]
    assert texts_of(tiny_data, book, DESCRIPTION, tiny_data.item_row("tent-2")) == [
        "Light tent.",
        "Rainproof to 3,000 mm.",
    ]
    assert texts_of(tiny_data, book, ATTRIBUTES, tiny_data.item_row("tent-2")) == ["Tents, light, rainproof"]
    assert texts_of(tiny_data, book, REVIEW, 0) == ["Light to carry.", "Stayed dry all night!"]


def test_equal_phrases_share_a_row_and_each_vector_belongs_to_its_phrase(tiny):
    tiny["items"].loc[0, "description"] = "So WARM and soft! Light tent."  # as one review says of another product
    tiny_data = Dataset.from_frames(**tiny)
    book, keys = build_phrasebook(tiny_data, LengthEncoder()), []
    for kind, document, start, end in zip(book.kind, book.document, book.start, book.end, strict=True):
        keys.append(canonical(document_text(tiny_data, kind, document)[start:end]))
    assert book.n_phrases == len(set(keys)) < len(book)
    assert book.vectors[book.phrase, 0].tolist() == [len(key) for key in keys]
    assert book.vectors.dtype == np.float16
    assert book.encoder_id == "length"


def test_occurrences_are_sorted_and_sliced_by_kind(book):
    order = np.lexsort((book.start, book.document, book.kind))
    np.testing.assert_array_equal(order, np.arange(len(book)))
    for kind in range(len(KINDS)):
        assert set(book.kind[book.of_kind(kind)]) == {kind}
        assert book.of_kind(kind).stop - book.of_kind(kind).start == np.sum(book.kind == kind)


def test_a_review_keeps_its_id_when_others_are_cut_out(tiny_data, book):
    cut = tiny_data.until(int(tiny_data.reviews["time_s"].median()))
    part = build_phrasebook(cut, LengthEncoder())
    kept = set(part.document[part.of_kind(REVIEW)])
    assert kept < set(book.document[book.of_kind(REVIEW)])
    for review in kept:
        assert texts_of(cut, part, REVIEW, review) == texts_of(tiny_data, book, REVIEW, review)


def test_progress_tells_the_texts_and_the_phrases(tiny_data):
    reports = []
    build_phrasebook(tiny_data, LengthEncoder(), lambda *report: reports.append(report))
    total = 3 * tiny_data.n_items + tiny_data.n_reviews
    assert reports[0] == ("reading texts", 0, total)
    assert ("reading texts", total, total) in reports
    assert reports[-1][0] == "encoding phrases"
