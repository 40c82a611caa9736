"""Pure. The made-up catalogue: code | name | category | aisle | bay | stock | price in pounds | what it goes with."""

from __future__ import annotations

from dataclasses import dataclass

_TABLE = """
T101 | Riven slate floor tile, 60 x 30 | tiles | 7 | 1 | 184 | 4.20 | T201 T301 T302 T303 T305
T102 | Chalk white wall tile, 20 x 10 | tiles | 7 | 1 | 640 | 0.68 | T202 T304 T302 T306
T103 | Harbour blue wall tile, 20 x 10 | tiles | 7 | 2 | 310 | 0.92 | T202 T304 T302
T104 | Terracotta quarry tile, 15 x 15 | tiles | 7 | 2 | 225 | 1.35 | T201 T301 T302 T307
T105 | Hexagon mosaic sheet, black | tiles | 7 | 3 | 42 | 11.50 | T202 T304 T303
T106 | Oak-look porcelain plank, 90 x 15 | tiles | 7 | 3 | 96 | 5.75 | T201 T301 T303
T201 | Flexible floor tile adhesive, 20 kg | tiles | 7 | 4 | 38 | 21.90 | T308 T309
T202 | Ready-mixed wall tile adhesive, 10 kg | tiles | 7 | 4 | 27 | 16.40 | T308
T301 | Flexible grout, slate grey, 5 kg | tiles | 7 | 5 | 31 | 12.75 | T310 T311
T302 | Tile spacers, 3 mm, pack of 250 | tiles | 7 | 5 | 58 | 3.10 |
T303 | Levelling clips and wedges, pack of 100 | tiles | 7 | 5 | 19 | 14.20 |
T304 | Wall grout, bright white, 3.5 kg | tiles | 7 | 5 | 24 | 8.95 | T310
T305 | Tile trim, brushed steel, 2.5 m | tiles | 7 | 6 | 33 | 9.60 |
T306 | Tile trim, white, 2.5 m | tiles | 7 | 6 | 40 | 4.25 |
T307 | Sealer for unglazed tiles, 1 l | tiles | 7 | 6 | 15 | 18.30 |
T308 | Notched trowel, 10 mm | tiles | 7 | 7 | 22 | 7.85 |
T309 | Mixing paddle, 120 mm | tiles | 7 | 7 | 11 | 9.40 |
T310 | Grout float, rubber | tiles | 7 | 7 | 18 | 6.95 | T311
T311 | Tiling sponge, large | tiles | 7 | 7 | 64 | 2.40 |
T312 | Tile cutter, 630 mm | tiles | 7 | 8 | 6 | 74.00 | T313
T313 | Cutting wheel for tile cutter | tiles | 7 | 8 | 14 | 8.20 |
T314 | Tanking membrane kit, 5 m2 | tiles | 7 | 8 | 9 | 46.50 | T201
P101 | Matt emulsion, Fresh Linen, 5 l | paint | 3 | 1 | 44 | 28.00 | P301 P302 P303 P304
P102 | Matt emulsion, Rainy Harbour, 2.5 l | paint | 3 | 1 | 36 | 22.00 | P301 P302 P303
P103 | Matt emulsion, Brick Lane Red, 2.5 l | paint | 3 | 1 | 17 | 24.50 | P301 P302 P303
P104 | Durable kitchen and bath paint, white, 2.5 l | paint | 3 | 2 | 29 | 26.75 | P301 P302 P305
P105 | Satin wood paint, Pebble, 750 ml | paint | 3 | 2 | 33 | 17.20 | P306 P307
P106 | Exterior wood stain, Cedar, 2.5 l | paint | 3 | 3 | 21 | 31.40 | P306 P308
P107 | Metal paint, smooth black, 750 ml | paint | 3 | 3 | 16 | 18.60 | P309 P306
P108 | Chalk furniture paint, Duck Egg, 750 ml | paint | 3 | 3 | 12 | 19.95 | P310 P306
P109 | Masonry paint, Sandstone, 10 l | paint | 3 | 4 | 14 | 42.00 | P311 P308
P201 | Undercoat, white, 2.5 l | paint | 3 | 4 | 26 | 21.50 | P306
P202 | Primer for bare wood, 1 l | paint | 3 | 4 | 19 | 14.80 | P306
P203 | Stain block, 400 ml | paint | 3 | 4 | 23 | 9.75 |
P301 | Roller set, 23 cm, medium pile | paint | 3 | 5 | 48 | 8.90 | P304
P302 | Masking tape, 38 mm x 50 m | paint | 3 | 5 | 120 | 3.60 |
P303 | Cutting-in brush, 50 mm | paint | 3 | 5 | 61 | 5.40 |
P304 | Cotton dust sheet, 3.6 x 2.7 m | paint | 3 | 6 | 37 | 11.20 |
P305 | Mould wash, 1 l | paint | 3 | 6 | 18 | 6.85 |
P306 | Flat brush for wood, 38 mm | paint | 3 | 5 | 55 | 4.75 |
P307 | Sandpaper, 180 grit, 10 sheets | paint | 3 | 6 | 80 | 4.10 |
P308 | Block brush, 100 mm | paint | 3 | 5 | 20 | 6.30 |
P309 | Rust remover gel, 500 ml | paint | 3 | 6 | 13 | 8.40 |
P310 | Clear furniture wax, 400 ml | paint | 3 | 6 | 15 | 12.60 |
P311 | Long-pile roller sleeve, 23 cm | paint | 3 | 5 | 28 | 5.20 |
P312 | Filler, fine surface, 600 g | paint | 3 | 6 | 66 | 4.95 | P307
P313 | Decorators' caulk, white | paint | 3 | 6 | 90 | 2.75 |
W101 | Deck board, ribbed larch, 3.6 m | timber | 11 | 1 | 210 | 13.40 | F101 W301 W302 W104
W102 | Deck joist, treated, 47 x 150, 3.6 m | timber | 11 | 1 | 88 | 15.90 | F102 W303 W305
W103 | Fence panel, feather edge, 1.83 m | timber | 11 | 2 | 41 | 34.50 | W106 W107 F103
W104 | Deck skirting board, larch, 2.4 m | timber | 11 | 1 | 30 | 9.80 |
W105 | Planed softwood, 18 x 44, 2.4 m | timber | 11 | 3 | 160 | 3.90 | F104 L301
W106 | Fence post, 75 x 75, 2.4 m | timber | 11 | 2 | 73 | 12.10 | W107 F105
W107 | Postcrete, 20 kg | timber | 11 | 2 | 95 | 7.20 |
W108 | Shed cladding, shiplap, 3.0 m | timber | 11 | 4 | 120 | 8.60 | F103 P106
W109 | Plywood, birch, 18 mm, 1220 x 610 | timber | 11 | 5 | 34 | 29.75 | F104 L302
W110 | MDF board, 12 mm, 1220 x 610 | timber | 11 | 5 | 47 | 12.30 | F104 P202
W111 | Skirting board, torus, 2.4 m | timber | 11 | 6 | 70 | 8.15 | P313 L303
W112 | Pine shelf board, 1200 x 250 | timber | 11 | 6 | 39 | 11.90 | F201 F104
W113 | Scaffold board, reclaimed look, 2.4 m | timber | 11 | 6 | 18 | 24.00 | F201
W301 | Decking oil, natural, 2.5 l | timber | 11 | 7 | 16 | 27.90 | P308
W302 | End-grain sealer, 1 l | timber | 11 | 7 | 12 | 13.50 |
W303 | Joist tape, 75 mm x 20 m | timber | 11 | 7 | 20 | 16.80 |
W304 | Wood preservative, green, 5 l | timber | 11 | 7 | 25 | 19.60 | P308
W305 | Adjustable deck pedestal | timber | 11 | 7 | 140 | 3.85 |
F101 | Deck screws, stainless, 4.5 x 60, box of 250 | fixings | 5 | 1 | 45 | 24.90 | L201
F102 | Joist hanger, 47 mm | fixings | 5 | 1 | 180 | 1.95 | F106
F103 | Galvanised nails, 65 mm, 1 kg | fixings | 5 | 2 | 52 | 6.40 |
F104 | Wood screws, 4.0 x 40, box of 200 | fixings | 5 | 2 | 110 | 7.30 | L201
F105 | Post bracket, bolt-down, 75 mm | fixings | 5 | 3 | 64 | 8.70 | F107
F106 | Twist nails, 30 mm, 500 g | fixings | 5 | 2 | 38 | 4.85 |
F107 | Anchor bolts, M10 x 100, 4 pieces | fixings | 5 | 3 | 47 | 6.95 | L202
F108 | Wall plugs, brown, 100 pieces | fixings | 5 | 4 | 230 | 2.60 | F109
F109 | Screws for wall plugs, 5.0 x 60, 100 pieces | fixings | 5 | 4 | 150 | 5.10 |
F110 | Plasterboard fixings, 20 pieces | fixings | 5 | 4 | 88 | 5.95 |
F111 | Picture hooks, brass, 10 pieces | fixings | 5 | 5 | 75 | 3.20 |
F112 | One wood screw, 4.0 x 40 | fixings | 5 | 2 | 900 | 0.05 |
F201 | Shelf bracket, black steel, 200 mm | fixings | 5 | 5 | 96 | 4.60 | F108 F109
F202 | Butt hinges, 75 mm, pair | fixings | 5 | 6 | 58 | 4.15 | F104
F203 | Gate latch, black | fixings | 5 | 6 | 26 | 9.90 | F104
F204 | Mortice lock, 5 lever | fixings | 5 | 7 | 17 | 32.50 | F205
F205 | Lever handle set, satin nickel | fixings | 5 | 7 | 21 | 23.75 |
F206 | Padlock, weatherproof, 50 mm | fixings | 5 | 7 | 30 | 15.60 |
B101 | Basin mixer tap, chrome | plumbing | 9 | 1 | 14 | 58.00 | B201 B202 B203
B102 | Kitchen mixer tap, brushed | plumbing | 9 | 1 | 11 | 84.00 | B201 B202
B103 | Shower head, 200 mm | plumbing | 9 | 1 | 19 | 29.90 | B204 B202
B104 | Bath panel, white, 1700 mm | plumbing | 9 | 2 | 8 | 44.50 | B205
B105 | Basin, wall-hung, 450 mm | plumbing | 9 | 2 | 7 | 62.00 | B101 B206 B205
B106 | Close-coupled toilet seat, soft close | plumbing | 9 | 2 | 16 | 31.50 |
B107 | Towel radiator, 500 x 1000 | plumbing | 9 | 3 | 6 | 119.00 | B207 B202
B201 | Flexible tap hose, 15 mm, pair | plumbing | 9 | 4 | 52 | 9.40 | B202
B202 | PTFE tape, 12 m | plumbing | 9 | 4 | 140 | 1.20 |
B203 | Basin waste with plug | plumbing | 9 | 4 | 27 | 12.90 |
B204 | Shower hose, 1.5 m | plumbing | 9 | 4 | 31 | 10.80 |
B205 | Sanitary silicone, white | plumbing | 9 | 5 | 84 | 7.60 | B208
B206 | Bottle trap, chrome, 32 mm | plumbing | 9 | 5 | 23 | 15.30 |
B207 | Radiator valve set, thermostatic | plumbing | 9 | 5 | 20 | 26.40 | B202
B208 | Sealant gun | plumbing | 9 | 5 | 35 | 6.20 |
B209 | Copper pipe, 15 mm, 2 m | plumbing | 9 | 6 | 75 | 11.70 | B210 B211
B210 | Push-fit elbow, 15 mm | plumbing | 9 | 6 | 160 | 2.85 |
B211 | Pipe clips, 15 mm, 20 pieces | plumbing | 9 | 6 | 90 | 3.40 |
B212 | Drain unblocker, 1 l | plumbing | 9 | 7 | 44 | 5.75 |
B213 | Plunger | plumbing | 9 | 7 | 25 | 6.10 |
G101 | Peat-free compost, 50 l | garden | 14 | 1 | 130 | 8.40 | G102 G201
G102 | Terracotta pot, 30 cm | garden | 14 | 1 | 62 | 11.90 | G101
G103 | Lawn seed, hard-wearing, 1 kg | garden | 14 | 2 | 40 | 13.60 | G104 G203
G104 | Lawn feed, 2.5 kg | garden | 14 | 2 | 33 | 12.20 |
G105 | Hosepipe, 25 m, with reel | garden | 14 | 3 | 17 | 39.00 | G106
G106 | Hose gun and connectors | garden | 14 | 3 | 36 | 14.50 |
G107 | Water butt, 210 l | garden | 14 | 3 | 9 | 52.00 | G108
G108 | Diverter kit for water butt | garden | 14 | 3 | 13 | 11.40 |
G109 | Raised bed kit, larch, 1.2 m | garden | 14 | 4 | 12 | 64.00 | G101 G110
G110 | Weed membrane, 10 x 1 m | garden | 14 | 4 | 28 | 9.20 | G111
G111 | Membrane pegs, 50 pieces | garden | 14 | 4 | 31 | 6.60 |
G112 | Tomato plant support, 1.5 m | garden | 14 | 5 | 70 | 2.30 | G113
G113 | Garden twine, jute, 100 m | garden | 14 | 5 | 85 | 3.50 |
G114 | Paving slab, buff, 450 x 450 | garden | 14 | 6 | 260 | 5.95 | G115 G116
G115 | Building sand, 25 kg | garden | 14 | 6 | 180 | 3.30 | G116
G116 | Cement, 25 kg | garden | 14 | 6 | 75 | 6.50 |
G201 | Hand trowel, ash handle | garden | 14 | 7 | 29 | 9.80 |
G202 | Bypass secateurs | garden | 14 | 7 | 24 | 17.40 |
G203 | Spring-tine rake | garden | 14 | 7 | 15 | 18.90 |
G204 | Digging spade, stainless | garden | 14 | 7 | 13 | 34.00 |
L101 | Cordless drill, 18 V, two batteries | tools | 2 | 1 | 10 | 129.00 | L201 L202 L203
L102 | Jigsaw, 600 W | tools | 2 | 1 | 8 | 62.00 | L204
L103 | Random orbit sander | tools | 2 | 1 | 12 | 57.50 | L205
L104 | Circular saw, 185 mm | tools | 2 | 2 | 7 | 94.00 | L206
L105 | Laser level, cross line | tools | 2 | 2 | 9 | 68.00 |
L106 | Claw hammer, 16 oz | tools | 2 | 3 | 34 | 14.20 |
L107 | Screwdriver set, 6 pieces | tools | 2 | 3 | 27 | 18.60 |
L108 | Adjustable spanner, 250 mm | tools | 2 | 3 | 22 | 12.80 |
L109 | Tape measure, 8 m | tools | 2 | 3 | 54 | 8.90 |
L110 | Spirit level, 600 mm | tools | 2 | 3 | 26 | 16.50 |
L111 | Battery for cordless drill, 18 V, 4 Ah | tools | 2 | 1 | 0 | 54.00 |
L201 | Screwdriver bits, 32 pieces | tools | 2 | 4 | 49 | 12.40 |
L202 | Masonry drill bits, 5 pieces | tools | 2 | 4 | 41 | 8.60 |
L203 | Wood drill bits, 8 pieces | tools | 2 | 4 | 38 | 10.90 |
L204 | Jigsaw blades, 10 pieces | tools | 2 | 5 | 44 | 9.20 |
L205 | Sanding discs, 125 mm, mixed, 25 pieces | tools | 2 | 5 | 57 | 8.10 |
L206 | Saw blade, 185 mm, 40 teeth | tools | 2 | 5 | 16 | 19.80 |
L301 | Hand saw, 550 mm | tools | 2 | 6 | 31 | 15.40 |
L302 | Wood glue, 500 ml | tools | 2 | 6 | 46 | 6.70 |
L303 | Grab adhesive, 290 ml | tools | 2 | 6 | 72 | 5.20 | B208
L304 | Safety glasses | tools | 2 | 7 | 60 | 5.60 |
L305 | Work gloves, size 9 | tools | 2 | 7 | 95 | 4.80 |
L306 | Dust mask, 5 pieces | tools | 2 | 7 | 70 | 7.90 |
E101 | LED bulb, E27, warm white | electrical | 4 | 1 | 210 | 3.80 |
E102 | Extension lead, 4 way, 5 m | electrical | 4 | 1 | 43 | 16.90 |
E103 | Smoke alarm, 10 year | electrical | 4 | 2 | 37 | 19.40 |
E104 | Bathroom extractor fan, 100 mm | electrical | 4 | 2 | 11 | 38.50 | E105
E105 | Flexible duct, 100 mm, 3 m | electrical | 4 | 2 | 18 | 9.60 |
E106 | Outdoor wall light, black | electrical | 4 | 3 | 14 | 34.00 | E101
H101 | First aid kit, workshop | first aid | 1 | 1 | 20 | 16.50 |
H102 | Grab rail, white, 450 mm | mobility | 1 | 1 | 12 | 18.90 |
H103 | Stair gate, white metal | baby | 1 | 2 | 9 | 39.00 |
H104 | Gift card, 25 pounds | gift | 1 | 3 | 200 | 25.00 |
H105 | Brown paper and ribbon set | gift | 1 | 3 | 46 | 7.50 |
"""


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """One row of the table. price: exact decimal text in pounds."""

    code: str
    name: str
    category: str
    aisle: str
    bay: str
    stock: int
    price: str
    goes_with: tuple[str, ...]


def products() -> list[DemoProduct]:
    """The whole catalogue, in the table's order."""
    return [_product([cell.strip() for cell in row.split("|")]) for row in _TABLE.strip().splitlines()]


def _product(cells: list[str]) -> DemoProduct:
    code, name, category, aisle, bay, stock, price, goes_with = cells
    return DemoProduct(code, name, category, aisle, bay, int(stock), price, tuple(goes_with.split()))
