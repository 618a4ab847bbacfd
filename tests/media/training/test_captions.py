import random

from media.training.captions import (
    PAINT_WORDS,
    SUBJECT_NOUNS,
    SYLLABLES,
    TIME_ADJECTIVES,
    TIME_NOUNS,
    TIME_PHRASES,
    caption,
    vocabulary,
    words_of,
)
from media.training.scenes import Scene, stream

FOX = Scene(time="night", place="desert", weather="clear", subject="fox", paint="black", orb=False)


def captions(scene: Scene, count: int = 400) -> list[str]:
    return [caption(scene, random.Random(i)) for i in range(count)]


def share(texts: list[str], words: tuple[str, ...]) -> float:
    return sum(any(word in text for word in words) for text in texts) / len(texts)


def test_one_seed_always_gives_the_same_words() -> None:
    assert caption(FOX, random.Random(3)) == caption(FOX, random.Random(3))


def test_one_scene_is_told_in_many_ways() -> None:
    assert len(set(captions(FOX))) > 200


def test_what_is_unusual_is_nearly_always_said() -> None:
    texts = captions(FOX)
    assert share(texts, ("fox",)) == 1
    assert share(texts, PAINT_WORDS["black"]) > 0.9
    assert share(texts, TIME_PHRASES["night"]) > 0.9
    assert share(texts, ("desert", "dunes", "sand")) > 0.9


def test_what_is_usual_is_often_left_out() -> None:
    usual = Scene(time="day", place="snow", weather="clear", subject="fox", paint="orange", orb=False)
    assert 0.1 < share(captions(usual), ("orange",)) < 0.6


def test_a_caption_never_names_another_time_or_colour() -> None:
    # Phrases that are unambiguous: "dark" is also weather's word, and "sun" belongs to three times.
    times = {t: {*TIME_PHRASES[t], *TIME_ADJECTIVES[t], *TIME_NOUNS[t]} for t in TIME_PHRASES}
    scenes = stream(9)
    for _ in range(500):
        scene, rng = next(scenes)
        words = set(words_of(caption(scene, rng)))
        for time in ("night", "dusk", "dawn"):
            if time != scene.time:
                assert time not in words
                assert time in " ".join(times[time])
        if scene.subject:
            for other in {"red", "black", "grey", "brown"} - {scene.paint}:
                assert not words & set(PAINT_WORDS[other])


def test_the_vocabulary_is_sorted_and_holds_every_word_of_captions() -> None:
    known = vocabulary()
    assert known == sorted(set(known))
    scenes = stream(9)
    for _ in range(1500):
        scene, rng = next(scenes)
        unknown = set(words_of(caption(scene, rng))) - set(known)
        assert all(made_up(word) for word in unknown)


def made_up(word: str) -> bool:
    """Whether a word is two or three of the syllables for unknown words."""
    left = {word}
    for _ in range(3):
        left = {w.removeprefix(s) for w in left for s in SYLLABLES if w.startswith(s)} | (left & {""})
        if "" in left:
            return True
    return False


def test_every_subject_has_a_noun_in_the_vocabulary() -> None:
    known = set(vocabulary())
    for nouns in SUBJECT_NOUNS.values():
        assert all(set(words_of(noun)) <= known for noun in nouns)


def test_words_are_split_at_anything_but_letters_and_digits() -> None:
    assert list(words_of("A red-boat, 4K!")) == ["a", "red", "boat", "4k"]
