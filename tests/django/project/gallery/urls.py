from django.conf import settings
from django.urls import path, re_path
from django.views.static import serve

from gallery import views

urlpatterns = [
    path("", views.index, name="index"),
    path("state", views.state, name="state"),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]
