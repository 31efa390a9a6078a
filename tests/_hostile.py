"""A small shop whose every text tries something: scripts, handlers, links, formulas, reversed and endless words."""

import pandas as pd

from recsys.jobs.paths import AppPaths
from recsys.training.fit import train

MARKER = "__shelfwise_was_hacked"

ATTACKS = (
    f"<script>window.{MARKER} = 1</script>",
    f'<img src=x onerror="window.{MARKER} = 1">',
    f'<svg onload="window.{MARKER} = 1"></svg>',
    f"[click here](javascript:window.{MARKER}=1)",
    f'"><iframe srcdoc="<script>parent.{MARKER} = 1</script>"></iframe>',
    '=HYPERLINK("https://evil.example","click")',
    "\u202egnp.exe\u202c \u200bturned around",
    "W" * 400,
    "<style>* { display: none !important }</style>",
    "</ol></div><h1>Your session has ended</h1>",
    f"![picture](javascript:window.{MARKER}=1) [link](https://evil.example/?q=1)",
    "\u202eمرحبا\u202c \u2067שלום tent\u2069 \u2066dry\u2069 \u2068reversed",
    "wa\u200dter\u200bpro\u00adof zero\u2060width\ufeff",
    "👨‍👩‍👧‍👦 🇩🇪 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏻👍🏽👍🏿 1️⃣",
    "الخيمة جافة في المطر، وهي خفيفة جدا!",
    "Paid with 4111 1111 1111 1111",
    "IBAN DE89 3704 0044 0532 0130 00",
    f"data:text/html,<script>window.{MARKER}=1</script>",
    "&lt;script&gt;" + "&amp;" * 20 + "&#60;img src=x&#62;",
    "{{7*7}} ${7*7} {% raw %}",
    "$\\href{javascript:alert(1)}{x}$ $$\\frac{1}{0}$$",
    ":material/home: :red[x] :rainbow-background[y]",
)


def build(home: AppPaths, n_items: int = 30, n_users: int = 12) -> None:
    """Write the shop and train on it."""
    items = pd.DataFrame(
        {
            "item_id": [f"{ATTACKS[n % len(ATTACKS)][:60]}-{n}" for n in range(n_items)],
            "title": [f"Tent {n} {ATTACKS[n % len(ATTACKS)]}" for n in range(n_items)],
            "description": [f"A light tent. {ATTACKS[(n + 3) % len(ATTACKS)]}" for n in range(n_items)],
            "category": [f"Tents {ATTACKS[n % 3]}" for n in range(n_items)],
            "brand": [ATTACKS[(n + 5) % len(ATTACKS)] for n in range(n_items)],
            "price": [10.0 + n for n in range(n_items)],
            "image_url": [f"javascript:window.{MARKER}=1" for _ in range(n_items)],
        }
    )
    reviews = pd.DataFrame(
        [
            {
                "user_id": f"{ATTACKS[user % len(ATTACKS)][:60]}-{user}",
                "item_id": items["item_id"][(user * 5 + step) % n_items],
                "rating": 5.0 - (step % 2),
                "timestamp": pd.Timestamp("2026-01-01T10:00Z") + pd.Timedelta(days=user * 7 + step, hours=step),
                "text": f"Dry in the rain. {ATTACKS[(user + step) % len(ATTACKS)]} Write to ann@example.org!",
            }
            for user in range(n_users)
            for step in range(6)
        ]
    )
    home.data.mkdir(parents=True)
    items.to_parquet(home.data / "items.parquet")
    reviews.to_parquet(home.data / "reviews.parquet")
    train(home.data, home.model)
