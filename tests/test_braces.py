import pytest

from fileq.braces import expand_braces


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["*.jpg"]),
        ("*.{jpg,png}", ["*.jpg", "*.png"]),
        ("{a,{b,c}x}", ["a", "bx", "cx"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{,x}y", ["y", "xy"]),
        ("{stem}.{a,b}", ["{stem}.a", "{stem}.b"]),
        ("{", ["{"]),
        ("}{", ["}{"]),
        ("{a{b,c}", ["{ab", "{ac"]),
    ],
)
def test_braces_are_expanded_as_shells_do(pattern, expected):
    assert expand_braces(pattern) == expected
