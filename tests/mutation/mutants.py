"""The code with one small mistake in it."""

import difflib
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators, operator_number, operator_string

_LARGEST = 2
"""Numbers up to this one decide something; what is larger is a limit or a time, and one more makes no difference."""


class Mutant(NamedTuple):
    path: Path
    line: int
    operator: str
    tree: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    @property
    def code(self) -> str:
        code: str = deep_replace(self.tree, self.node, self.changed).code
        return code

    def __str__(self) -> str:
        lines = difflib.unified_diff(self.tree.code.splitlines(), self.code.splitlines(), n=0, lineterm="")
        changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
        return "\n".join([f"{self.path}:{self.line} {self.operator}", *changes, ""])


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    positions = wrapper.resolve(PositionProvider)
    waiting: list[cst.CSTNode] = [wrapper.module]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            continue
        waiting.extend([node.body] if isinstance(node, cst.ClassDef) else node.children)
        for kind, operator in _OPERATORS:
            for changed in operator(node) if isinstance(node, kind) and node in positions else ():
                yield Mutant(path, positions[node].start.line, operator.__name__, wrapper.module, node, changed)


def some_of_each_kind(mutants: Iterable[Mutant], count: int, chance: random.Random) -> list[Mutant]:
    """Choose so many, of each kind of mistake in turn: else most were arguments that are left out."""
    kinds = defaultdict(list)
    for mutant in mutants:
        kinds[mutant.operator].append(mutant)
    for of_a_kind in kinds.values():
        chance.shuffle(of_a_kind)
    in_turn = (mutant for turn in zip_longest(*kinds.values()) for mutant in turn if mutant)
    return [mutant for mutant, _ in zip(in_turn, range(count), strict=False)]


def _negate(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def _leave_out(node: cst.Expr) -> Iterator[cst.CSTNode]:
    if isinstance(node.value, cst.Call):
        yield cst.Pass()


def _small_number(node: cst.Integer) -> Iterator[cst.CSTNode]:
    if node.evaluated_value <= _LARGEST:
        yield from operator_number(node)


_OPERATORS: Sequence[tuple[type[cst.CSTNode], Callable[..., Iterable[cst.CSTNode]]]] = [
    *(pair for pair in mutation_operators if pair[1] not in (operator_string, operator_number)),
    (cst.Integer, _small_number),
    (cst.If, _negate),
    (cst.While, _negate),
    (cst.Expr, _leave_out),
]
"""mutmut's mistakes, without those in strings, and what it has not."""
