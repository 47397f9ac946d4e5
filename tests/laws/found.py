"""Histories that broke a law once, as short as they could be made."""

from __future__ import annotations

from laws.histories import Ask, History, Row, Sold

FOUND: dict[str, tuple[str, History]] = {
    # The lines became three and one units, of two and four: two units too many were cancelled.
    "lines of one SKU that all become fewer": (
        "fabric",
        History(
            Sold((Row("MUG", 2, 1250), Row("MUG", 4, 1250), Row("MUG", 1, 1250))),
            (Ask("write", (((1, 1), (0, 1)),)),),
        ),
    ),
    "lines of one SKU that all become fewer, where a quantity may be raised": (
        "kibo",
        History(
            Sold((Row("MUG", 2, 1250), Row("MUG", 4, 1250), Row("MUG", 1, 1250))),
            (Ask("write", (((1, 1), (0, 1)),)),),
        ),
    ),
    # The line that stays was taken for the one that is removed, and was to have more than it had.
    "a line that is removed, and one of its SKU that becomes fewer": (
        "kibo",
        History(Sold((Row("MUG", 1, 1250), Row("MUG", 3, 1250))), (Ask("write", (((0, 1), (1, 1)),)),)),
    ),
    # The line that stays was taken for the one of which nothing was shipped, and the other one could not go.
    "a line that is removed beside one of its SKU that is shipped in part": (
        "fabric",
        History(
            Sold((Row("MUG", 2, 2000), Row("MUG", 2, 2000))),
            (Ask("ship", (((1, 1),),)), Ask("write", (((0, 2),),))),
        ),
    ),
    "a line that is removed beside one of its SKU that is packed in part": (
        "kibo",
        History(
            Sold((Row("MUG", 2, 2000), Row("MUG", 2, 2000))),
            (Ask("ship", (((1, 1),),)), Ask("write", (((0, 2),),))),
        ),
    ),
    # The line that stays was taken for the one of its size, and the removed one for the one that is shipped.
    "a line that is removed, and another becomes as large as it was, beside units that are shipped": (
        "fabric",
        History(
            Sold((Row("10", 3, 2000), Row("BOWL", 1, 333), Row("10", 2, 2000)), shipping=0),
            (Ask("ship", (((0, 1),),)), Ask("write", (((0, 1), (2, 2)),))),
        ),
    ),
    "a line that is removed, and another becomes as large as it was, beside units that are packed": (
        "kibo",
        History(
            Sold((Row("10", 3, 2000), Row("BOWL", 1, 333), Row("10", 2, 2000)), shipping=0),
            (Ask("ship", (((0, 1),),)), Ask("write", (((0, 1), (2, 2)),))),
        ),
    ),
    # The line that keeps two was taken for the one of two, and the other could not become as few as one.
    "lines that both become fewer, down to what is shipped of them": (
        "fabric",
        History(
            Sold((Row("10", 3, 2000), Row("10", 2, 2000))),
            (Ask("ship", (((0, 2), (1, 1)),)), Ask("write", (((0, 1), (1, 1)),))),
        ),
    ),
    "lines that both become fewer, down to what is packed of them": (
        "kibo",
        History(
            Sold((Row("10", 3, 2000), Row("10", 2, 2000))),
            (Ask("ship", (((0, 2), (1, 1)),)), Ask("write", (((0, 1), (1, 1)),))),
        ),
    ),
    # Kibo knew of one unit that was shipped, and was told that two came back.
    "more units come back than were shipped": (
        "kibo",
        History(
            Sold((Row("MUG", 2, 1250),)),
            (Ask("ship", (((0, 1),),)), Ask("return", (((0, 1),),), broken="too much")),
        ),
    ),
    # The dear line was taken for the cheap one, because it had as many units before as that has now.
    "lines of one SKU at two prices that both become fewer": (
        "fabric",
        History(Sold((Row("MUG", 4, 333), Row("MUG", 2, 1250))), (Ask("write", (((0, 2), (1, 1)),)),)),
    ),
    # A search that finds more than the order: all of it was handed over as the one order.
    "one order, fetched by a search that finds others too": (
        "kibo",
        History(Sold((Row("LID", 2, 1250),)), (Ask("write", (((0, 1),),)), Ask("fetch")), sloppy=True),
    ),
    # The second package got units of a line that the first one had taken, and was refused.
    "packages that name a SKU on three lines": (
        "fabric",
        History(
            Sold((Row("MUG", 1, 333), Row("MUG", 2, 1250), Row("MUG", 3, 1250))),
            (Ask("ship", (((2, 3),), ((0, 1),)), form=3),),
            mode=2,
        ),
    ),
    # Units that were taken off a shipment came back, because the line of a unified order still has them.
    "units that were taken off a shipment come back": (
        "kibo",
        History(
            Sold((Row("BOWL", 3, 1250),)),
            (
                Ask("ship", (((0, 2),),)),
                Ask("complete", (((0, 2),),)),
                Ask("return", (((0, 3),),), broken="too much"),
            ),
            mode=2,
        ),
    ),
}
