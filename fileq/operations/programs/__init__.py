"""External programs as a step of a recipe, and the supervisor that ends all that they have started."""
