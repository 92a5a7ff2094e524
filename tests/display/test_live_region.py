"""Lines that are drawn in place: nothing is torn by a resize, and nothing is left."""

import io

from fileq.display.live_region import LiveRegion, LiveScreen


def test_the_cursor_rests_where_the_lines_begin_so_that_no_resize_moves_it_from_there():
    stream = io.StringIO()
    region = LiveRegion(stream)
    region.draw(["bar", "numbers", "slot"])
    assert stream.getvalue().endswith("slot\x1b[J\x1b[2A\r\x1b[?7h")
    stream.truncate(0)
    region.draw(["bar"])
    assert stream.getvalue().endswith("\rbar\x1b[J\r\x1b[?7h")


def test_all_that_was_drawn_goes_with_its_hidden_cursor():
    stream = io.StringIO()
    region = LiveRegion(stream)
    region.draw(["bar"])
    region.clear()
    assert stream.getvalue().startswith("\x1b[?25l")
    assert stream.getvalue().endswith("\r \x1b[J\r\x1b[K\x1b[?25h")
    written = stream.getvalue()
    region.clear()
    assert stream.getvalue() == written


def test_a_screen_of_its_own_is_left_again():
    stream = io.StringIO()
    screen = LiveScreen(stream)
    screen.draw(["one", "two"])
    screen.clear()
    assert stream.getvalue().startswith("\x1b[?1049h")
    assert stream.getvalue().endswith("\x1b[?1049l")
