import time


def server_timing(get_response):
    """Middleware that says in each answer how many milliseconds the server has taken for it, and of these a CPU."""

    def answer(request):
        begun, used = time.perf_counter(), time.thread_time()
        response = get_response(request)
        taken, used = time.perf_counter() - begun, time.thread_time() - used
        response["Server-Timing"] = f"all;dur={taken * 1000:.1f}, cpu;dur={used * 1000:.1f}"
        return response

    return answer
