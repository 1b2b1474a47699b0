"""Generated sentences with a name, with an address, and with neither, the same on every run."""

import random
from collections.abc import Iterator

# fmt: off
GIVEN_NAMES = (
    "Maria", "James", "Priya", "Ahmed", "Yuki", "Olga", "Kwame", "Ingrid", "Carlos", "Fatima", "Thomas", "Mei",
    "Lars", "Aisha", "Giovanni", "Siobhan", "Rajesh", "Chloe", "Mohammed", "Katarzyna", "Diego", "Emily",
    "Sanjay", "Nguyen", "Oluwaseun", "Henrike", "Pierre", "Anastasia", "Hassan", "Grace",
)
# fmt: on
# fmt: off
FAMILY_NAMES = (
    "Schneider", "O'Connor", "Raghunathan", "Haddad", "Tanaka", "Ivanova", "Mensah", "Lindqvist", "Fernández",
    "Rahman", "Whitaker", "Chen", "Johansen", "Okafor", "Moretti", "Byrne", "Patel", "Dubois", "Hussain",
    "Nowak", "Ramírez", "Thompson", "Iyer", "Tran", "Adeyemi", "Vogel", "Lefèvre", "Petrova", "Aziz", "Kim",
)
# fmt: on
NAME_SENTENCES = (
    "Please write to {name} about the missing invoice.",
    "{name} called this morning and asked for a refund.",
    "The contract was signed by {name} on behalf of the tenant.",
    "My name is {name} and I cannot log in.",
    "Patient: {name}, admitted on Monday with chest pain.",
    "Summarise the interview that {name} gave to our recruiters.",
    "Dear {name}, thank you for your application.",
    "According to the minutes, {name} voted against the budget.",
    "from: {name}\nsubject: holiday request",
    "I spoke with {name} from the support team yesterday.",
)
ADDRESSES = (
    "{number} Baker Street, London NW1 6XE",
    "{number} North Maple Avenue, Springfield, IL 62704",
    "{number} Ocean View Drive Apt 3B, Miami, FL 33139",
    "{number} Old Mill Road",
    "{number} W 42nd St, New York, NY 10036",
    "P.O. Box {number}, Austin, TX 78701",
    "Hauptstraße {number}, 10115 Berlin",
    "Lindenallee {number}, 20259 Hamburg",
    "Am Alten Markt {number}, 50667 Köln",
    "{number} rue de la République, 69002 Lyon",
    "{number} avenue Victor Hugo, 75016 Paris",
    "Calle Mayor {number}, 28013 Madrid",
    "Via Garibaldi {number}, 20121 Milano",
    "Keizersgracht {number}, 1016 Amsterdam",
    "{number} Queen Street West, Toronto, ON M5H 2N2",
    "Flat 2, {number} Church Lane, Leeds LS2 7EW",
    "{number} MG Road, Bengaluru 560001",
    "{number} The Crescent, Bristol BS8 4JX",
    "{number} Broadway, New York",
    "{number} Rosewood, Guildford GU1 3UW",
)
ADDRESS_SENTENCES = (
    "Ship the replacement to {address}.",
    "I live at {address} and the meter is in the cellar.",
    "The tenant moved from {address} last spring.",
    "Address: {address}",
    "Can a courier collect the parcel at {address} tomorrow?",
)
PLAIN_SENTENCES = (
    "The quarterly report is due in {number} days, so please send the corrected numbers.",
    "Write a function that sorts {number} integers without allocating memory.",
    "Translate the following paragraph into French and keep the tone friendly.",
    "Our cluster in Frankfurt restarted {number} pods after the upgrade of Kubernetes.",
    "Flights from Paris to Madrid take about {number} minutes.",
    "The Olympics were held in Paris in 2024 with {number} events.",
    "Section {number} of the agreement deals with late payment.",
    "for i in range({number}):\n    total += prices[i] * quantity[i]",
    "SELECT id, status FROM orders WHERE amount > {number} ORDER BY created_at;",
    "2026-11-21 10:{minute}:07 ERROR worker-{number} timed out after 30 s, retrying",
    "Compare the battery life of {number} laptops in a table.",
    "The European Union adopted the directive after {number} amendments.",
    "Which of these {number} restaurants in Lisbon are open on Sundays?",
    'Traceback (most recent call last):\n  File "main.py", line {number}, in <module>',
    "Microsoft and Siemens reported growth of {number} percent.",
    "Explain how the garbage collector of the JVM moves objects between {number} regions.",
    "The recipe needs {number} grams of flour, two eggs and a pinch of salt.",
    "Add {number} unit tests for the parser and update the README.",
    "Wall Street closed {number} points higher on Friday.",
    "Google Drive shows {number} shared folders, and two of them are empty.",
    "docker run -p {number}:8080 --name gateway pointsman:latest",
    "Version {number}.4.1 fixes a memory leak in the connection pool.",
    "The road was closed for {number} days because of the storm.",
    "We compared Redis, PostgreSQL and SQLite under {number} concurrent writers.",
    "Draft a polite reply that declines the {number} percent discount.",
    '{{"model": "gpt-4o", "max_tokens": {number}, "temperature": 0.2}}',
    "The museum on Main Street has {number} paintings from the Renaissance.",
    "He was born in Vienna and moved to Chicago {number} years later.",
    "I would like {number} Court decisions summarised in plain language.",
    "Refactor class OrderService so that PaymentGateway is injected, see ticket {number}.",
)


def make_sentences(count: int) -> Iterator[tuple[str, frozenset[str]]]:
    """`count` sentences of each sort, with the kinds that each holds."""
    chance = random.Random(20261121)
    for _ in range(count):
        name = f"{chance.choice(GIVEN_NAMES)} {chance.choice(FAMILY_NAMES)}"
        yield chance.choice(NAME_SENTENCES).format(name=name), frozenset(("person",))
        address = chance.choice(ADDRESSES).format(number=chance.randint(1, 399))
        yield chance.choice(ADDRESS_SENTENCES).format(address=address), frozenset(("address",))
        number, minute = chance.randint(2, 399), chance.randint(10, 59)
        yield chance.choice(PLAIN_SENTENCES).format(number=number, minute=minute), frozenset()
