"""What recipes say of a tree: which names they take, and which of its folders hold their outputs."""

import os
from collections.abc import Sequence

from fileq.recipes.output_names import fill_folder, folder_templates
from fileq.recipes.recipe import Recipe


class RecipeScope:
    """The recipes of one request. `out` is the folder of all outputs; None leaves that to each recipe."""

    def __init__(self, recipes: Sequence[Recipe], out: str | None) -> None:
        self._recipes = recipes
        self._out = None if out is None else os.path.abspath(out)
        self._templates = folder_templates(recipes, out)

    def takes(self, name: str) -> bool:
        """Return whether a recipe takes a file of this name."""
        return any(recipe.matches(name) for recipe in self._recipes)

    def is_out(self, folder: str) -> bool:
        """Return whether an absolute path is the folder of all outputs."""
        return folder == self._out

    def recipe_of_folder(self, path: str, top: str) -> str | None:
        """Return the name of the recipe that would put outputs of files beside a folder, below `top`, into it."""
        above = os.path.dirname(path)
        scope = self.at(above, os.path.relpath(above, top) if above != top else "")
        scope.note_all()
        return scope.recipe_of_subfolder(path)

    def at(self, folder: str, relative: str) -> "FolderScope":
        """Return what the recipes say of a folder's sub-folders, once it is known which files it has."""
        return FolderScope(self._recipes, self._templates, folder, relative)


class FolderScope:
    """One folder of a tree: which of its sub-folders the outputs of its files go to."""

    def __init__(self, recipes: Sequence[Recipe], templates: dict[str, str], folder: str, relative: str) -> None:
        self._unmet = list(recipes)
        self._met: list[Recipe] = []
        self._templates = templates
        self._place = (folder, relative)

    def note_file(self, name: str) -> None:
        """Note that the folder has a file of this name: recipes that take it have outputs."""
        if self._unmet:
            met = [recipe for recipe in self._unmet if recipe.matches(name)]
            if met:
                self._met += met
                self._unmet = [recipe for recipe in self._unmet if recipe not in met]

    def note_all(self) -> None:
        """Take it that the folder has, or has had, files for all recipes."""
        self._met, self._unmet = self._met + self._unmet, []

    def recipe_of_subfolder(self, path: str) -> str | None:
        """Return the name of the recipe that puts outputs of the folder's files into its sub-folder at `path`."""
        folder, relative = self._place
        for recipe in self._met:
            made = fill_folder(self._templates[recipe.name], folder, recipe.name, relative)
            if any(_is_within(place, path) for place in _places(made, recipe)):
                return recipe.name
        return None


def _places(folder: str, recipe: Recipe) -> list[str]:
    """Return the folders of a recipe's outputs, those that their names begin with too."""
    literal = [output.name.partition("{")[0] for output in recipe.outputs]
    return [os.path.join(folder, os.path.dirname(name)).rstrip(os.sep) for name in literal]


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
