"""Kinds of faults that a merchandiser sent quotes back for: ten sentences of each kind, and ten that must stay."""

import pytest

from recsys.text.quotable import faults, grade
from recsys.text.quotable_product import contradicts
from recsys.text.quotable_sentence import Sentence, words_of

SEVERAL = """
Both tents are roomy and easy to pitch.
Both of them fit well and feel sturdy.
All are sturdy and comfortable.
All of these are quiet and easy to clean.
All three work well and feel solid.
Each has a sturdy handle and a soft grip.
Each came with a lovely soft lining.
These two are light and comfortable.
The two of them sound great and feel sturdy.
Both pans heat quickly and clean easily.
"""

PROMISED = """
A soft lining, far from the velvet feel they promise.
The promised bright light is soft and warm.
It is supposed to be a sturdy, comfortable chair.
The so-called waterproof jacket is light and comfortable.
Expected more from such a sturdy and comfortable boot.
Expected better of a solid, reliable torch.
Sturdy and comfortable as advertised by others.
The seller claims it is sturdy and comfortable.
In theory it is a sturdy, comfortable saddle.
Marketed as a quiet, sturdy and reliable fan.
"""

HEDGES = """
The zip generally runs smoothly.
The handle tends to be comfortable.
It is relatively easy to clean.
The sole is fairly sturdy and comfortable.
Very quiet when placed correctly.
Easy to read if you tilt it.
Sturdy enough for the price.
Great for killing time on the train with friends.
The lid is pretty solid.
The straps are usually comfortable.
Easy to clean with patience.
The grip is best with a dry hand.
Neutral taste: clean finish, no sour tail, you want another sip.
Nice soft leather, but nothing special.
"""

LEANS = """
And the strap is soft and comfortable.
Plus the lid is easy to clean.
Also the fabric is soft and sturdy.
So it is easy to clean and quiet.
But the handle is comfortable and sturdy.
Or a sturdy, comfortable saddle.
First, the lid is sturdy and easy to clean.
The handle is comfortable and sturdy too.
It is easier to clean and sturdy.
It gives you more grip and a sturdy feel.
"""

NO_PRAISE = """
Attach the strap to the lower ring for better balance.
Wipe the lens with a soft cloth.
Tighten the screws by hand for a secure fit.
Used it on a windy ridge above the lake.
Worn on a long walk in the hills.
Camped in the snow near the border.
Slept in it on top of a mountain.
Tested at home on a wooden floor.
Fold the legs in before you store it.
Hang it on the wall near the door.
"""

GENERIC = """
Worth every penny.
Really great value for money.
Very fun game.
Hours of fun for everyone.
An interesting concept.
This kettle is awesome.
These are truly great towels.
They are excellent.
Great game, hours of entertainment.
Such a wonderful lamp!
"""

GOOD = """
Both light and sturdy, with a comfortable grip.
All the buttons are easy to reach in the dark.
The lining is soft and comfortable, just as promised.
Quiet enough to read beside, and the light is warm.
Pretty colours and a soft, sturdy weave.
So light that I carry it all day.
Makes cleaning easier, and the lid is sturdy.
Sturdy handle, easy to clean, and great value.
The sound is crisp, and the remote is easy to use.
The drawer is solid and slides smoothly.
Great soundtrack and beautiful, detailed levels.
A lovely warm light with a smooth, quiet dimmer.
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        *((("several",), text) for text in lines(SEVERAL)),
        *((("promised", "wish", "turn"), text) for text in lines(PROMISED)),
        *((("hedge", "wish"), text) for text in lines(HEDGES)),
        *((("start", "leans", "turn"), text) for text in lines(LEANS)),
        *((("order", "use", "no praise"), text) for text in lines(NO_PRAISE)),
        *((("general", "tells nothing", "no praise"), text) for text in lines(GENERIC)),
    ],
)
def test_a_fault_of_each_kind_is_found(kinds: tuple[str, ...], text: str) -> None:
    found = faults(Sentence(text, words_of("kettle"), polarity=0.9))
    assert set(found) & set(kinds), found


@pytest.mark.parametrize("text", lines(GOOD))
def test_praise_that_is_like_a_fault_stays(text: str) -> None:
    assert faults(Sentence(text, polarity=0.5)) == ()


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("the kx40 is easy to use", "Kado KX80 Mixer"),
        ("my ej16 strings are bright", "Dawn EJ26 Strings"),
        ("i love how solid the mt-200 feels", "Sable MT-300 Torch"),
        ("the green ones look great", "Felt Pick Red"),
        ("a lovely blue", "Wool Throw Grey"),
        ("the black finish is sleek", "Floor Lamp White"),
        ("the 10-46 set is bright", "Strings 11-52"),
        ("the heavy gauge is stiff and bright", "Strings, Custom Light"),
        ("the 1.0mm is stiff", "Pick .50mm"),
        ("10 ft is long enough", "Cable 20 ft"),
    ],
)
def test_another_model_size_or_colour_contradicts_the_title(said: str, title: str) -> None:
    assert contradicts(said, title.lower())
    assert "another product" in faults(Sentence(said, words_of(title), title=title))


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("the kx80 is easy to use", "Kado KX80 Mixer"),
        ("the mt300 feels solid", "Sable MT-300 Torch"),
        ("the red ones look great", "Felt Pick Red"),
        ("a lovely blue", "Wool Throw"),
        ("the gray is lovely", "Wool Throw Grey"),
        ("the 11-52 set is bright", "Strings 11-52"),
        ("the light gauge is easy on the fingers", "Strings, Custom Light"),
        ("the 0.50mm is easy to hold", "Pick .50mm"),
        ("plays every mp3, and the usb-3 port is quick", "Party Speaker"),
        ("tf2 is well balanced", "Team Fortress 2"),
    ],
)
def test_the_same_model_size_or_colour_does_not(said: str, title: str) -> None:
    assert not contradicts(said, title.lower())


@pytest.mark.parametrize(
    "tail",
    [
        "summer and winter",
        "from day one",
        "as it should be",
        "even for night shifts",
        "day in, day out",
        "tested for the gym first",
        "couldn't ask for more",
        "as ever from Nordhus",
        "simple as that",
        "one for slow Sundays",
    ],
)
def test_a_set_end_loses_to_a_clean_sentence_and_saves_no_empty_one(tail: str) -> None:
    assert grade(Sentence(f"The lid is sturdy and easy to clean, {tail}.")) < grade(
        Sentence("The lid is sturdy and easy to clean.")
    )
    assert faults(Sentence(f"Great value, {tail}.")) != ()


def test_a_thin_sentence_is_graded_below_one_that_tells_more() -> None:
    thin, more = (
        Sentence("Fun to play and good graphics."),
        Sentence("Stunning graphics, smooth controls and rich sound."),
    )
    assert 0 < grade(thin) < grade(more) - 0.2
