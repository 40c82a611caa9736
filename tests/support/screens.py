"""`./shopbell screens`: every scene of the kiosk, every page of the app and of HQ's console, as pictures.

    python -m tests.support.screens [--out DIR]

Starts a demo of its own in a temporary folder, lives through a morning in the store and takes the pictures on the way, so
they show what the product does, not what somebody drew. Only what cannot be caused there (a broken disk, a card that
gives no id, the second in which the kiosk starts) is put on a served screen by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import uuid_utils

from edge.demo.layout import Layout
from edge.demo.tap import ask_reader
from kiosk.screen.phrases import resting
from kiosk.visit.decide import Decision
from kiosk.visit.greeting import words_for
from tests.story.shop import DESK, PHONE, Shop, open_shop, read_code, sign_in, taken, waiting
from tests.support.parts import ENABLE, FINDERS, ROOT
from tests.support.screen import LANDSCAPE, PORTRAIT, screen

# Pictures of the kiosk at half its size; phones as sharp as a README shows them.
TABLET = (900, 1800)
SCALES = {PORTRAIT: 0.5, LANDSCAPE: 0.75, PHONE: 1.5, TABLET: 0.8}
MOST_BYTES, MOST_BYTES_IN_ALL = 250_000, 5_000_000


# A chip whose message was shown before.
COPIED_CARD: dict[str, object] = {
    "kind": "proof",
    "proof_id": "01a1ffd6-8f61-756e-8715-295a847fff26",
    "medium": "nfc",
    "tag": "5e" * 16,
    "counter": 214,
    "door": "entrance",
    "accepted": False,
    "alarm": "replayed",
    "clock": "synchronised",
}


class Camera:
    """Writes pictures into `folder` and says so. taken: name -> bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, page: Any, name: str) -> None:
        """What is in the window now."""
        path = self.folder / f"{name}.png"
        page.mouse.move(0, 0)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=path, animations="disabled", caret="hide")
        self.taken[name] = path.stat().st_size
        print(f"screens: {path.name}  {self.taken[name] // 1000} KB", file=sys.stderr, flush=True)

    def too_large(self) -> list[str]:
        """Pictures nobody wants to download."""
        large = [name for name, size in self.taken.items() if size > MOST_BYTES]
        return large + (["all together"] if sum(self.taken.values()) > MOST_BYTES_IN_ALL else [])


class SharpShop(Shop):
    """A shop whose pages are drawn for pictures."""

    def page(self, url: str, size: tuple[int, int], **options: Any) -> Any:
        return super().page(url, size, device_scale_factor=SCALES.get(size, 1), reduced_motion="reduce", **options)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="shopbell screens", description="Take a picture of every screen.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screens", help="folder for the pictures")
    missing = [ENABLE[part] for part in ("mosquitto", "chromium") if FINDERS[part]() is None]
    if missing:
        print(f"screens: a part is missing; enable with: {' && '.join(missing)}", file=sys.stderr)
        return 2
    camera = Camera(parser.parse_args(arguments).out.absolute())
    print("screens: starting a store for the pictures ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="shopbell-screens-") as folder, open_shop(Path(folder), SharpShop) as shop:
        take_all(shop, camera)
    for name in camera.too_large():
        print(f"screens: {name}: too large", file=sys.stderr)
    print(f"screens: {len(camera.taken)} pictures in {camera.folder}, {sum(camera.taken.values()) // 1000} KB")
    return 1 if camera.too_large() else 0


def take_all(shop: Shop, camera: Camera) -> None:
    """A morning in the store."""
    before_the_shift(shop, camera)
    on_the_phones(shop, camera)
    at_the_door(shop, camera)
    with_a_pass(shop, camera)
    without_network(shop, camera)
    at_hq(shop, camera)
    by_hand(shop, camera)


def before_the_shift(shop: Shop, camera: Camera) -> None:
    page = shop.page(shop.demo.ready["associates"], PHONE)
    page.get_by_label("PIN").wait_for()
    camera.take(page, "phone-sign-in")
    page = shop.page(shop.demo.ready["hq"], DESK)
    page.get_by_label("Password").wait_for()
    camera.take(page, "hq-sign-in")
    camera.take(shop.phone("ben"), "phone-empty")
    camera.take(shop.kiosk, "kiosk-idle")
    wide = shop.page(shop.demo.ready["kiosk"], LANDSCAPE)
    wide.wait_for_selector("body[data-scene=idle][data-link=up]")
    camera.take(wide, "kiosk-idle-landscape")
    wide.context.close()


def at_the_door(shop: Shop, camera: Camera) -> None:
    """Every scene that a card or a finger can cause."""
    kiosk = shop.kiosk
    wide = shop.page(shop.demo.ready["kiosk"], LANDSCAPE)
    wide.wait_for_selector("body[data-link=up]")
    for card, scene, name in (
        ("wallet:apple", "phone_uid", "phone-wallet"),
        ("member:walter", "by_name", "by-name"),
        ("member:nameless", "welcome", "welcome"),
        ("uid:04DEADBEEF1234", "stranger", "stranger"),
        ("uid:08112233", "phone_uid", "phone-uid"),
        (shop.blocked_card("priya"), "blocked", "blocked"),
    ):
        shop.tap(card)
        shop.see(scene)
        camera.take(kiosk, f"kiosk-{name}")
        if scene == "by_name":
            wide.wait_for_selector("body[data-scene=by_name]")
            camera.take(wide, "kiosk-by-name-landscape")
    shop.tap("member:nameless")
    shop.see("repeat")
    camera.take(kiosk, "kiosk-repeat")
    shop.tap("member:jonas")
    shop.see("by_name", "Willkommen zurück, Herr Kranz!")
    camera.take(kiosk, "kiosk-by-name-german")
    two = "present 04A2B3C4D5E680+04B1C2D3E4F581 0.6"
    ask_reader(Layout(shop.demo.folder).reader_socket, {"script": two})
    shop.see("ambiguous")
    camera.take(kiosk, "kiosk-ambiguous")
    shop.see("idle", within_s=30)
    shop.tap("member:nameless", hold_s=7)
    kiosk.get_by_text("Here your card is only a number.").wait_for()
    camera.take(kiosk, "kiosk-held")
    shop.rest()
    kiosk.locator("#bell-button").click()
    shop.see("guest")
    camera.take(kiosk, "kiosk-guest")
    kiosk.locator("#not-today-button").click()
    shop.see("not_today")
    camera.take(kiosk, "kiosk-not-today")


def on_the_phones(shop: Shop, camera: Camera) -> None:
    """Maria comes to collect something, Ana takes her, Ben sees it."""
    kiosk, ana, ben = shop.kiosk, shop.phone("ana"), shop.phone("ben")
    shop.tap("member:maria")
    shop.see("by_name", "¡Hola, Maria!")
    kiosk.locator("button[data-reason=pickup]").click()
    kiosk.get_by_text("Avisamos de que viene a recoger algo.").wait_for()
    camera.take(kiosk, "kiosk-by-name-spanish")
    waiting(ana, "Maria").get_by_text("Pick-up").wait_for()
    camera.take(ana, "phone-arrival")
    ana.emulate_media(color_scheme="dark")
    camera.take(ana, "phone-arrival-dark")
    ana.emulate_media(color_scheme="light")
    assert waiting(ben, "Maria").count() == 0
    waiting(ana, "Maria").get_by_role("button", name="Take").click()
    ana.get_by_role("heading", name="Bathroom").wait_for()
    camera.take(ana, "phone-card")
    camera.take(card_on_a_tablet(shop), "tablet-card")
    taken(ben, "Maria").wait_for()
    camera.take(ben, "phone-taken")
    ana.get_by_role("button", name="Write down & finish").click()
    ana.locator("label.choice__one", has_text="Yes").click()
    ana.get_by_label("What should the next person know?").fill("Took the silver-grey grout. Comes back for wall tiles.")
    camera.take(ana, "phone-note")
    ana.get_by_role("button", name="Done").click()
    ana.get_by_text("Done. Thank you.").wait_for()
    shop.tap("member:tom")
    waiting(ben, "Tom").get_by_role("button", name="Take").click()
    ben.get_by_role("heading", name="Deck behind the house").wait_for()
    ben.get_by_role("button", name="Back", exact=True).click()
    ben.get_by_role("button", name="Mine").click()
    camera.take(ben, "phone-mine")
    ben.get_by_role("button", name="Settings").click()
    camera.take(ben, "phone-settings")


def with_a_pass(shop: Shop, camera: Camera) -> None:
    """Ben gives Tom a pass, and Tom comes in with it."""
    ben = shop.phone("ben")
    ben.get_by_role("button", name="Mine").click()
    ben.get_by_role("button", name="Open the card").click()
    ben.get_by_role("button", name="Give a pass").click()
    link = read_code(ben.get_by_alt_text("Code with the link to the pass"))
    camera.take(ben, "phone-give-a-pass")
    own = shop.page(link, PHONE)
    own.wait_for_selector("#code:not([hidden])")
    code = read_code(own.locator("#picture"))
    camera.take(own, "phone-pass")
    shop.rest()
    shop.tap(f"qr:{code}")
    shop.see("repeat")


def card_on_a_tablet(shop: Shop) -> Any:
    """The card Ana holds, all of it."""
    page = shop.page(shop.demo.ready["associates"], TABLET)
    sign_in(page, "ana", shop.pin_of("ana"))
    page.get_by_role("button", name="Mine").click()
    page.get_by_role("button", name="Open the card").click()
    page.get_by_role("heading", name="Bathroom").wait_for()
    return page


def without_network(shop: Shop, camera: Camera) -> None:
    ana = shop.phone("ana")
    ana.context.set_offline(True)
    ana.get_by_text("Offline — showing what was known at").wait_for()
    camera.take(ana, "phone-offline")
    ana.context.set_offline(False)
    ana.wait_for_selector("[data-link=live]")


def at_hq(shop: Shop, camera: Camera) -> None:
    parked = {"kind": "parking_ticket", "visit_id": None}
    assert filed(shop, parked) == "refused", "a hub of another version sends something HQ does not know"
    assert filed(shop, COPIED_CARD) == "new", "the one key of the demo's hub makes no cards"
    shop.hq_shows("notes", lambda row: "silver-grey" in row, "the note at HQ")
    shop.hq_shows("visits", lambda row: "Served" in row, "the visit at HQ, served")
    pages = {
        "overview": "",
        "arrivals": "arrivals",
        "visits": "visits",
        "notes": "notes",
        "members": "members",
        "alarms": "alarms",
    }
    maria = shop.member("maria")["member"]
    for name, path in {**pages, "member": f"members/{maria}"}.items():
        shop.console.goto(shop.demo.ready["hq"] + path)
        camera.take(shop.console, f"hq-{name}")


def filed(shop: Shop, fact: dict[str, object]) -> str:
    """What HQ says of a fact that the store's hub sends."""
    now = datetime.now(timezone.utc).isoformat()
    whole = {"v": "1.0", "id": str(uuid_utils.uuid7()), "store": "main-street", "at": now, "body": {"came_at": now} | fact}
    body = json.dumps({"facts": [whole]}).encode()
    token = Layout(shop.demo.folder).secret("hub_hq_token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{shop.demo.ready['hq']}api/v1/facts", body, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return str(json.load(reply)["results"][0]["result"])


def by_hand(shop: Shop, camera: Camera) -> None:
    """The real screen and its server, told what to show."""
    scenes = {"starting": resting("starting", "en"), "unreadable": words_for(Decision("unreadable"), "en")}
    scenes["out-of-order"] = resting("out_of_order", "en")
    with screen() as served:
        page = served_page(shop, served.url)
        for name, words in scenes.items():
            served.board.show(words, None)
            page.locator("#title", has_text=words.title).wait_for()
            camera.take(page, f"kiosk-{name}")


def served_page(shop: Shop, url: str) -> Any:
    page = shop.page(url, PORTRAIT)
    page.wait_for_selector("body[data-link=up]")
    return page


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
