"""Braces in patterns, as the shells expand them: *.{jpg,png} → *.jpg *.png."""


def expand_braces(pattern: str) -> list[str]:
    """Return the patterns that `pattern` stands for, in order. Braces without a comma, or a partner, are letters."""
    found = _first_group(pattern)
    if found is None:
        return [pattern]
    start, end, choices = found
    return [one for choice in choices for one in expand_braces(pattern[:start] + choice + pattern[end:])]


def _first_group(pattern: str) -> tuple[int, int, list[str]] | None:
    """Return where the first group of choices begins and ends, and its choices."""
    for start, letter in enumerate(pattern):
        if letter == "{" and (end := _partner(pattern, start)) is not None:
            choices = _split(pattern[start + 1 : end])
            if len(choices) > 1:
                return start, end + 1, choices
    return None


def _partner(pattern: str, start: int) -> int | None:
    depth = 0
    for place in range(start, len(pattern)):
        depth += {"{": 1, "}": -1}.get(pattern[place], 0)
        if depth == 0:
            return place
    return None


def _split(inside: str) -> list[str]:
    """Return what stands between commas that are in no inner braces."""
    choices, depth = [""], 0
    for letter in inside:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            choices.append("")
        else:
            choices[-1] += letter
    return choices
