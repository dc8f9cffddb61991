"""Takes the agency's open design system into the pages' static files.

`make styles` calls `python -m migrator.web.styles` after npm has fetched the two packages that
package-lock.json pins. Three files are enough. The tick of a ticked box is an image inside
the sheet, which our policy for pages refuses, so it becomes a file of its own.
"""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static" / "fkui"
SHEETS: Final = {
    "fkui.min.css": "@fkui/design/lib/fkui.min.css",
    "theme-auto.css": "@fkui/theme-default/dist/theme-auto.css",
}
_INLINE: Final = re.compile(r'url\("data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)"\)')


def build(modules: Path, target: Path) -> tuple[str, ...]:
    """Write the sheets and their images; the names of what was written.

    Raises ValueError where a sheet still loads something from elsewhere.
    """
    target.mkdir(parents=True, exist_ok=True)
    images: dict[str, str] = {}

    def apart(found: re.Match[str]) -> str:
        drawn = found.group(1)
        name = images.setdefault(drawn, f"image-{len(images) + 1}.svg")
        (target / name).write_bytes(base64.b64decode(drawn))
        return f'url("{name}")'

    for name, source in SHEETS.items():
        sheet = _INLINE.sub(apart, (modules / source).read_text(encoding="utf-8"))
        if re.search(r"url\([\"']?(data:|https?:|//)|@import", sheet):
            raise ValueError(f"{source} loads something that the pages' policy refuses")
        (target / name).write_text(sheet, encoding="utf-8")
    return (*SHEETS, *images.values())


def main(arguments: list[str]) -> int:
    """Build from the folder of npm's modules that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m migrator.web.styles node_modules\n")
        return 2
    try:
        built = build(Path(arguments[0]), STATIC)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"styles: {error}\n")
        return 1
    sys.stderr.write(f"styles: {', '.join(built)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
