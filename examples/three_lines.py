"""Rank clients for one event with no server, and print the reasons."""

from nudge_core import client, listing, who_would_care

book = [
    client(
        "Ana Ruiz", price={"max": 500_000, "hard": True}, min_beds=3, areas=["Zilker"], features={"must": ["garage"]}
    ),
    client("Ben Okafor", price={"max": 350_000, "hard": True}, areas=["Austin"]),
    client("Cleo Park", areas=["Austin"], max_price=600_000, features={"must": ["pool"]}),
    client("Dara Nolan"),
]
home = listing(price=485_000, beds=3, baths=2, city="Austin", subdivision="Zilker", remarks="Attached garage, no HOA.")

for care in who_would_care(home, book):
    print(care)
