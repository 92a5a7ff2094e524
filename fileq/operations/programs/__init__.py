"""External programs as a step of a recipe, and the supervisor that ends their whole family."""
