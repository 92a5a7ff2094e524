from django.apps import AppConfig


class GalleryApp(AppConfig):
    """Photos that people upload, and what is made of them."""

    name = "gallery"

    def ready(self):
        from gallery import receivers  # noqa: F401  # it connects them
