"""A person with a browser: opens an application's link, signs in, allows, and sees where it leads."""

import httpx

from tests.clients.forms import only_form, value_of

__all__ = ["allow"]


def allow(url: str, username: str, password: str) -> str:
    """Let an application in, through the pages alone.

    Returns:
        The address that the application is called back at, or the code that the last page shows.
    """
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        form = only_form(page.text)
        typed = {"username": username, "password": password}
        page = browser.request(
            form.method, page.url.join(form.action), data={**form.fields, **typed}, follow_redirects=True
        )
        form = only_form(page.text)
        assert f"@{username}" in page.text
        answer = browser.request(
            form.method, page.url.join(form.action), data={**form.fields, "decision": "allow"}
        )
    return answer.headers["location"] if answer.is_redirect else value_of(answer.text, "code")
