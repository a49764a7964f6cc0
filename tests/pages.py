"""What tests in a real browser do again and again: press a button that leads on, and ask axe what is wrong."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def press(button: Locator) -> None:
    """Click what leads to another page and wait until that page stands: a look at once would see the old one, or none."""
    with button.page.expect_navigation():
        button.click()


def faults(page: Page) -> list[str]:
    """What stands in the way of people who see, hear or move differently: WCAG 2.2 A and AA, by axe-core."""
    page.wait_for_load_state()
    found = Axe().run(page, options={"runOnly": WCAG})
    return [f"{page.url}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in found.response["violations"]]


def width(page: Page) -> int:
    """Pixels the content needs; more than the window's own width means that one must scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth"))
