"""Turns of phrase by which a sentence is judged fit to stand on a card; English, on lower case with single blanks."""

import re

from recsys.text.quotable_words import IDIOMS, PRAISE_IDIOMS, WORDS


def any_of(*phrases: str) -> re.Pattern[str]:
    """A pattern that finds any of these, as whole words."""
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")


IDIOM, PRAISE_IDIOM = any_of(*IDIOMS), any_of(*PRAISE_IDIOMS)

TURN = any_of(
    *("but", "although", "though", "however", "except", "yet", "despite", "whereas", "nevertheless", "nonetheless"),
    *("mind you", "then again", "on the other hand", "other than", "aside from", "apart from", "even if", "even though"),
    *("only (?:thing|issue|problem|complaint|downside|gripe|drawback|reason|negative|con|if|when)", "unless"),
    *("in spite of", "at first", "used to be", "to be fair", "that being said", "having said", "that said", "otherwise"),
    *("for what it is", "not perfect", "(?:could|should|would) have", "instead", "supposed to", "rather than", "while it"),
    *("not for everyone", "no complaints about", "or not", "if not", "not that", "for the most part", "still"),
)
"""Where a verdict may turn, or is weakened."""

WISH = any_of(
    *("wish(?:ed|es)?", "hop(?:e|ed|ing|efully|es)", "if only", "would be", "could be", "should", "could use", "i guess"),
    *("would (?:like|love|prefer)", "please", "needs? (?:to|more|some|a|an|work)", "might", "may", "maybe", "perhaps"),
    *("potential", "possibly", "expect(?:ed|ing)?", "supposedly", "i suppose", "i think", "i believe", "seems? (?:to|about|that|like)", "seem", "can't wait"),
    *("waiting", "until", "if (?:they|it|he|she|this|i|we|the|there|someone|only)",
    "if (?:you|you're) (?!(?:like|love|enjoy|want|need|are|care|fancy|prefer))", "i'd", "i'll", "probably", "almost"),
    *("kind of", "sort of", "somewhat", "fairly", "not sure", "i'm sure", "time will tell", "for now", "at least"),
    *("as long as", "once (?:you|i|they|it)", "when it works", "sometimes", "must be", "must have been", "try to"),
)
"""Hopes, conditions and doubts."""

LESS = any_of(
    *("than (?:this|these|that|them|here|the (?:one|game|others?))", "prefer(?:red|s)?", "upgraded? to", "better off"),
    *(r"too (?!too)\w+", "as if", "wannabe", "knock ?off", "rip ?off", "more like", "so bad", "good luck", "waste"),
    *("nothing (?:special|new|else|more)", "over and over", "gets? old", "back in", "used to", "not only me", "compared to"),
    *("the (?:same|other|others|previous|old) (?:one|ones|game|thing)s?", "this or", "sequel to", "ripoff", "clone"),
    *("better (?:when|if)", r"just as \w+ as", "just as (?:stable|good|well)", r"as \w+ as (?:most|any|the)", "the better"),
    *("about as", "generic", "eliminates that", "(?:he|she) \w+"),
    *("^better than", "^(?:much|way|far|miles) better than", "good for free", "fine line", "(?:it|this) fun", "i love it some"),
    *("very (?:wow|recommend|much wow|spelling)", "much (?:good|wow|excitement|fun very|entertain|graphics)", "many \w+ (?:much|very)"),
    *("pretty (?:standard|basic)", "(?:better|best|worse) than (?:my|our|the)", "i sent back", "wins easily"),
)
"""Comparisons that may speak for another product, and faint praise."""

ORDER = re.compile(
    r"(?:just |so |please |go |and )*(?:buy|get|go|try|play|download|grab|check|pick|give|do|don't|dont|make sure|see|look|"
    r"take|come|stop|believe|trust|imagine|beware|wait|let|remember|be|use|put|keep in|add|bring|pay|think|join|read|"
    r"watch|never|call|note|thanks|thank|congratulations|well done|hello|hi|dear|edit|update|ps|p\.s|pros?|cons?|verdict|"
    r"conclusion|overall score|tl;?dr|summary|bottom line|greetings|to (?:make|get|use|be|do)|have fun|enjoy|prepare|hail|good work|good job|great work|great job|nice work|nice job|welcome)\b"
)
"""An order, an address or a heading at the start."""

ORDER_ANYWHERE = any_of(
    *("buy (?:it|this|one|now)", "get (?:it|this|one|them) (?:now|today)", "must buy", "check it out", "go (?:buy|get)"),
    *("play (?:it|this) now", "pick (?:it|this|one) up", "worth a (?:try|look|shot|go)", "give it a", "what are you"),
    *("trust me", "believe me", "do yourself", "look no further", "don't hesitate", "don't think", "play it", "get it"),
    *("your (?:money|cash|wallet)", "anyone who", "must (?:play|have game)", "if your", "as (?:i|we) (?:said|say)"),
)

STORY = re.compile(
    r"\b(?:i|we|he|she|they)(?:'ve|'d)? "
    r"(?:(?:just|also|only|even|really|finally|recently|originally|actually|have|had|never|first|always|now) )*"
    rf"(?:{'|'.join(sorted(WORDS['story']))})\b"
)
"""Somebody's own story."""

OWN_VERDICT = re.compile(
    r"(?:and |also |so |overall |personally )*i(?:'m| am)? (?:(?:also|really|just|absolutely|especially|particularly|truly|simply|"
    r"totally|do|am|very|quite|so|still|always|highly|extremely|most|have to say|must say|can't say|would|cannot|can) )*(?:love|enjoy|like|adore|"
    r"appreciate|recommend|pleased|happy|satisfied|impressed|delighted|thrilled|glad) "
    r"(?:how|the|that|its|this|these|it's|with|by|it because|it for its|to find)\b"
)
"""A sentence about oneself that is a verdict on the thing."""

ABOUT_ONESELF = re.compile(
    r"(?:i|we|my|our|me|you|your|he|she|his|her|someone|somebody|people|they|their|us|being|having|playing|using|after|"
    r"as an?|when|if|since|ordered|bought|purchased|received|have (?:been|had|used|owned)|been|had|replaced)(?:'\w+)?\b(?!-)"
)

FAMILY = any_of(
    r"(?:my|our) (?:\w+ )?(?:wife|husband|son|daughter|kids?|brother|sister|mother|father|mum|mom|dad|gran|grandson|"
    r"granddaughter|nephew|niece|friends?|boyfriend|girlfriend|boss|flatmate|neighbou?rs?|cat|dog|uncle|aunt|teacher|"
    r"students?|parents|brother-in-law|mate|child|children|partner|fianc\w+|buddy|lodger|teenager|colleague)",
    "says (?:my|our|the|a)",
)

SIGNS = re.compile(
    r"https?:|www\.|\.com\b|@|[*=_|<>~^#{}\[\]\\+♥❤★☆→%$€£]|[:;=][-']?[)(dDpPoO3/|\]]|\b[xX]+[dD]+\b|([!?,;:])\1{1,}|\.\.|…|--|"
    r"(\w)\2{2}|\d+ ?/ ?\d+|/ ?10\b|\d+ ?(?:out ?)?of \d+|[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d\ufffd]|&\w+;|[!?,;] [!?,;]"
)
"""Addresses, emoticons, scores, letters repeated, pictures made of signs."""

FOREIGN = re.compile(r"[^\x00-\x7f‘’“”–—éèêöüñç®™½°]")
GLUED = re.compile(r"[a-z][.!?;][A-Za-z]|[a-z][A-Z][a-z]|\w\.\w+\.? ?$")

BAD_START = re.compile(
    r"(?:or|but|because|which|while|who|whom|whose|than|that's why|nor|as for (?:the|its) \w+$|as to|cause|since|though|"
    r"although|whether|until|however|besides|anyway|lastly|secondly|thirdly|otherwise|therefore|thus|hence|other|others|again|as in|good news|this proves|right now|"
    r"where|to|from|by|into|especially|including|even|not(?! a drop)|no,|yes|yeah|well,|ok|okay|either|both of|"
    r"same|here|there|what|why|how|except|instead|in the|at the|for (?:a|an|example|those|anyone|people)|same|anyone|everyone|"
    r"(?:he|she|his|her|him|them|those|that|ones|this one|the other)(?: |$|'))(?!-)\b"
)
"""How a sentence starts that leans on another one."""

LINKING_START = re.compile(r"(?:and|plus|also|then|next|first|second|finally|too|n|with|on the|as for|like|so (?:its|it|the|i))\b")
"""How a sentence starts that only follows another one: not fine, and no fault."""

NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|without|neither|nor|hardly|barely|scarcely|cannot|nobody|nowhere|zero|isnt|\w+n't|cant|"
    r"dont|wont|unlike)\b"
)

_NO = (
    r"(?:no|never|without|zero|nor|not (?:a|any|one)|doesn't|don't|didn't|won't|hasn't|haven't|isn't|aren't|never once)"
    r"(?: (?:any|a|an|the|have|had|once|ever|single|real|trace of|hint of|sign of|more|at all|metallic|plastic|burnt|oily|"
    r"chemical|electrical|hot|cold|sharp|awkward|loose|unwanted|noticeable|audible|major|visible|get|got|go|goes|cause|be|"
    r"been|seem|feel))*"
)
GOOD_NEGATION = any_of(
    _NO + r" (?:fuss|noises?|hum|hiss|buzz(?:ing|es)?|rattl(?:e|es|ing)|leaks?|leaked|"
    r"squeak(?:s|y|ing)?|drips?|dripped|soot|mess|residue|bitterness|bitter|taste|tang|aftertaste|smells?|odou?rs?|lag|bugs?|"
    r"creak(?:s|ing)?|wobbl(?:e|es|y|ing)|crash(?:es)?|glitch(?:es)?|kinks?|slip(?:s|ped|ping)?|fad(?:e|es|ed|ing)|jumps?|"
    r"steps|rust(?:s|ed|y)?|sour(?: tail)?|scratch(?:es|ed)?|crackl(?:e|es|ing)|distortion|static|delay|latency|hassle|"
    r"pressure points|streaks?|dust(?: cloud)?|break-in|drama|tip(?:s|ped)?|snag(?:s|ged)?|cloying|perfumey|fumbling|catching|"
    r"fail(?:s|ed)?|jam(?:s|med)?|clog(?:s|ged)?|tangl(?:e|es|ed)|budge|move|shift|sag(?:s|ged)?|scuff(?:s|ed)?|harsh|boomy|"
    r"stick(?:s|ing)?|burn(?:s|t|ing)?|muddy|tinny|bulky|heavy|stiff|itchy|scratchy|blisters?|break(?:s|ing)?|bend|dull|bored|"
    r"boring|old|out of tune|stale|soggy|damp|cold spots?|hot spots?|shed(?:s|ding)?|"
    r"pill(?:s|ing)?|fray(?:s|ing)?|wear|wrinkl(?:e|es|ed)|shrink(?:ing)?|flicker(?:s|ing)?|interference|feedback|manual)",
    *("not a drop", "can't get enough", "can't stop playing", "can't put it down", "never a dull moment", "no plastic"),
    r"not too (?:big|small|heavy|light|tight|loose|stiff|soft|hard|loud|bright|thick|thin|sweet|strong)",
    *("(?:barely|hardly) (?:notice|feel|know)", "no-fuss", "dead easy"),
)  # fmt: skip
"""What is denied and praises by it: "no plastic taste"."""

EMPTY_NEGATION = any_of(
    _NO + " (?:problems?|issues?|complaints?|trouble|regrets?|disappoint(?:s|ed|ing|ment)?)",
    *("can't go wrong", "cannot go wrong", "couldn't be (?:happier|better|more pleased|easier|simpler)", "not only"),
    *("couldn't ask for more", "can't beat", "can't complain", "never lets? (?:me|you|us) down", "not let down"),
    *("can't fault", "without breaking the bank", "nothing beats"),
)
"""What is denied and praises, though it says nothing of the thing: "no complaints"."""

HARMLESS = any_of(
    *("as it should be", "so far", "no joke", "no word of a lie", "no exaggeration", "not even close", "thank goodness"),
    *("can't argue with that", "can't say that of my \\w+", "than i dared hope", "no comparison", "no matter", "no doubt"),
    *("i have to (?:say|admit)", "i must (?:say|admit)", "(?:have to|must) (?:say|admit)", "even in a damp hut", "if you ask me"),
    *("couldn't ask for more", "more of this please", "no time", "no other", "i still", "it still", "still looks", "still works"),
    *("before i knew it", "expectations?", "i'd buy it again tomorrow", "almost instantly", "not once", "even better", "still"),
)
"""Fillers whose words would be taken for more than they are."""
