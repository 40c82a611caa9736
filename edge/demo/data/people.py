"""Pure. The made-up people of the demo: associates, and the members whose stories the first taps tell. Nobody here exists.

Days are counted back from the demo's day.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoAssociate:
    """pin: for the demo's sign-in, printed by it. skills: trades, and reasons of a visit."""

    associate: str
    display_name: str
    pin: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]


ASSOCIATES = (
    DemoAssociate("ana", "Ana Beltrán", "270418", ("tiles", "plumbing", "help"), ("en", "es", "pt")),
    DemoAssociate("ben", "Ben Okafor", "561903", ("timber", "tools", "help", "pickup"), ("en",)),
    DemoAssociate("chiara", "Chiara Lindqvist", "384720", ("paint", "return"), ("en", "it", "fr")),
    DemoAssociate("jan", "Jan Wróbel", "915266", ("garden", "pickup", "appointment"), ("en", "de", "pl")),
    DemoAssociate("mo", "Mo Haddad", "640832", ("plumbing", "tools", "return", "appointment"), ("en", "fr")),
)


@dataclass(frozen=True, slots=True)
class Bought:
    """One receipt of a story. items: product code and quantity; gift: for somebody else."""

    days_ago: int
    items: tuple[tuple[str, int], ...]
    gift: bool = False


@dataclass(frozen=True, slots=True)
class DemoProject:
    """scope: what it was planned with."""

    title: str
    days_ago: int
    scope: tuple[str, ...]
    next_step: str | None = None
    state: str = "in_progress"


@dataclass(frozen=True, slots=True)
class Story:
    """A member written by hand. key: for `tap member:KEY`. uid: of the NFC card, 7 bytes; lost_uid: of a blocked one.

    asks, promises: text and days from today (negative: due already). complaint: text, days ago, promise.
    """

    key: str
    uid: str
    name: str | None
    call_me: str | None = None
    language: str = "en"
    greeting: str = "name"
    not_today: bool = False
    own_associate: str | None = None
    joined_days_ago: int = 900
    lost_uid: str | None = None
    preferences: tuple[tuple[str, str], ...] = ()
    projects: tuple[DemoProject, ...] = ()
    bought: tuple[Bought, ...] = ()
    returned: tuple[Bought, ...] = ()
    asks: tuple[tuple[str, int], ...] = ()
    promises: tuple[tuple[str, int], ...] = ()
    complaint: tuple[str, int, str] | None = None


STORIES = (
    Story(
        key="maria",
        uid="04A2B3C4D5E680",
        name="Maria Quintero Vale",
        call_me="Maria",
        language="es",
        own_associate="ana",
        joined_days_ago=1130,
        preferences=(
            ("Few words, short visits", "told Ana at the till"),
            ("Show the shelf, she decides alone", "seen on three visits"),
        ),
        projects=(
            DemoProject("Bathroom", 34, ("T101", "T201", "T301", "T302"), "floor first, walls in spring"),
            DemoProject("Hallway", 214, ("P102", "P301", "P302"), state="done"),
        ),
        bought=(
            Bought(212, (("P102", 2), ("P301", 1), ("P302", 2))),
            Bought(33, (("T101", 46), ("T201", 3))),
            Bought(12, (("T308", 1), ("B205", 2))),
        ),
        returned=(Bought(26, (("T101", 4),)),),
        asks=(("How did the Rainy Harbour hallway turn out?", -40),),
    ),
    Story(
        key="tom",
        uid="04B1C2D3E4F581",
        name="Tom Ashgrove",
        call_me="Tom",
        own_associate="ben",
        joined_days_ago=610,
        preferences=(("Likes to talk it through with a sketch", "note by Ben"),),
        projects=(DemoProject("Deck behind the house", 51, ("W102", "W101", "W305"), "frame stands; boards next"),),
        bought=(
            Bought(50, (("W102", 14), ("W305", 24), ("F102", 28))),
            Bought(17, (("W101", 38), ("L203", 1))),
        ),
        asks=(("Did the pedestals level out on the slope?", -5),),
    ),
    Story(
        key="ingrid",
        uid="04C3D4E5F60782",
        name="Ingrid Solheim-Bray",
        call_me="Ms Solheim-Bray",
        own_associate="mo",
        joined_days_ago=1480,
        preferences=(("Wants a straight answer first, reasons later", "told Mo"),),
        bought=(Bought(63, (("L101", 1), ("L202", 1))), Bought(300, (("L105", 1),))),
        complaint=("second battery of the cordless drill holds no charge", 9, "a new battery, when it is in"),
        promises=(("call when the drill battery has come", -2),),
    ),
    Story(
        key="sam",
        uid="04D4E5F6071883",
        name="Sam Pettibone",
        greeting="nameless",
        joined_days_ago=240,
        preferences=(("Greeted without a name, by choice", "asked for it when joining"),),
        bought=(Bought(20, (("P101", 1), ("P301", 1), ("P304", 2))),),
    ),
    Story(
        key="nameless",
        uid="04E5F607182984",
        name=None,
        greeting="nameless",
        joined_days_ago=95,
        bought=(Bought(94, (("E101", 6),)), Bought(31, (("B202", 2), ("B201", 1)))),
    ),
    Story(
        key="jonas",
        uid="04F60718293A85",
        name="Jonas Feldwebel-Kranz",
        call_me="Herr Kranz",
        language="de",
        own_associate="jan",
        joined_days_ago=420,
        preferences=(("German, and formally: Herr Kranz", "his own wish"),),
        projects=(DemoProject("Raised beds", 25, ("G109", "G101"), "third bed to come"),),
        bought=(Bought(24, (("G109", 2), ("G101", 6))), Bought(150, (("G105", 1), ("G106", 1)))),
    ),
    Story(
        key="priya",
        uid="040718293A4B86",
        lost_uid="04071829999987",
        name="Priya Ramanathan-Hill",
        call_me="Priya",
        own_associate="chiara",
        joined_days_ago=800,
        projects=(DemoProject("Kitchen walls", 12, ("P104", "P305"), "second coat"),),
        bought=(Bought(11, (("P104", 2), ("P301", 1))),),
    ),
    Story(
        key="ruth",
        uid="0418293A4B5C88",
        name="Ruth Calloway",
        not_today=True,
        greeting="nameless",
        joined_days_ago=700,
        preferences=(("Wants to be left alone, always", "her own wish"),),
        bought=(Bought(45, (("F111", 2),)),),
    ),
    Story(
        key="walter",
        uid="04293A4B5C6D89",
        name="Walter Finch-Morley",
        call_me="Walter",
        joined_days_ago=1900,
        preferences=(("Comes early, before it is busy", "note by Ana"),),
        projects=(DemoProject("Nursery", 40, ("P101", "H103"), "cot wall first"),),
        bought=(
            Bought(39, (("H103", 1),)),
            Bought(22, (("H101", 1), ("H102", 2))),
            Bought(8, (("L105", 1), ("H105", 1)), gift=True),
            Bought(60, (("W112", 2), ("F201", 4), ("F108", 1))),
        ),
    ),
    Story(
        key="lukas",
        uid="043A4B5C6D7E8A",
        name="Łukasz Gwóźdź",
        call_me="Łukasz",
        language="pl",
        own_associate="jan",
        joined_days_ago=330,
        bought=(Bought(70, (("W103", 6), ("W106", 7), ("W107", 14))), Bought(14, (("F204", 1),))),
        promises=(("keep a satin nickel handle set for him", -1),),
        asks=(("Does the fence stand?", -3),),
    ),
)

FIRST_NAMES = (
    *("Ada", "Alma", "Amir", "Anouk", "Arlo", "Bea", "Bruno", "Cleo", "Cyril", "Dara", "Edda", "Elio", "Emre", "Esme", "Fergus"),
    *("Freya", "Gwen", "Hanna", "Hugo", "Ida", "Ilse", "Ines", "Ivo", "Jada", "Joss", "Juno", "Kasia", "Kofi", "Lena", "Linus"),
    *("Lola", "Mabel", "Malik", "Marek", "Milo", "Nadia", "Nils", "Noor", "Odile", "Oscar", "Pia", "Quinn", "Rafa", "Rosa"),
    *("Selma", "Silas", "Tariq", "Thea", "Uma", "Vera", "Wim", "Yara", "Zeno", "Zofia"),
)
# Two halves, so that the names are plainly nobody's.
LAST_NAMES_FIRST = (
    *("Amber", "Bell", "Copper", "Drift", "Elder", "Fern", "Gravel", "Hazel", "Iron", "Juniper", "Kettle", "Larch", "Marl"),
    *("Nettle", "Ochre", "Pebble", "Quill", "Rush", "Slate", "Thistle", "Umber", "Vetch", "Willow", "Yarrow"),
)
LAST_NAMES_SECOND = (
    "bank",
    "brook",
    "by",
    "combe",
    "croft",
    "dale",
    "field",
    "ford",
    "gate",
    "ham",
    "hurst",
    "leigh",
    "mere",
    "stead",
)
LANGUAGES = (("en", 66), ("es", 9), ("de", 7), ("fr", 6), ("pl", 7), ("pt", 5))
PREFERENCES = (
    ("Likes to look around first", "seen on two visits"),
    ("Asks for the price before anything else", "note at the till"),
    ("Glad of help to the car", "told an associate"),
    ("Knows exactly what is wanted; just show the aisle", "note at the till"),
    ("Likes to compare two products side by side", "seen on two visits"),
    ("Has little time at noon", "told an associate"),
    ("Wants the receipt on paper", "note at the till"),
)
# Title, and the products a project of that kind begins with.
PROJECTS = (
    ("Kitchen splashback", ("T103", "T202", "T304")),
    ("Garden fence", ("W103", "W106", "W107")),
    ("Hall floor", ("T106", "T201", "T301")),
    ("Patio", ("G114", "G115", "G116")),
    ("Living room walls", ("P101", "P301")),
    ("Shed", ("W108", "F103", "P106")),
    ("Shelves in the study", ("W112", "F201", "F108", "F109")),
    ("Guest bathroom", ("B105", "B101", "B206")),
    ("Front lawn", ("G103", "G104")),
)
