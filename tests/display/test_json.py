"""JSON on stdout."""

import io
import json

from fileq.display import Answer, Text
from fileq.display.json import JsonAnswerWriter


def answered(document):
    stream = io.StringIO()
    JsonAnswerWriter(stream).answer(Answer(document, [Text("for people")]))
    return stream.getvalue()


def test_one_document_and_nothing_else():
    assert json.loads(answered({"a": [1, None]})) == {"a": [1, None]}
    assert "for people" not in answered({})


def test_a_name_that_is_not_utf_8_survives():
    text = answered({"path": "caf\udce9"})
    assert text.isascii()
    assert json.loads(text)["path"] == "caf\udce9"


def test_a_list_that_comes_bit_by_bit_is_one_document():
    for items in ([], [1], [{"a": 1}, {"b": 2}]):
        assert json.loads(answered(iter(items))) == items
