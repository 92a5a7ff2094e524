"""The glossary is short, and each word of it stands in the code that it names."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

GLOSSARY = Path(__file__).parents[1] / ".github" / "GLOSSARY.md"
ROWS = re.findall(r"^\| (\S.*?) \| (\S.*?) \| `(fileq[\w.]+)` \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
MOST = 40


def test_the_glossary_is_short_sorted_and_says_each_word_once():
    words = [word for word, _, _ in ROWS]
    assert 30 <= len(words) <= MOST
    assert words == sorted(set(words))


@pytest.mark.parametrize(("word", "sentence", "place"), ROWS, ids=[word for word, _, _ in ROWS])
def test_a_word_of_the_glossary_stands_in_the_code_that_it_names(word, sentence, place):
    module, _, name = place.rpartition(".")
    thing = getattr(importlib.import_module(module), name)
    code = inspect.getsource(thing).lower().replace("_", "").replace(" ", "")
    assert word.replace(" ", "") in code + place.lower().replace("_", "")
    assert re.fullmatch(r"[A-Z][^.]*\.", sentence), "one sentence"
