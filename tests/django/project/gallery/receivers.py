from django.core.mail import send_mail
from django.dispatch import receiver

from fileq.django.signals import job_ended
from gallery.models import Photo


@receiver(job_ended, sender=Photo)
def tell_by_mail(job, instance, **_):
    if job.state == "done" and job.recipe == "web" and instance is not None:
        url = instance.versions.web.url
        send_mail(f"{instance.title} is ready", f"See it: {url}", "gallery@example.com", ["ada@example.com"])
