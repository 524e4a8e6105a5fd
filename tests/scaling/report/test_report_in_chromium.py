"""The report page in a browser: all of it is seen, at any width, without errors and without the network."""

import json

import pytest
from headless_chromium import Chromium, program
from report_table import FIGURES, compared, single_run, written

pytestmark = pytest.mark.skipif(program() is None, reason="there is no chromium on PATH")

# Every element with text of its own, and the contrast of that text with the nearest background behind it (WCAG 2).
CONTRASTS = """
(() => {
  const parse = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => {
    const [r, g, b] = parse(color).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor, parts = parse(color);
      if (parts.length === 3 || parts[3] === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')]
    .filter(each => each.offsetParent && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(each => {
      const one = light(getComputedStyle(each).color), other = light(paper(each));
      return [each.tagName, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
    });
})()
"""
IMAGES = """
[...document.querySelectorAll('figure img')].map(image => {
  const box = image.getBoundingClientRect();
  return [image.complete, image.naturalWidth, box.width, box.height];
})
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module", params=[compared, single_run], ids=["compared", "single_run"])
def path(request, tmp_path_factory):
    return written(tmp_path_factory.mktemp("page"), request.param())


def test_shows_the_verdict_and_every_figure(chromium, path):
    chromium.open(path, 1200)
    said = chromium.evaluate("document.getElementById('answer').innerText")
    assert said.startswith(("Exponent: EfficientZero climbs faster", "Not identified: these runs cannot tell"))
    box = chromium.evaluate("JSON.stringify(document.getElementById('answer').getBoundingClientRect())")
    box = json.loads(box)
    assert box["width"] > 300 and box["height"] > 20 and box["bottom"] < 900  # without scrolling
    images = chromium.evaluate(IMAGES)
    assert len(images) == len(FIGURES)
    assert all(complete and natural > 0 and width > 100 and height > 50 for complete, natural, width, height in images)


@pytest.mark.parametrize("width", [360, 1200])
def test_no_errors_and_no_network(chromium, path, width):
    chromium.open(path, width)
    chromium.evaluate("document.fonts.ready.then(() => window.scrollTo(0, document.body.scrollHeight)) && true")
    chromium.evaluate("1")
    methods = {method for method, _ in chromium.events}
    assert "Page.loadEventFired" in methods and not methods & {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
    assert [parameters["entry"]["text"] for method, parameters in chromium.events if method == "Log.entryAdded"] == []
    sent = [parameters for method, parameters in chromium.events if method == "Network.requestWillBeSent"]
    requests = [parameters["request"]["url"] for parameters in sent]
    assert [address for address in requests if not address.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("width", [360, 1200])
def test_only_tables_and_figures_scroll_sideways(chromium, path, width):
    chromium.open(path, width)
    assert chromium.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
    outside = "[...document.querySelectorAll('body *')].filter(each => !each.closest('.wide') && " \
        f"each.getBoundingClientRect().right > {width} + 0.5).map(each => each.outerHTML.slice(0, 80))"  # fmt: skip
    assert chromium.evaluate(outside) == []
    captions = (
        "Math.max(...[...document.querySelectorAll('caption span')].map(each => each.getBoundingClientRect().right))"
    )
    assert chromium.evaluate(captions) <= width
    cut = "[...document.querySelectorAll('.wide')].filter(each => each.scrollWidth > each.clientWidth && " \
        "getComputedStyle(each).overflowX !== 'auto').length"  # fmt: skip
    assert chromium.evaluate(cut) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(chromium, path, scheme):
    chromium.open(path, 1200, scheme=scheme)
    page = chromium.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (page == "rgb(252, 252, 250)") is (scheme == "light")
    contrasts = chromium.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [found for found in contrasts if found[1] < 4.5] == []


def test_prints_in_black_without_the_links(chromium, path):
    chromium.open(path, 1200, scheme="dark")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    chromium.call("Emulation.setEmulatedMedia", media="print", features=features)
    shown = "[getComputedStyle(document.querySelector('nav')).display, getComputedStyle(document.body).color]"
    found, contrasts = chromium.evaluate(shown), chromium.evaluate(CONTRASTS)
    chromium.call("Emulation.setEmulatedMedia", media="")
    assert found == ["none", "rgb(0, 0, 0)"]
    assert [each for each in contrasts if each[1] < 4.5] == []
