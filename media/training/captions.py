"""Scenes in words: synonyms, several sentence shapes, and words that mean nothing.

People do not write the way a table does, so one scene has many captions: with and without the colour,
as a sentence or as keywords, with praise that other models are fed ("highly detailed") and now and then
with a word that was never seen, so that an unknown word in a prompt is ignored instead of spoiling the
picture. What is usual may be left unsaid (an orange fox); what is unusual is nearly always said.
"""

import random
import re
from collections.abc import Iterator

from media.training.scenes import Scene
from media.training.subjects import SUBJECTS

# Said of the whole picture: (after the noun, before the noun, instead of a scene without a subject).
TIME_PHRASES: dict[str, tuple[str, ...]] = {
    "day": (
        "by day",
        "in the daytime",
        "on a sunny day",
        "at noon",
        "in bright daylight",
        "under a blue sky",
    ),
    "dawn": ("at dawn", "at sunrise", "in the early morning", "in the morning", "at daybreak"),
    "sunset": ("at sunset", "in the evening", "at golden hour", "in the evening light", "in the sunset"),
    "dusk": ("at dusk", "at twilight", "after sunset", "in the twilight"),
    "night": ("at night", "by night", "at midnight", "in the night", "in the dark"),
}
TIME_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "day": ("sunny", "bright"),
    "dawn": ("morning",),
    "sunset": ("evening", "sunset"),
    "dusk": ("twilight",),
    "night": ("night", "dark", "midnight"),
}
TIME_NOUNS: dict[str, tuple[str, ...]] = {
    "day": ("blue sky", "sunny day", "a bright day", "day sky", "daylight"),
    "dawn": ("dawn", "sunrise", "morning", "a pink sunrise", "daybreak"),
    "sunset": ("sunset", "a sunset", "orange sunset", "evening sky", "a golden sunset", "sunset sky"),
    "dusk": ("dusk", "twilight", "a purple dusk", "twilight sky"),
    "night": ("night", "night sky", "a dark night", "the night sky"),
}
ORB_PHRASES: dict[str, tuple[str, ...]] = {
    "day": ("with the sun", "under the sun", "in sunshine"),
    "dawn": ("with the rising sun", "with the sun"),
    "sunset": ("with the setting sun", "with the sun", "with a big sun"),
    "dusk": ("with the moon", "under the moon"),
    "night": ("with a full moon", "under the moon", "in the moonlight", "with the moon", "moonlit"),
}
STARS = ("under the stars", "with stars", "starry")

WEATHER_PHRASES: dict[str, tuple[str, ...]] = {
    "clear": (),
    "cloudy": ("with clouds", "under a cloudy sky", "under clouds", "cloudy"),
    "rain": ("in the rain", "on a rainy day", "rainy", "in rain"),
    "snowfall": ("in falling snow", "with snowflakes", "while it is snowing", "in a snowstorm", "snowing"),
    "fog": ("in fog", "in the fog", "in the mist", "foggy", "misty"),
    "storm": ("in a storm", "in a thunderstorm", "with lightning", "stormy"),
    "rainbow": ("with a rainbow", "under a rainbow", "and a rainbow"),
}

# (preposition and article for a subject, bare noun)
PLACE_NOUNS: dict[str, tuple[tuple[str, str], ...]] = {
    "sea": (
        ("on the", "sea"),
        ("on the", "ocean"),
        ("in the", "water"),
        ("at", "sea"),
        ("by the", "sea"),
        ("on the", "waves"),
    ),
    "lake": (("on a", "lake"), ("by the", "lake"), ("on the", "lake"), ("on a", "pond")),
    "beach": (
        ("on the", "beach"),
        ("at the", "beach"),
        ("on the", "shore"),
        ("on a", "tropical beach"),
        ("on the", "coast"),
        ("at the", "seaside"),
    ),
    "mountains": (
        ("in the", "mountains"),
        ("near the", "mountains"),
        ("in front of the", "mountains"),
        ("on a", "mountain"),
        ("in the", "alps"),
        ("among", "snowy peaks"),
    ),
    "forest": (
        ("in the", "forest"),
        ("in a", "forest"),
        ("in the", "woods"),
        ("in a", "pine forest"),
        ("among", "fir trees"),
        ("among", "pines"),
    ),
    "desert": (
        ("in the", "desert"),
        ("in a", "desert"),
        ("on the", "dunes"),
        ("among", "sand dunes"),
        ("in the", "sand"),
    ),
    "hills": (
        ("on a", "hill"),
        ("in the", "hills"),
        ("on green", "hills"),
        ("in the", "countryside"),
        ("in a", "valley"),
        ("on the", "hills"),
    ),
    "meadow": (
        ("in a", "meadow"),
        ("in a", "field"),
        ("in a", "field of flowers"),
        ("on the", "grass"),
        ("in a", "garden"),
        ("among", "flowers"),
    ),
    "city": (
        ("in the", "city"),
        ("in a", "city"),
        ("in the", "town"),
        ("in the", "street"),
        ("downtown in the", "city"),
        ("among", "skyscrapers"),
        ("in front of the", "skyline"),
    ),
    "snow": (
        ("in the", "snow"),
        ("in the", "snow"),
        ("on", "snow"),
        ("in a", "winter landscape"),
        ("in", "winter"),
        ("on", "snowy hills"),
        ("in the", "arctic"),
        ("on the", "ice"),
    ),
}
SUBJECT_NOUNS: dict[str, tuple[str, ...]] = {
    "boat": ("boat", "boat", "sailboat", "sailing boat", "ship", "yacht"),
    "lighthouse": ("lighthouse",),
    "house": ("house", "house", "cottage", "cabin", "hut", "home", "barn"),
    "castle": ("castle", "castle", "palace", "fortress"),
    "tree": ("tree", "tree", "oak", "oak tree"),
    "fox": ("fox",),
    "cat": ("cat", "cat", "kitten"),
    "rabbit": ("rabbit", "rabbit", "bunny", "hare"),
    "bear": ("bear", "bear", "grizzly bear"),
    "deer": ("deer", "deer", "stag", "reindeer"),
    "penguin": ("penguin",),
    "whale": ("whale",),
    "bird": ("bird", "bird", "flying bird", "seagull", "dove"),
    "balloon": ("balloon", "hot air balloon", "hot air balloon", "air balloon"),
    "car": ("car", "car", "automobile"),
    "tent": ("tent", "tent", "camping tent"),
    "cactus": ("cactus", "saguaro"),
    "camel": ("camel",),
    "flower": ("flower", "flower", "blossom"),
}
PAINT_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "golden"),
    "green": ("green", "green", "emerald"),
    "blue": ("blue", "blue", "blue", "navy blue"),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink",),
    "white": ("white",),
    "black": ("black",),
    "brown": ("brown",),
    "grey": ("grey", "gray"),
}

OPENINGS = (
    "a painting of", "a picture of", "an image of", "an illustration of", "a drawing of", "a photo of",
    "flat illustration of", "digital art of", "draw", "please draw", "i want", "show me", "a view of",
)  # fmt: skip
PRAISE = (
    "highly detailed", "4k", "beautiful", "minimalist", "digital art", "flat colours", "flat colors",
    "vector art", "masterpiece", "best quality", "trending", "illustration", "wallpaper",
    "simple", "calm", "peaceful", "cozy",
)  # fmt: skip
EMPTY_ADJECTIVES = (
    "little",
    "small",
    "big",
    "lonely",
    "lone",
    "cute",
    "happy",
    "old",
    "beautiful",
    "single",
    "pretty",
    "tiny",
)
SYLLABLES = (
    "ka",
    "lor",
    "mi",
    "ten",
    "sha",
    "bru",
    "vo",
    "ni",
    "stra",
    "gel",
    "po",
    "ri",
    "wen",
    "dax",
    "um",
    "eth",
)

# How often each part is left out or added.
UNKNOWN_WORD_SHARE = 0.06
OPENING_SHARE = 0.18
PRAISE_SHARE = 0.2
EMPTY_ADJECTIVE_SHARE = 0.15
ORB_SHARE = 0.35
KEYWORDS_SHARE = 0.15
# Words that connect others; they are in captions, so the model has seen them.
CONNECTING = (
    "over",
    "landscape",
    "scenery",
    "scene",
    "of",
    "the",
    "a",
    "an",
    "and",
    "is",
    "it",
    "sun",
    "moon",
)


def caption(scene: Scene, rng: random.Random) -> str:
    """Put a scene in words; another state of ``rng`` gives another wording."""
    parts = _with_subject(scene, rng) if scene.subject else _landscape(scene, rng)
    text = " ".join(part for part in parts if part)
    if rng.random() < OPENING_SHARE:
        text = f"{rng.choice(OPENINGS)} {text}"
    if rng.random() < PRAISE_SHARE:
        text = ", ".join((text, *rng.sample(PRAISE, rng.randint(1, 2))))
    if rng.random() < UNKNOWN_WORD_SHARE:
        words = text.split()
        words.insert(rng.randint(0, len(words)), "".join(rng.choices(SYLLABLES, k=rng.randint(2, 3))))
        text = " ".join(words)
    return text


def _with_subject(scene: Scene, rng: random.Random) -> list[str]:
    assert scene.subject is not None
    noun = rng.choice(SUBJECT_NOUNS[scene.subject])
    paint = _paint(scene, rng)
    if scene.subject == "bear" and scene.paint == "white" and rng.random() < 0.5:
        paint, noun = "", "polar bear"
    empty = rng.choice(EMPTY_ADJECTIVES) if rng.random() < EMPTY_ADJECTIVE_SHARE else ""
    named = " ".join(w for w in (empty, paint, noun) if w)
    usual_place = scene.place == SUBJECTS[scene.subject].places[0]
    say_place = rng.random() > (0.4 if usual_place else 0.06)
    tail = _tail(scene, rng)
    preposition, place = rng.choice(PLACE_NOUNS[scene.place])
    if SUBJECTS[scene.subject].flies and rng.random() < 0.7:
        preposition = "over" if preposition in {"among", "at", "in", "on"} else "over the"
    if rng.random() < KEYWORDS_SHARE:
        return [", ".join([named, *([place] if say_place else []), *tail])]
    article = rng.choice(("the", "one")) if rng.random() < 0.08 else ("an" if named[0] in "aeiou" else "a")
    where = [f"{preposition} {place}"] if say_place else []
    ends = where + tail
    if rng.random() < 0.3:
        rng.shuffle(ends)
    return [article if rng.random() > 0.08 else "", named, *ends]


def _paint(scene: Scene, rng: random.Random) -> str:
    assert scene.subject is not None
    assert scene.paint is not None
    usual = scene.paint == SUBJECTS[scene.subject].paints[0]
    unsaid = rng.random() < (0.65 if usual else 0.06)
    return "" if unsaid else rng.choice(PAINT_WORDS[scene.paint])


def _tail(scene: Scene, rng: random.Random) -> list[str]:
    """Say time, weather and sun or moon, in that order, each only sometimes."""
    tail = []
    if rng.random() > (0.6 if scene.time == "day" else 0.05):
        tail.append(rng.choice(TIME_PHRASES[scene.time]))
    if WEATHER_PHRASES[scene.weather] and rng.random() > 0.06:
        tail.append(rng.choice(WEATHER_PHRASES[scene.weather]))
    if scene.orb and rng.random() < ORB_SHARE:
        tail.append(rng.choice(ORB_PHRASES[scene.time]))
    elif scene.time == "night" and scene.weather == "clear" and rng.random() < 0.3:
        tail.append(rng.choice(STARS))
    return tail


def _landscape(scene: Scene, rng: random.Random) -> list[str]:
    _, place = rng.choice(PLACE_NOUNS[scene.place])
    weather = rng.choice(WEATHER_PHRASES[scene.weather]) if WEATHER_PHRASES[scene.weather] else ""
    orb = rng.choice(ORB_PHRASES[scene.time]) if scene.orb and rng.random() < ORB_SHARE else ""
    shape = rng.random()
    if shape < 0.35:
        return [
            rng.choice(TIME_NOUNS[scene.time]),
            "over",
            rng.choice(("the", "the", "a", "")),
            place,
            weather,
            orb,
        ]
    if shape < 0.6:
        return [rng.choice(("the", "a", "")), place, *_tail(scene, rng)]
    if shape < 0.75:
        return [rng.choice(("a", "the", "")), rng.choice(TIME_ADJECTIVES[scene.time]), place, weather, orb]
    if shape < 0.85:
        return [place, rng.choice(("landscape", "scenery", "scene")), *_tail(scene, rng)]
    words = [place, rng.choice(TIME_PHRASES[scene.time] + TIME_NOUNS[scene.time]), weather, orb]
    rng.shuffle(words)
    return [", ".join(w for w in words if w)]


def vocabulary() -> list[str]:
    """List every word that captions use, sorted; made-up words are not among them."""
    tables = (
        TIME_PHRASES,
        TIME_ADJECTIVES,
        TIME_NOUNS,
        ORB_PHRASES,
        WEATHER_PHRASES,
        SUBJECT_NOUNS,
        PAINT_WORDS,
    )
    phrases = [phrase for table in tables for row in table.values() for phrase in row]
    phrases += [" ".join(pair) for row in PLACE_NOUNS.values() for pair in row]
    phrases += [*OPENINGS, *PRAISE, *EMPTY_ADJECTIVES, *STARS, *CONNECTING, "polar bear", "one"]
    return sorted({word for phrase in phrases for word in words_of(phrase)})


def words_of(text: str) -> Iterator[str]:
    """Split a prompt into lower-case words as ``vocabulary`` lists them."""
    yield from re.findall(r"[a-z0-9]+", text.lower())
