import pytest

from fileq.config import load_config
from fileq.recipes.collisions import have_collisions
from fileq.recipes.recipe import Output, Recipe


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["web"], False),
        (["web", "thumbnail"], True),
        (["web", "avif"], False),
        (["web", "webp"], True),  # a picture with transparency becomes WebP in both
        (["avif", "optimize"], True),  # of an AVIF
        (["web", "avif", "thumbnail"], True),
    ],
)
def test_recipes_that_can_make_the_same_name_collide(names, together):
    recipes = load_config(environ={}).settings.recipes
    assert have_collisions([recipes[name] for name in names]) is together


def test_names_that_tell_the_recipe_or_the_use_do_not_collide():
    def named(name, template):
        return Recipe(name=name, outputs=(Output(name=template),))

    assert not have_collisions([named("a", "{stem}-{recipe}.jpg"), named("b", "{stem}-{recipe}.jpg")])
    assert not have_collisions([named("a", "{stem}.jpg"), named("b", "{stem}-small.jpg")])
    assert have_collisions([named("a", "{stem}.jpg"), named("b", "{stem}.jpg")])
