"""What is written in a figure."""


def texts(figure):
    figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [text.get_text().replace("\n", " ") for text in found]


def written(figure, text):
    return any(text in each for each in texts(figure))


def drawn_twice(draw, folder, save):
    """The bytes of two drawings, as PNG and as SVG."""
    for suffix in ("png", "svg"):
        paths = [folder / f"{number}.{suffix}" for number in (1, 2)]
        for path in paths:
            save(draw(), path)
        yield tuple(path.read_bytes() for path in paths)
