"""What the demo shop sells: its departments, the aspects by which each is judged, and the words that go with them.

A product is judged by the named aspects of its department, in the order given here; at most `N_ASPECTS` of them, so
that all hidden qualities fit one rectangular array.
"""

from dataclasses import dataclass

N_ASPECTS = 9
"""The most aspects by which a product is judged; where there are fewer, places at the end stay empty."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department of the shop.

    Parameters
    ----------
    key : short name, as used in the phrase banks and the hidden truth
    label : category as the shop shows it
    aspects : the aspects that apply to each of its products, at most `N_ASPECTS`
    kinds : kinds of product, each with its tags after a colon
    nouns : what shoppers call such a product, in the singular
    uses : what it is used for; must read well after "for"
    materials : what it is made of
    price : median price of a mid-tier product
    """

    key: str
    label: str
    aspects: tuple[str, ...]
    kinds: tuple[str, ...]
    nouns: tuple[str, ...]
    uses: tuple[str, ...]
    materials: tuple[str, ...]
    price: float


def _department(
    key: str, label: str, price: float, aspects: str, kinds: str, nouns: str, uses: str, materials: str
) -> Department:
    names = tuple(aspects.split())
    kinds_, nouns_, uses_, materials_ = (tuple(words.split("; ")) for words in (kinds, nouns, uses, materials))
    return Department(key, label, names, kinds_, nouns_, uses_, materials_, price)


DEPARTMENTS: tuple[Department, ...] = (
    _department(
        "tents",
        "Tents",
        210,
        "waterproofing wind_stability setup packability ventilation weight space zips durability",
        "Two-Person Tent:hiking,two-person; Family Tunnel Tent:family,car camping; "
        "Solo Trekking Tent:ultralight,solo; "
        "Dome Tent:weekend,three-person; Four-Season Tent:winter,expedition; Festival Tent:festival,budget; "
        "Bell Tent:glamping,cotton",
        "tent; shelter",
        "weekends in the hills; family camping; cycle touring; long-distance walks; festival fields; wild camping",
        "ripstop nylon; recycled polyester; poly-cotton canvas; siliconised nylon",
    ),
    _department(
        "sleeping_bags",
        "Sleeping Bags",
        120,
        "warmth packability weight zips softness drying fit smell value",
        "Down Sleeping Bag:down,mummy; Summer Sleeping Bag:summer,light; "
        "Three-Season Sleeping Bag:synthetic,three-season; "
        "Winter Mummy Bag:winter,mummy; Double Sleeping Bag:couple,rectangular; "
        "Lightweight Sleeping Bag:ultralight,bivvy",
        "bag; sleeping bag",
        "nights under the stars; bothy trips; cold spring nights; van trips; scout camps; hut-to-hut walks",
        "recycled down; hollow-fibre; brushed microfibre; duck down",
    ),
    _department(
        "backpacks",
        "Backpacks",
        95,
        "fit straps pockets weight waterproofing durability zips looks ventilation",
        "Daypack 22 L:day hike,commute; Trekking Pack 55 L:trekking,multi-day; Roll-Top Pack:commute,roll-top; "
        "Travel Pack 40 L:hand luggage,travel; Hydration Pack:trail,light; Child's Rucksack:children,school",
        "backpack; pack; rucksack; bag",
        "day walks; commuting by bike; a week on the trail; weekend trips; school runs; city breaks",
        "recycled nylon; waxed canvas; Cordura-type weave; tarpaulin",
    ),
    _department(
        "jackets",
        "Jackets",
        140,
        "warmth waterproofing ventilation fit pockets zips packability looks stitching",
        "Rain Shell:shell,rain; Down Jacket:down,winter; Fleece Jacket:fleece,mid-layer; "
        "Softshell Jacket:softshell,wind; "
        "Winter Parka:parka,city; Running Jacket:running,light; Insulated Anorak:anorak,layering",
        "jacket; coat",
        "dog walks; wet commutes; ridge days; winter in town; autumn rain; cold mornings",
        "three-layer laminate; recycled fleece; waxed cotton; light ripstop",
    ),
    _department(
        "boots",
        "Boots",
        150,
        "grip cushioning break_in ankle_support waterproofing sizing durability weight drying",
        "Hiking Boot:hiking,mid; Leather Mountain Boot:leather,alpine; Trail Boot:trail,light; "
        "Winter Boot:winter,insulated; "
        "Approach Boot:approach,scramble; Snow Boot:snow,insulated",
        "boot; pair",
        "rocky paths; muddy dog walks; hut tours; wet moorland; winter walks; scrambling",
        "full-grain leather; suede and mesh; natural rubber; recycled knit",
    ),
    _department(
        "base_layers",
        "Base Layers",
        55,
        "warmth softness drying smell sizing pilling stitching wash fit",
        "Merino Top:merino,long sleeve; Merino T-Shirt:merino,summer; Thermal Top:synthetic,winter; "
        "Zip-Neck Top:zip-neck,ski; "
        "Sleeveless Base Layer:sleeveless,running; Heavy Merino Crew:merino,heavyweight",
        "top; base layer; shirt",
        "ski days; winter running; long hut weeks; night shifts; cycling in the cold; layering",
        "fine merino; merino and silk; recycled polyester; bamboo viscose",
    ),
    _department(
        "headlamps",
        "Headlamps",
        48,
        "battery_life brightness charging controls weight waterproofing fit durability value",
        "Running Headlamp:running,headlamp; Trekking Headlamp:trekking,headlamp; "
        "Rechargeable Headlamp:rechargeable,headlamp; "
        "Caving Headlamp:caving,headlamp; Children's Headlamp:children,headlamp; Work Headlamp:workshop,headlamp",
        "headlamp; head torch; lamp",
        "night runs; winter dog walks; reading in the tent; power cuts; early starts; work under the car",
        "aluminium; impact-proof plastic; recycled polycarbonate; rubberised ABS",
    ),
    _department(
        "stoves",
        "Camp Stoves",
        68,
        "boil_speed flame_control fuel_use ignition stability packability weight noise value",
        "Canister Stove:gas,ultralight; Stove System:gas,integrated; Two-Burner Stove:gas,car camping; "
        "Trekking Stove:gas,trekking; "
        "Compact Gas Burner:gas,compact; Remote Canister Stove:gas,expedition",
        "stove; burner; cooker",
        "summit brews; family breakfasts; winter camps; cycle tours; van cooking; fishing trips",
        "titanium; stainless steel; hard-anodised aluminium; brass",
    ),
    _department(
        "bottles",
        "Water Bottles & Flasks",
        27,
        "leaks insulation aftertaste cleaning lid weight durability looks handle",
        "Vacuum Flask:vacuum,hot drinks; Insulated Bottle:steel,everyday; Sports Bottle:sport,steel; "
        "Travel Mug:mug,commute; "
        "Slim Office Bottle:slim,office; Children's Bottle:children,school; Expedition Flask:large,expedition",
        "bottle; flask",
        "the office; long drives; the gym; school bags; summit tea; the beach",
        "double-walled steel; recycled steel; steel with a ceramic lining; titanium",
    ),
    _department(
        "coffee",
        "Coffee",
        13,
        "aroma bitterness freshness body grind value packaging aftertaste",
        "Espresso Coffee:espresso,beans; Filter Coffee:filter,ground; Decaf Coffee:decaf,beans; "
        "Single-Origin Coffee:single origin,beans; "
        "Moka Coffee:moka,ground; House Blend:blend,beans; Camp Coffee:camping,bags",
        "coffee; blend",
        "slow mornings; the office pot; espresso drinkers; camp breakfasts; flat whites; Sunday guests",
        "washed arabica; natural arabica; arabica and robusta; Swiss-water decaf",
    ),
    _department(
        "cookware",
        "Cookware",
        62,
        "nonstick heat_evenness handle weight lid durability cleaning looks packaging",
        "Frying Pan with Lid:frying pan,everyday; Sauté Pan:sauté,deep; Saucepan:saucepan,everyday; "
        "Wok with Lid:wok,stir-fry; "
        "Camp Pot:camping,light; Braising Pan:braising,oven",
        "pan; pot",
        "weeknight dinners; slow stews; Sunday pancakes; induction hobs; big families; searing",
        "cast aluminium; forged aluminium; three-ply steel; carbon steel; ceramic-coated steel",
    ),
    _department(
        "bedding",
        "Bedding",
        74,
        "softness cooling pilling wash sizing stitching smell warmth looks",
        "Linen Bed Set:linen,duvet cover; Cotton Sheet Set:cotton,sheets; Flannel Bed Set:flannel,winter; "
        "Percale Sheet Set:percale,crisp; Bamboo Sheet Set:bamboo,summer; Jersey Bed Set:jersey,stretch",
        "set; bed set",
        "hot sleepers; cold bedrooms; guest rooms; Sunday lie-ins; sensitive skin; big beds",
        "washed fibres; organic fibres; long-staple yarn; double-brushed yarn",
    ),
    _department(
        "candles",
        "Candles & Scents",
        24,
        "scent throw burn_time soot looks packaging value",
        "Soy Candle:soy,jar; Beeswax Jar Candle:beeswax,jar; Three-Wick Candle:three-wick,large; "
        "Travel Candle:tin,travel; Wooden-Wick Candle:wooden wick,calm; Botanical Candle:botanical,gift",
        "candle",
        "long baths; winter evenings; small gifts; guest rooms; quiet reading; yoga",
        "soy wax; pure beeswax; rapeseed wax; coconut wax",
    ),
    _department(
        "lamps",
        "Lamps",
        88,
        "glow dimming brightness looks setup controls stability noise durability",
        "Reading Lamp:reading,floor; Table Lamp:table,living room; Desk Lamp:desk,work; "
        "Standing Lantern:lantern,floor; "
        "Bedside Lamp:bedside,small; Floor Lamp:floor,arc; Clip Lamp:clip,shelf",
        "lamp; light",
        "reading corners; late work; bedrooms; dark hallways; dinner tables; sewing",
        "brushed brass; oak and linen; powder-coated steel; rice paper; ceramic",
    ),
    _department(
        "vacuums",
        "Vacuum Cleaners",
        230,
        "suction pet_hair noise manoeuvrability bin battery_life weight cleaning durability",
        "Cordless Vacuum:cordless,stick; Cordless Pet Vacuum:cordless,pets; Cordless Upright:upright,carpet; "
        "Lightweight Stick Vacuum:stick,compact; Folding Cordless Vacuum:folding,small flat; "
        "Wet-and-Dry Cordless Vacuum:workshop,wet",
        "vacuum; hoover; machine",
        "homes with dogs; small flats; thick carpets; the car; stairs; hard floors",
        "ABS and aluminium; recycled plastics; steel and ABS",
    ),
    _department(
        "speakers",
        "Speakers",
        115,
        "bass clarity loudness pairing battery_life waterproofing controls looks charging",
        "Portable Speaker:portable,bluetooth; Shower Speaker:shower,waterproof; Garden Speaker:garden,outdoor; "
        "Party Speaker:party,loud; Kitchen Speaker:kitchen,compact; Mini Speaker:mini,travel",
        "speaker; box",
        "garden parties; kitchen radio; the beach; small living rooms; the shower; podcasts in the bath",
        "fabric and aluminium; bamboo; rubberised shell; recycled plastic",
    ),
    _department(
        "garden",
        "Garden Tools",
        36,
        "sharpness rust handle reach durability weight cleaning value looks",
        "Bypass Pruner:pruning,hand tool; Hedge Cutter:hedge,shears; Topiary Clipper:topiary,shears; "
        "Pruning Saw:saw,pruning; Telescopic Lopper:lopper,trees; Pole Pruner:pole,trees; "
        "Weeding Hoe:hoe,weeding; Grass Hook:grass,hook",
        "tool; cutter",
        "rose beds; overgrown hedges; the allotment; raised beds; fruit trees; tall borders",
        "forged steel and ash; stainless steel; carbon steel; aluminium and beech",
    ),
    _department(
        "fitness",
        "Fitness",
        58,
        "resistance slip smell durability noise setup cushioning value looks",
        "Rowing Trainer:cardio,rower; Exercise Bike:cardio,bike; Cross Trainer:cardio,low-impact; "
        "Step Trainer:cardio,compact; "
        "Folding Multi-Trainer:strength,foldable; Kneeling Ab Trainer:core,strength",
        "trainer; machine",
        "home workouts; rehab; early starts; small flats; garage gyms; rainy days",
        "natural rubber; steel and foam; cork; birch ply; cast iron",
    ),
)

REGIONS = ("Highlands", "Lakes", "Coast", "Plains", "Capital")
DEVICES = ("mobile", "desktop", "tablet")
