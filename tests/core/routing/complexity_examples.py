"""Prompts with the level that a sensible engineer would give them: 1-2 trivial, 3 simple, 4-6 moderate, 7-8 complex,
9-10 very hard. Words and weights were set with these in view; `complexity_held_out.py` has others."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt, the level it deserves, and other fields of the request."""

    level: int
    prompt: str
    fields: dict[str, object] = field(default_factory=dict)


_FUNCTION = """```python
def total(orders):
    result = 0
    for order in orders:
        if order["open"]:
            result = result + order["amount"]
    return result
```"""

_TRACE = """Traceback (most recent call last):
  File "worker.py", line 88, in run
    self.flush()
  File "queue_store.py", line 41, in flush
    self.pending.remove(item)
ValueError: list.remove(x): x not in list"""

_TOOLS = [{"type": "function", "function": {"name": f"tool_{number}", "parameters": {}}} for number in range(8)]


CALIBRATION = (
    Example(1, "Hi"),
    Example(1, "Hello, how are you today?"),
    Example(1, "Thanks!"),
    Example(1, "What is the capital of Australia?"),
    Example(1, "Say hello in Italian."),
    Example(1, "Translate the word 'umbrella' into Spanish."),
    Example(1, "How many days are in a leap year?"),
    Example(1, "Was ist die Hauptstadt von Peru?"),
    Example(1, "Quelle est la capitale du Canada ?"),
    Example(1, "Convert 12 inches to centimetres."),
    Example(2, "Classify this review as positive or negative: 'The room was cold and the staff did not care.'"),
    Example(2, "Summarise in one sentence: The council met on Tuesday and agreed to repair the bridge next spring."),
    Example(2, "Fix the spelling in this sentence: 'Their going to recieve the parcel tomorow.'"),
    Example(2, "Übersetze diesen Satz ins Englische: Der Zug fährt heute leider nicht."),
    Example(2, "Résume en une phrase : la réunion est reportée à jeudi parce que deux membres sont malades."),
    Example(2, "Extract the email address from: write to the office at desk@example.org before noon."),
    Example(2, "Give me three synonyms for 'quick'."),
    Example(2, "Which of these is a fruit: carrot, apple, potato?"),
    Example(3, "Write a short birthday greeting for a colleague who likes gardening."),
    Example(3, "Write a Python function that reverses a string."),
    Example(3, "Explain what a hash map is to a beginner."),
    Example(3, "Write a regex that matches a date such as 2026-11-21."),
    Example(3, "Write a SQL query that counts the orders per customer."),
    Example(3, "Draft a polite email that moves our meeting from Monday to Wednesday."),
    Example(3, "Explica qué hace una llave foránea en una base de datos."),
    Example(3, "Schreibe eine Funktion in Python, die prüft, ob eine Zahl gerade ist."),
    Example(3, f"What does this function return for an empty list?\n{_FUNCTION}"),
    Example(3, "Explain the difference between TCP and UDP in a few sentences."),
    Example(4, f"Write unit tests for this function:\n{_FUNCTION}"),
    Example(4, "Explain how garbage collection works in Java and why it pauses a program."),
    Example(
        4, "Write a script that reads a CSV of sales, groups it by month and prints the totals; handle empty lines."
    ),
    Example(4, "Compare SQLite and PostgreSQL for a small internal tool and recommend one."),
    Example(4, "Write a blog article of 400 words about working from home with small children."),
    Example(4, "Plan a three-day trip to Rome for a family on a small budget."),
    Example(4, f"Why does this fail?\n{_TRACE}"),
    Example(4, f"Refactor this so that it is easier to read:\n{_FUNCTION}"),
    Example(5, "Implement an LRU cache in Go with get and put in constant time, and write tests for it."),
    Example(5, f"Debug this worker. It crashes once a day with the trace below.\n{_TRACE}"),
    Example(5, "Analyse the pros and cons of moving our blog from WordPress to a static site generator, with a plan."),
    Example(5, "Implement a REST API for a todo list in FastAPI with a SQLite schema, validation and tests."),
    Example(5, "Vergleiche drei Verfahren zur Sortierung großer Dateien und erkläre, warum eines davon optimal ist."),
    Example(
        5,
        "Build a component for a settings page:\n1. It shows the profile.\n2. It validates the email.\n"
        "3. It saves on blur.\n4. It shows errors without moving the layout.",
    ),
    Example(
        6, "Optimise this query plan: the join of orders and events takes 40 s; explain the bottleneck and the index."
    ),
    Example(
        6,
        "Write a parser for arithmetic expressions with precedence and parentheses. It must report the column of the"
        " first error, handle unary minus, and never recurse deeper than 100. Include tests.",
    ),
    Example(6, "Derive the gradient of the cross-entropy loss with softmax and explain each step rigorously."),
    Example(
        6,
        "Review this contract clause for liability risks under GDPR, compare it with common practice, and propose a"
        " wording that must survive an audit.",
    ),
    Example(
        6, "Refactorise ce module pour séparer l'accès aux données de la logique, sans changer l'API, avec des tests."
    ),
    Example(
        6, "Find the deadlock in our thread pool: two workers wait for each other under load. Explain the fix.", {}
    ),
    Example(6, "Look into the failing nightly job and fix it.", {"tools": _TOOLS, "reasoning_effort": "high"}),
    Example(
        7,
        "Design a rate limiter for an API that runs on several machines. Compare token bucket and sliding window,"
        " handle failover, and explain the trade-offs.",
    ),
    Example(
        7,
        "Do a security review of our login: sessions in cookies, password reset by mail, OAuth with two providers."
        " List the threats, how an attacker would exploit each, and a fix with tests.",
    ),
    Example(
        7,
        "Plan the migration of our monolith's database from MySQL to PostgreSQL with zero-downtime, including the"
        " backfill, the cutover and the rollback.",
    ),
    Example(7, "Prove that the square root of a prime is irrational."),
    Example(
        7,
        "Entwirf die Architektur eines Dienstes, der Millionen von Sensordaten pro Minute annimmt und auswertet;"
        " vergleiche zwei Datenbanken.",
    ),
    Example(
        8,
        "Design the architecture of a multi-tenant billing system. Requirements:\n- exact money\n- audit trail\n"
        "- usage events out of order\n- invoices in 30 currencies\n- GDPR\nCompare two storage models, explain the"
        " trade-offs and give a schema.",
    ),
    Example(
        8,
        "Conçois une architecture distribuée pour un service de paiement : réplication, sécurité, migration sans"
        " interruption, et compare deux protocoles de consensus.",
    ),
    Example(
        8,
        "Our service loses messages under load. Here are worker.py, queue_store.py, main.go and deploy.yaml.\n"
        f"{_TRACE}\n```python\nqueue.put(item)\n```\n```go\nfunc main() {{}}\n```\nFind the race, prove by a test that"
        " it is one, refactor the flush and ensure exactly-once delivery.",
    ),
    Example(
        8, "Prove that the halting problem is undecidable, formally, and discuss which step fails for finite memory."
    ),
    Example(
        8,
        "Write a research proposal on state-of-the-art methods for detecting drift in language models: survey the"
        " literature, state hypotheses, a methodology, risks, milestones and a budget, and compare alternatives.",
    ),
    Example(
        9,
        "Design a distributed key-value store with linearizable reads and multi-region replication. Specify the"
        " consensus protocol, prove that it never loses an acknowledged write, and give the API and a test plan.",
    ),
    Example(
        9,
        "Migrate our COBOL settlement batch to Java microservices.\n1. Analyse the modules.\n2. Design the target"
        " architecture.\n3. Plan the cutover with zero-downtime.\n4. Prove the equivalence of both by tests.\n5. Do a"
        " security review.\n6. Estimate the throughput at 5 million payments a day.\nIt must never book twice.",
    ),
    Example(
        10,
        "Design and formally verify a lock-free, wait-free queue: give the algorithm, prove linearizability"
        " and progress, derive the complexity, handle the ABA problem, compare it with three published designs,"
        " implement it in Rust with tests, and optimise it for throughput on 128 cores."
        " Every invariant must be stated.",
    ),
    Example(
        10,
        "Diseña la arquitectura de un sistema distribuido de pagos para millones de usuarios: demuestra que nunca se"
        " cobra dos veces, analiza la seguridad, compara tres protocolos, optimiza la latencia y planifica la migración"
        " sin interrupciones. Debe garantizar consistencia, con pruebas y un programa de ejemplo.",
    ),
)
