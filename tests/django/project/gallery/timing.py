import time


def server_timing(get_response):
    """Middleware that says in each answer how many milliseconds the server has worked for it."""

    def answer(request):
        begun = time.perf_counter()
        response = get_response(request)
        response["Server-Timing"] = f"work;dur={(time.perf_counter() - begun) * 1000:.1f}"
        return response

    return answer
