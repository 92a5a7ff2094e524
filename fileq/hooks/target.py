"""What a hook calls, as it may be shown."""

from urllib.parse import urlsplit

from fileq.config.settings import HookSettings


def describe_target(hook: HookSettings) -> str:
    """Return what a hook calls: a function, a program, or a URL without what may be a key in it."""
    if hook.url is not None:
        return hide_keys(hook.url)
    return hook.function if hook.function is not None else " ".join(hook.command)


def hide_keys(url: str) -> str:
    """Return a URL without its user, password, path and query: https://shop.example/…"""
    if url.startswith("$"):
        variable, _, rest = url.partition("}")
        return f"{variable}}}{'/…' if rest.strip('/') else ''}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{'/…' if parts.path.strip('/') or parts.query else ''}"
