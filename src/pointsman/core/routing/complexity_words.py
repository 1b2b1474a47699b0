"""The words by which a request's difficulty is estimated: each theme counts once, however often its words stand there.

English first, and the plainest German, French and Spanish ones. Points are tenths of a level.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """A kind of work.

    Attributes:
        name: as explanations write it after "asks for".
        points: tenths of a level.
        words: small letters; any of them will do.
    """

    name: str
    points: int
    words: str


THEMES = (
    Theme(
        "a proof",
        55,
        "prove proof theorem lemma counterexample undecidable np-hard np-complete"
        " beweise beweis démontre démontrer prouve prouver demuestra demostrar",
    ),
    Theme(
        "design",
        20,
        "design designing redesign architect architecture architectural blueprint"
        " entwirf entwerfe entwerfen architektur conçois concevez concevoir diseña diseñar arquitectura",
    ),
    Theme(
        "distributed or concurrent work",
        19,
        "distributed concurrency concurrent consensus raft paxos race deadlock deadlocks sharding sharded replication"
        " multi-region lock-free linearizable linearizability idempotent exactly-once eventual crdt quorum partitions"
        " thread-safe microservices event-driven event-sourced verteilt verteiltes verteilten distribué distribuée"
        " distribuido distribuida concurrencia"
        " protocol protocols sync offline-first conflict-free queue",
    ),
    Theme(
        "scale",
        9,
        "scale scalable scaling million millions billion billions petabytes terabytes multi-tenant throughput rps qps"
        " millionen skalierbar skalierbare évolutif escalable millones",
    ),
    Theme(
        "running without interruption",
        10,
        "zero-downtime failover backfill cutover rollback high-availability fault-tolerant disaster outage outages"
        " incident incidents uptime ausfall ausfallsicher panne interrupción interrupciones"
        " downtime",
    ),
    Theme(
        "migration",
        18,
        "migrate migrating migration migrations legacy cobol migriere migrieren migrer migra migrar migración",
    ),
    Theme(
        "refactoring",
        13,
        "refactor refactoring restructure modularise modularize decouple untangle"
        " refaktorisiere refaktorieren refactorise refactoriser refactoriza refactorizar",
    ),
    Theme(
        "optimisation",
        14,
        "optimise optimize optimising optimizing optimisation optimization bottleneck bottlenecks profiling"
        " latency vectorise vectorize optimiere optimieren optimiser optimiza optimizar"
        " p99 p95 slow slower faster"
        " speed",
    ),
    Theme(
        "a comparison",
        15,
        "compare comparing comparison trade-off trade-offs tradeoff tradeoffs evaluate pros versus weigh alternatives"
        " vergleiche vergleichen comparez comparer compara comparar",
    ),
    Theme(
        "security",
        23,
        "security vulnerability vulnerabilities threat threats exploit exploits pentest attack attacks attacker csrf"
        " xss cryptography cryptographic encryption hardening sicherheit sicherheitslücken sécurité vulnérabilités"
        " seguridad vulnerabilidades"
        " reentrancy mitigations",
    ),
    Theme(
        "an algorithm",
        10,
        "algorithm algorithms complexity asymptotic heuristic recursion interpreter scheduler precedence"
        " algorithmus algorithme algoritmo"
        " grammar inference closure automaton tokenizer backtracking",
    ),
    Theme(
        "mathematics",
        18,
        "derive derivation integral integrate eigenvalue eigenvalues differential gradient bayesian posterior variance"
        " stochastic convex topology converges convergence leite herleitung dérive dérivée deriva derivada"
        " matrix polynomial probability eigenvector abelian manifold isomorphic equation equations calculus"
        " significance statistical statistics sample",
    ),
    Theme(
        "building software",
        12,
        "implement implementing implementation build develop rest api apis app service system framework"
        " library cli backend frontend dockerfile kubernetes terraform component cache pipeline"
        " dienst dienstes implementiere implementieren baue entwickle implémente développe construis implementa"
        " desarrolla construye"
        " hook widget operator plugin server client website bot extension compiler"
        " workflow caching create",
    ),
    Theme(
        "a piece of code",
        8,
        "function class script program endpoint module query sql regex code coding schema crud method parser"
        " funktion programmiere skript klasse fonction classe función programa clase",
    ),
    Theme("data files", 5, "csv json xml excel spreadsheet parquet tabelle tableur hoja"),
    Theme(
        "operations",
        8,
        "docker container containers ci cron deploy deployment kernel network dns tls git release releases production"
        " logs monitoring postgres mysql redis kafka nginx linux",
    ),
    Theme(
        "debugging",
        12,
        "debug debugging bug bugs crash crashes crashing stacktrace traceback flaky leak leaks leaking segfault hangs"
        " regression root-cause fails failing intermittently fehler absturz déboguer plante bogue depura depurar falla"
        " error errors exception broken outdated wrong",
    ),
    Theme(
        "a review",
        10,
        "review reviewing critique inspect assess assessment überprüfe begutachte relis révise revisa evalúa",
    ),
    Theme("tests", 6, "test tests testing coverage fuzz testen teste prueba pruebas"),
    Theme(
        "an explanation",
        5,
        "explain analyse analyze analysis why diagnose interpret reasoning"
        " erkläre erklären warum analysiere explique expliquez pourquoi explica analiza",
    ),
    Theme(
        "a plan",
        15,
        "plan roadmap strategy strategic proposal milestones budget timeline risks stakeholders rollout"
        " plane strategie fahrplan stratégie planifie estrategia planifica"
        " propose prioritise prioritize rank prepare stages"
        " concept konzept concepto evaluation",
    ),
    Theme(
        "research",
        20,
        "research literature survey hypothesis hypotheses novel state-of-the-art methodology open-ended peer-reviewed"
        " forschung recherche investigación literatur",
    ),
    Theme(
        "law or finance",
        10,
        "contract contracts clause clauses compliance gdpr liability regulation valuation forecast forecasting"
        " portfolio derivatives audit vertrag vertragsklausel contrat contrato"
        " trading bonds pricing backtest regulator tax loan",
    ),
    Theme(
        "a short text",
        6,
        "email mail greeting message note poem haiku caption tagline invitation slogan e-mail gedicht courriel poème"
        " correo poema"
        " limerick letter",
    ),
    Theme(
        "a longer text",
        15,
        "essay article story chapter speech novella screenplay documentation tutorial specification"
        " aufsatz geschichte dissertation histoire ensayo historia",
    ),
    Theme(
        "rigour",
        10,
        "step-by-step rigorous rigorously formally formal verify verification invariants invariant edge-cases thorough"
        " thoroughly comprehensive exhaustive production-ready production-grade end-to-end from-scratch"
        " gründlich vollständige rigoureux complète exhaustivo completa",
    ),
)

PHRASES = {
    "show that ": "a proof",
    "zeige, dass ": "a proof",
    "montre que ": "a proof",
    "data model": "design",
    "system design": "design",
    "race condition": "distributed or concurrent work",
    "step by step": "rigour",
    "from scratch": "rigour",
    "edge cases": "rigour",
    "find out": "debugging",
    "root cause": "debugging",
    "trade off": "a comparison",
    "how to split": "refactoring",
}
"""Several words that stand for a theme, which is named."""

DEMANDS = (
    "must shall ensure ensuring guarantee guarantees without exactly least never always support supports handle handles"
    " requirements requirement constraint constraints respecting within muss müssen sicherstellen ohne mindestens"
    " doit doivent garantir sans debe deben garantizar sin"
)
"""Words by which a text sets conditions; each different one counts."""

SEQUENCE = (
    "first second third then next finally afterwards zuerst dann danach schließlich puis ensuite enfin"
    " luego después finalmente"
)
"""Words by which a text tells one step from another; each different one counts."""

CHORES = (
    "translate define spell classify categorise categorize label tag capitalise capitalize rephrase paraphrase extract"
    " shorten convert summarise summarize tldr proofread greet name synonym synonyms count sort"
    " übersetze definiere klassifiziere korrigiere nenne traduis traduisez définis résume résumez classe corrige"
    " traduce traducir define resume clasifica extrae"
)
"""Words that, among the first few of a request, promise a small chore."""

GREETINGS = "hello hi hey thanks thank hallo danke bonjour merci salut hola gracias"
"""Words that do the same, and promise still less."""

SHORT_QUESTIONS = (
    "what is",
    "what s",
    "what are",
    "what does",
    "who",
    "when",
    "where",
    "how many",
    "how much",
    "how old",
    "is it",
    "is this",
    "does this",
    "which of",
    "in which",
    "was ist",
    "wie viele",
    "wo liegt",
    "est-ce que",
    "c est",
    "quelle est",
    "quel est",
    "combien de",
    "qui",
    "wer",
    "wann",
    "qué es",
    "¿qué es",
    "cuál es",
    "¿cuál es",
    "¿quién",
    "¿cuántos",
)
"""How a question begins that asks for one fact."""
