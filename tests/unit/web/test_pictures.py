"""A picture with a verdict: from this device or another, seen by few, erased for good."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response
from PIL import Image

from migrator.engine import events as ev
from migrator.store.pictures import Pictures
from migrator.web.shield import PICTURE_BYTES_MAX
from run_with_pages import ASKED, CHECK, DECIDER, NAME, OTHER, Pages, pages_of_a_run

SECRET = b"a-secret-place"
BROWSER = {"accept-language": "en"}


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        found.client.headers.update(BROWSER)
        yield found


def drawn() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    out = io.BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


def form(pages: Pages, said: str = "", note: str = "") -> dict[str, str]:
    fields = {**pages.form(f"/checks/{CHECK}", "/verdicts"), "note": note}
    return {**fields, "said": said, "side": "new"} if said else fields


def sent(
    pages: Pages, fields: dict[str, str], content: bytes = b"", to: str = "/verdicts"
) -> Response:
    return pages.client.post(to, data=fields, files={"file": ("my.jpg", content)})


def refused_with_a_picture(pages: Pages) -> ev.TickGiven:
    pages.sign_in(ASKED)
    sent(pages, form(pages, "does_not_work", "it stays white"), drawn())
    (found,) = [each for each in pages.lead() if isinstance(each, ev.TickGiven)]
    return found


def test_a_verdict_names_the_picture_that_came_with_it(pages: Pages) -> None:
    digest = refused_with_a_picture(pages).picture_digest
    shown = pages.client.get(f"/pictures/{digest}")
    assert Image.open(io.BytesIO(shown.content)).size == (40, 20)
    assert SECRET not in shown.content, "where it was taken is nobody's business"


def test_a_picture_is_shown_as_a_picture_and_kept_by_no_browser(pages: Pages) -> None:
    digest = refused_with_a_picture(pages).picture_digest
    headers = pages.client.get(f"/pictures/{digest}").headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["content-disposition"].endswith('.jpeg"')


def test_another_handler_is_told_that_there_is_no_such_picture(pages: Pages) -> None:
    digest = refused_with_a_picture(pages).picture_digest
    pages.sign_in(OTHER)
    assert pages.client.get(f"/pictures/{digest}").status_code == 404
    assert pages.client.get(f"/checks/{CHECK}/said").status_code == 403
    pages.sign_in(DECIDER)
    assert pages.client.get(f"/pictures/{digest}").status_code == 200
    for nonsense in ("x", "0" * 64, "'" * 64):
        assert pages.client.get(f"/pictures/{nonsense}").status_code == 404
    pages.client.cookies.clear()
    assert pages.client.get(f"/pictures/{digest}", follow_redirects=False).status_code == 303


def test_a_picture_from_the_telephone_goes_along_with_the_verdict_at_the_computer(
    pages: Pages,
) -> None:
    pages.sign_in(ASKED)
    at_the_computer = form(pages, "does_not_work", "it stays white")
    pages.sign_in(ASKED)  # on the telephone
    added = sent(pages, form(pages), drawn(), "/pictures")
    assert added.url.path == f"/checks/{CHECK}"
    assert 'alt="The picture that you have added"' in added.text
    pages.sign_in(ASKED)  # at the computer again
    at_the_computer["form"] = form(pages)["form"]
    sent(pages, at_the_computer)
    (tick,) = [each for each in pages.lead() if isinstance(each, ev.TickGiven)]
    assert tick.picture_digest


def test_a_picture_can_be_taken_away_before_it_is_sent(pages: Pages) -> None:
    pages.sign_in(ASKED)
    sent(pages, form(pages), drawn(), "/pictures")
    gone = sent(pages, form(pages, note="so far"), to="/pictures/drop")
    assert "The picture that you have added" not in gone.text
    assert "so far</textarea>" in gone.text, "nobody writes a thing twice"
    assert Pictures(pages.store.database, NAME).waiting(CHECK, ASKED) is None


def test_a_picture_goes_along_even_if_the_form_is_sent_twice(pages: Pages) -> None:
    pages.sign_in(ASKED)
    fields = form(pages, "works_but", "a little slow")
    for _ in range(2):
        assert sent(pages, fields, drawn()).url.path.startswith("/receipts/")
    (tick,) = [each for each in pages.lead() if isinstance(each, ev.TickGiven)]
    album = Pictures(pages.store.database, NAME)
    assert album.read(tick.picture_digest) is not None
    assert album.waiting(CHECK, ASKED) is None, "the second one is not kept for nothing"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "no picture that can be shown"),
        (drawn()[:150], "no picture that can be shown"),
    ],
)
def test_what_is_no_picture_is_said_and_nothing_filled_in_is_lost(
    pages: Pages, content: bytes, words: str
) -> None:
    pages.sign_in(ASKED)
    for to in ("/verdicts", "/pictures"):
        answer = sent(pages, form(pages, "does_not_work", "it stays white"), content, to)
        assert answer.status_code == 422
        assert words in answer.text
        assert "it stays white</textarea>" in answer.text
        assert 'value="does_not_work" required checked' in answer.text
    assert pages.leader.journal.take_commands() == ()


def test_the_button_without_a_picture_says_what_to_do(pages: Pages) -> None:
    pages.sign_in(ASKED)
    answer = sent(pages, form(pages), to="/pictures")
    assert (answer.status_code, "Choose a picture first" in answer.text) == (422, True)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_gigabyte_is_answered_with_a_page_before_it_is_read(pages: Pages, language: str) -> None:
    pages.sign_in(ASKED)

    def endless() -> Iterator[bytes]:
        yield b"x"

    answer = pages.client.post(
        "/verdicts",
        content=endless(),
        headers={
            "content-type": "multipart/form-data; boundary=b",
            "content-length": str(2**30),
            "accept-language": language,
        },
    )
    assert answer.status_code == 413
    assert {"sv": "Filen är för stor", "en": "The file is too large"}[language] in answer.text


def test_a_file_that_does_not_say_how_large_it_is_is_not_read_to_the_end(pages: Pages) -> None:
    pages.sign_in(ASKED)

    def much() -> Iterator[bytes]:
        for _ in range(PICTURE_BYTES_MAX // 2**20 + 2):
            yield b"x" * 2**20

    answer = pages.client.post(
        "/verdicts", content=much(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 413
    assert "The file is too large" in answer.text


def test_a_stranger_sends_no_files(pages: Pages) -> None:
    pages.sign_in(ASKED)
    fields = form(pages, "works")
    pages.client.cookies.clear()
    for to in ("/verdicts", "/pictures", "/pictures/drop"):
        answer = sent(pages, fields, drawn(), to)
        assert answer.status_code == 403
        assert "You are not signed in any more" in answer.text
    for to in ("/sign-in", "/decisions", "/withdrawals"):
        assert sent(pages, fields, drawn(), to).status_code == 415


def test_another_sessions_form_keeps_no_picture(pages: Pages) -> None:
    pages.sign_in(OTHER)
    fields = form(pages)
    pages.sign_in(ASKED)
    for to in ("/verdicts", "/pictures", "/pictures/drop"):
        assert sent(pages, fields, drawn(), to).status_code == 422
    assert Pictures(pages.store.database, NAME).waiting(CHECK, ASKED) is None


def test_an_erased_picture_and_note_say_who_erased_them_and_why(pages: Pages) -> None:
    tick = refused_with_a_picture(pages)
    hidden = pages.form(f"/checks/{CHECK}", "/sign-out")
    digests = (tick.picture_digest, tick.note_digest)
    for digest in digests:
        fields = {**hidden, "command": "", "saw": "1", "target": digest, "reason": "a name"}
        assert pages.client.post("/erasures", data=fields).status_code in {403, 422}
    pages.sign_in(DECIDER)
    said = pages.client.get(f"/checks/{CHECK}/said").text
    assert "it stays white" in said
    for digest in digests:
        fields = {**pages.form(f"/checks/{CHECK}/said", "/erasures"), "target": digest}
        assert pages.client.post("/erasures", data={**fields, "reason": " "}).status_code == 422
        done = pages.client.post("/erasures", data={**fields, "reason": "it shows a name"})
        assert "It is erased" in done.text
    said = pages.client.get(f"/checks/{CHECK}/said").text
    assert said.count("it shows a name") == 2
    assert "it stays white" not in said
    assert pages.client.get(f"/pictures/{tick.picture_digest}").status_code == 410
    assert pages.store.note(tick.note_digest) is None


def test_only_a_decision_maker_erases(pages: Pages) -> None:
    tick = refused_with_a_picture(pages)
    fields = {**pages.form("/checks", "/sign-out"), "saw": "1", "target": tick.picture_digest}
    fields |= {"reason": "mine", "command": "0c9edaa0-0000-4000-8000-000000000000"}
    assert pages.client.post("/erasures", data=fields).status_code == 403
    assert pages.client.get(f"/pictures/{tick.picture_digest}").status_code == 200


def test_without_the_policy_no_picture_is_taken(tmp_path: Path) -> None:
    with pages_of_a_run(tmp_path / "other", pictures=False) as pages:
        pages.client.headers.update(BROWSER)
        pages.sign_in(ASKED)
        assert 'type="file"' not in pages.client.get(f"/checks/{CHECK}").text
        answer = sent(pages, form(pages, "works"), drawn())
        assert answer.status_code == 422
        assert "Pictures are not taken" in answer.text
