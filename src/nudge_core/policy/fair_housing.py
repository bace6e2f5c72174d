"""Fair housing: a text describes property, never people.

Source: 42 USC 3604(c), 24 CFR 100.75, the HUD memorandum of 1995-01-09, as listed in `verticals.md` 3.5 and
`messaging.md` 13.1. BLOCK is what states a preference or limitation; REVIEW is what often does and needs a person's
eye. What HUD calls fine ("master bedroom", "family room", "walking distance to the bus stop") is never flagged.
For outgoing text only: a client's own words are not our statement. A net for words, not legal advice.
"""

from __future__ import annotations

from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.phrases import PhraseRule, find

_FEATURES = "say what the home has: number of rooms, yard, layout"
_BUILDING = "say facts about the building or the street instead"
_REMOVE = "leave it out: a text describes property, never people"
_SCHOOLS = "leave it out; name a school only if the client asked"
_PLACE = "name the crossing instead, such as near Main and 3rd"
_DISTANCE = "near, with the distance"

_GROUPS = (
    "christian|catholic|protestant|mormon|evangelical|jewish|muslim|islamic|hindu|buddhist|sikh|"
    "white|black|hispanic|latino|latina|latinx|asian|african american|caucasian|arab|indian|mexican|chinese|korean|"
    "japanese|vietnamese|filipino|puerto rican|somali|immigrant|minority"
)
_NATIONS_OF_STYLE = "spanish|french|italian|english|irish|german|polish|greek|russian|dutch|portuguese|american"
_GROUPS_MANY = (
    "immigrants|foreigners|refugees|muslims|jews|christians|catholics|mormons|hindus|blacks|whites|hispanics|latinos|"
    "asians|mexicans|arabs|indians|chinese|gays|lesbians"
)
_PLACES_OF_PEOPLE = (
    "homes?(?! (?:office|theater|theatre|gym|bar))|famil(?:y|ies)(?! (?:room|rooms|kitchen|bath))|households?|"
    "neighbou?rhoods?|areas?(?! rugs?)|communit(?:y|ies)(?! (?:center|centre|pool|college|garden|park))|"
    "residents?|tenants?|renters?|buyers?|couples?|people|folks|neighbou?rs"
)
_HOUSEHOLDS = (
    "famil(?:y|ies)(?! (?:room|rooms|kitchen|gatherings?|meals?|dinners?))|couples?(?! of)|professionals?|retirees?|"
    "empty nesters?|singles|bachelors?|students|newlyweds?|kids|children|seniors?|mom|moms|dads|parents|grandparents|"
    "roommates?"
)
_SIZES = (
    "a |an |any |the |your |all |young |growing |large |big |small |new |busy |active |single |retired |older |"
    "first time |professional |working |little |whole |and |or "
)
_WORSHIP = "church|churches|temples?|synagogues?|mosques?|cathedral|parish|chapel|shul"
_STREET = (
    "(?! (?:, )?(?:st|street|rd|road|ave|avenue|dr|drive|ln|lane|blvd|boulevard|hill|hills|way|ct|court|creek|square|"
    "tx|texas))"
)
_PRAISE = (
    "perfect|great|ideal|good|best|wonderful|excellent|suited|suitable|made|meant|designed|nice|right|terrific|"
    "awesome|fantastic|lovely|amazing"
)


def _block(code: str, suggestion: str, *patterns: str) -> PhraseRule:
    return PhraseRule(code=code, severity=Severity.BLOCK, pattern="|".join(patterns), suggestion=suggestion)


def _review(code: str, suggestion: str, *patterns: str, joined: bool = True) -> PhraseRule:
    return PhraseRule(
        code=code, severity=Severity.REVIEW, pattern="|".join(patterns), suggestion=suggestion, joined=joined
    )


RULES: tuple[PhraseRule, ...] = (
    _block(
        "no_children",
        _FEATURES,
        "no (?:small |young |little |pets or |pets and |dogs or |smokers or |teens or )?"
        "(?:kids|children|babies|infants|toddlers|teenagers|teens)",
        "(?:kids|children) (?:are )?not (?:allowed|welcome|permitted|accepted)",
        "without (?:any )?(?:kids|children)",
        "(?:child|kid) free",
    ),
    _block(
        "no_vouchers",
        "leave it out: a source of income is protected in many states",
        "no (?:section 8|section eight|sec 8|vouchers?|housing vouchers?)",
        "(?:(?:do |does |will |can )?not|dont|doesnt|wont|cannot|cant|never) "
        "(?:accept|accepting|take|taking) (?:section 8|section eight|vouchers?)",
    ),
    _block(
        "adults_only",
        "leave it out, unless this is lawful senior housing",
        "adults? only|only adults|adults? (?:preferred|wanted)",
        "mature (?:adults?|persons?|people|tenants?|couples?|individuals?)(?: only| preferred)?",
    ),
    _block("group_of_people", _REMOVE, f"(?:{_GROUPS}) (?:{_PLACES_OF_PEOPLE})"),
    _block(
        "group_excluded",
        _REMOVE,
        f"no (?:{_GROUPS_MANY})",
        f"(?:{_GROUPS_MANY}|americans|citizens) (?:only|preferred|wanted)",
        "english (?:speaking|speakers) (?:only|preferred|required)|must speak english",
    ),
    _block(
        "disability_excluded",
        "say what is there: ramp, stairs, lift, width of doors",
        "no (?:wheelchairs?|disabled|handicapped|service animals?|mentally ill)",
        "able bodied",
    ),
    _block(
        "household_excluded",
        _REMOVE,
        "(?:singles?|couples|women|men|ladies|females|males|gentlemen) only",
        "single (?:person|man|woman|male|female|lady|gentleman) only",
        "no (?:men|women|males|females|singles|unmarried couples)",
    ),
    _review("household", _FEATURES, "(?:family|families|kid|kids|child|children|senior) (?:friendly|oriented)"),
    _review(
        "household",
        _FEATURES,
        f"(?:{_PRAISE}) (?:home |house |place |condo |spot |fit |choice |neighbou?rhood |area )?for (?:{_SIZES}){{0,4}}"
        f"(?:{_HOUSEHOLDS})",
        "young (?:professionals?|couples?|famil(?:y|ies))|empty nesters?|newlyweds?|retirees?|growing famil(?:y|ies)",
        "bachelor(?:ette)? pad",
        "(?:kids|children) will (?:love|enjoy)",
        "(?:room|space|yard|place|house|home) for (?:the |your |all the )?(?:kids|children)",
    ),
    _review(
        "safety",
        _BUILDING,
        "(?:safe|safest|safer|crime free|low crime) (?:and |, |quiet |friendly |clean |nice |family |residential ){0,4}"
        "(?:neighbou?rhoods?|areas?|streets?|communit(?:y|ies)|part of town|place to live)",
        "low crime|crime free",
    ),
    _review(
        "schools",
        _SCHOOLS,
        "(?:great|good|excellent|top|best|better|outstanding|amazing|superb|strong|desirable|sought after|coveted|"
        "award winning|blue ribbon|a rated|highly rated|top rated|highly ranked|top ranked|exemplary) "
        "(?:public |private |local |elementary |middle |high |area |neighbou?rhood |nearby ){0,3}"
        "(?:schools?|school districts?)",
        "schools are (?:great|good|excellent|top|the best|amazing)",
        "school ratings?",
    ),
    _review("residents", _REMOVE, "demographics?"),
    _review(
        "residents",
        _REMOVE,
        f"(?:{_NATIONS_OF_STYLE})(?: speaking)? (?:famil(?:y|ies)(?! rooms?)|neighbou?rhoods?|areas?(?! rugs?)|"
        "communit(?:y|ies)|residents?|people)",
        "(?:diverse|multicultural|ethnic|ethnically mixed|homogeneous) "
        "(?:neighbou?rhoods?|areas?|communit(?:y|ies)|population|residents)",
        "(?:people|folks|families|neighbou?rs) like you(?:rself|rselves)?|your kind of people|youll fit right in",
        "handicapped|handicap|crippled|wheelchair bound|mentally (?:challenged|disabled)",
    ),
    _review(
        "senior_housing",
        "only of lawful senior housing, and then plainly",
        "(?:55|62) (?:plus|and over|and older|and up|community)|over 55",
        "senior (?:housing|community|living)|retirement community|active adult|adult community",
    ),
    _review(
        "exclusive",
        _BUILDING,
        "exclusive(?! (?:listing|listings|right|rights|use|agent|agency|access|preview))",
        "private communit(?:y|ies)(?! (?:pool|garden|park|center))",
        "integrated(?! (?:appliances?|fridge|refrigerator|dishwasher|microwave|oven|speakers?|sound|lighting|lights?|"
        "audio|shelving|storage|cabinets?|cabinetry|blinds?|garage|smart|wine|kitchen|heating|desk|system))",
        "traditional(?! (?:style|styled|styling|brick|architecture|floor plan|layout|design|details?|kitchen|ranch|"
        "colonial|craftsman|bungalow|cabinetry|finishes|fireplace|facade|exterior|interior|loan|mortgage|financing))",
        "mature(?! (?:trees?|oaks?|pines?|maples?|elms?|palms?|pecans?|shade|landscap(?:e|ed|ing)|plants?|plantings?|"
        "gardens?|shrubs?|fruit|vegetation|hedges?|lawns?|yard|woods?|live|foliage|greenery|orchard))",
    ),
    _review(
        "place_of_worship",
        _PLACE,
        "walking distance (?:to|from|of) (?:the |a |an |our |your |several |local |many ){0,2}"
        f"(?:{_WORSHIP}){_STREET}",
    ),
    _review(
        "place_of_worship",
        _PLACE,
        "(?:near|close to|next to|beside|across from|steps (?:to|from)|minutes (?:to|from)|blocks? (?:to|from)|"
        "around the corner from|walk to|adjacent to|convenient to|next door to) (?:[^ ,|]+ ){0,4}?"
        f"(?:{_WORSHIP}){_STREET}",
        joined=False,
    ),
    _review(
        "walking_distance",
        _DISTANCE,
        "walking distance"
        "(?! (?:to|of|from) (?:the |a |an )?(?:bus|train|metro|subway|tram|light rail|transit|station))",
    ),
)
"""Every rule, in the order of the reference: what blocks first."""


def fair_housing(text: str) -> tuple[Finding, ...]:
    """Return what a person must change (BLOCK) or look at (REVIEW) in an outgoing text, in order of place."""
    return find(text, RULES)
