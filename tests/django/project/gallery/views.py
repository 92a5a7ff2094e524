from django.forms import modelform_factory
from django.http import JsonResponse
from django.shortcuts import redirect, render

from gallery.models import Photo

PhotoForm = modelform_factory(Photo, fields=["title", "image"])


def index(request):
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        form.save()  # stored, and queued; nothing waits for the pictures
        return redirect("index")
    return render(request, "gallery/index.html", {"form": form, "photos": Photo.objects.order_by("-pk")})


def state(request):
    photos = Photo.objects.filter(pk__in=request.GET.getlist("photo"))
    return JsonResponse({str(photo.pk): photo.versions.as_dict() for photo in photos})
