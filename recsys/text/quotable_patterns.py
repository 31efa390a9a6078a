"""Turns of phrase by which a sentence is judged fit to stand on a card; English, on lower case with single blanks.

Alternatives stand in `quotable_phrases.toml`; here is what they are looked for as.
"""

import re

from recsys.text.quotable_words import PHRASES, WORDS


def _anywhere(*names: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(PHRASES[name] for name in names)})\b")


IDIOM, PRAISE_IDIOM = _anywhere("idioms"), _anywhere("praise_idioms")
TURN, WISH, LESS = _anywhere("turn"), _anywhere("wish"), _anywhere("less")
ORDER_ANYWHERE, FAMILY, HARMLESS = _anywhere("order_anywhere"), _anywhere("family"), _anywhere("harmless")

LEANS, HEDGE, PROMISED = _anywhere("leans"), _anywhere("hedges"), _anywhere("promised")
COMPARING, COMPARED = _anywhere("comparing"), _anywhere("compared")
SET_PRAISE, UNPRAISING, THIN_IDIOM = _anywhere("set_praise"), _anywhere("unpraising"), _anywhere("thin_idioms")

SEVERAL = re.compile(rf"(?:{PHRASES['several']})\b|.*\b(?:{PHRASES['several_anywhere']})\b")
INSTRUCTION = re.compile(
    rf"(?:{PHRASES['instructing']}) (?:the|it|them|this|these|your|an?|each|every|any|some|in|into|both|all)\b"
)
USED_WHERE = re.compile(rf"(?:{PHRASES['used_where']})\b")
TAIL = re.compile(rf"(?:[,:;–-]| -|(?<=\w)) \(?(?:and )?(?:{PHRASES['tails']})\)?(?:[.!]*$|(?=,? (?:plus|and)\b))")
"""A set end of a sentence, which says nothing, or nothing that goes with it."""

CRY = re.compile(rf"[,:;–-] (?:and )?(?:{PHRASES['cries']})[.!]*$")
USE_AFTER_ATTRIBUTE = re.compile(rf"(?:{PHRASES['use_after_attribute']})[.!]*$")
OF_ITS_KIND = re.compile(PHRASES["of_its_kind"].replace("%s", "|".join(sorted(WORDS["praise"] | WORDS["appeal"]))))

ORDER = re.compile(rf"(?:just |so |please |go |and )*(?:{PHRASES['order']})\b")
BAD_START = re.compile(rf"(?:{PHRASES['bad_start']})(?![\w-])")
LINKING_START = re.compile(rf"(?:{PHRASES['linking_start']})\b")
ABOUT_ONESELF = re.compile(rf"(?:{PHRASES['about_oneself']})(?:'\w+)?\b(?!-)")

STORY = re.compile(
    r"\b(?:i|we|he|she|they)(?:'ve|'d)? "
    r"(?:(?:just|also|only|even|really|finally|recently|originally|actually|have|had|never|first|always|now) )*"
    rf"(?:{'|'.join(sorted(WORDS['story']))})\b"
)
"""Somebody's own story."""

OWN_VERDICT = re.compile(
    r"(?:and |also |so |overall |personally )*i(?:'m| am)? "
    r"(?:(?:also|really|just|absolutely|especially|particularly|truly|simply|totally|do|am|very|quite|so|still|always|"
    r"highly|extremely|most|would|cannot|can) )*"
    r"(?:love|enjoy|like|adore|appreciate|recommend|pleased|happy|satisfied|impressed|delighted|thrilled|glad) "
    r"(?:how|the|that|its|this|these|it's|with|by|it because|it for its|to find)\b"
)
"""A sentence about oneself that is a verdict on the thing."""

SIGNS = re.compile(
    r"https?:|www\.|\.com\b|@|[*=_|<>~^#{}\[\]\\+♥❤★☆→%$€£]|[:;=][-']?[)(dDpPoO3/|\]]|\b[xX]+[dD]+\b|"
    r"([!?,;:])\1{1,}|\.\.|…|--|(\w)\2{2}|\d+ ?/ ?\d+|/ ?10\b|\d+ ?(?:out ?)?of \d+|&\w+;|[!?,;] [!?,;]|"
    r"[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d\ufffd]"
)
"""Addresses, emoticons, scores, letters repeated, pictures made of signs."""

FOREIGN = re.compile(r"[^\x00-\x7f‘’“”–—éèêöüñç®™½°]")
GLUED = re.compile(r"[a-z][.,!?;:][A-Za-z]|[a-z][A-Z][a-z]|\w\.\w+\.? ?$")

GRAMMAR = re.compile(
    r"\b(?:game|it|this) have\b|^this an?\b|\b(?:is|are) \w+ (?:is|are)\b|"
    r"(?:^|\band )it (?:adjust|work|fit|hold|keep|look|feel|sound|make|stay|last)\b|"
    r"\bthat have my\b|"
    r"\bthere (?:great|good|awesome|nice|amazing|perfect)\b|"
    r"\bit's (?:price|own|size|tone|sound|quality|weight|value)\b|"
    r"\bmakes its\b|\breal (?:accurate|good|nice|easy|well|sturdy|solid|great|cool)\b|"
    r"\b(?:vol|incl|approx|max|dia|qty)\.$|"
    r"\b(\w+) \1\b|\ba (?!one\b|once\b|eu|oui)[aeio]\w+|"
    r"\ban (?!hour|honest|heir|fps|rpg|mmo|xlr|lp\b|lcd|led\b|sm\d|rts|mp3|nx)[b-df-hj-np-tv-z]\w*|"
    r"\bits (?:a|an|the|very|really|so|great|fun|good|easy|well|just|pretty|also|free|worth|been|nice|perfect|awesome|"
    r"amazing|not|like|about|all|train|always|one|my|simply|definitely|only|still|got|made|hard|even|quite|super|to)\b"
)
"""Slips of grammar that words alone do not show."""

LOVING = re.compile(
    r"\b(?:i|we|you|they|people|will|really|just|absolutely|still|also|all) love\b|"
    r"(?:^|[,;.!] ?(?:and )?)love (?:the|this|it|how|that|every|these|to|its)\b"
)
"""Love as a verb; as a noun it may be what a thing is about."""

NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|without|neither|nor|hardly|barely|scarcely|cannot|nobody|nowhere|zero|isnt|\w+n't|"
    r"cant|dont|wont|unlike)\b"
)

_DENIED = (
    PHRASES["denied"]
    + r"(?: (?:any|a|an|the|have|had|once|ever|single|real|trace of|hint of|sign of|more|at all|metallic|"
    r"plastic|burnt|oily|chemical|electrical|hot|cold|sharp|awkward|loose|unwanted|noticeable|audible|major|visible|get|got|"
    r"go|goes|cause|be|been|seem|feel))* "
)
GOOD_NEGATION = re.compile(rf"\b(?:{_DENIED}(?:{PHRASES['denied_fault']})|{PHRASES['denied_praise']})\b")
"""What is denied and says what is good: "no plastic taste"."""

EMPTY_NEGATION = re.compile(
    rf"\b(?:{_DENIED}(?:problems?|issues?|complaints?|trouble|regrets?|disappoint(?:s|ed|ing|ment)?)|"
    rf"{PHRASES['denied_empty']})\b"
)
"""What is denied and praises, though it says nothing of the thing: "no complaints"."""
