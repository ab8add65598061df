"""What people see when something goes wrong: a page with a fixed sentence and the request's id; the log has the rest.

Programs get problem documents (RFC 9457), which the guard writes.
"""

from typing import Final

from vallum.guard.output.error_pages import template_page

from .pages import ENVIRONMENT

PAGE: Final = template_page(ENVIRONMENT.get_template("error.html"))
