"""More prompts that words and weights were set with, worded with less help than those of `complexity_examples.py`."""

from complexity_examples import Example

MORE_EXAMPLES = (
    Example(1, "Good morning"),
    Example(1, "Who painted the Mona Lisa?"),
    Example(1, "What's 17 times 6?"),
    Example(1, "¿Cuál es la moneda de Japón?"),
    Example(2, "Is this sentence grammatical: 'He don't know nothing'?"),
    Example(2, "Turn this into a question: You will be at the station by six."),
    Example(2, "Pick a name for a black cat and say why in five words."),
    Example(2, "Traduis en anglais : nous avons reçu votre commande et l'expédierons demain."),
    Example(3, "Suggest five dinner ideas with lentils."),
    Example(
        3, "Rewrite this paragraph in a friendlier tone: Your application has been received and will be processed."
    ),
    Example(3, "How do I undo the last commit in git without losing my changes?"),
    Example(3, "Write a bash one-liner that finds all files larger than 10 MB."),
    Example(3, "Was macht der Befehl 'grep -rn' und wann nutze ich ihn?"),
    Example(4, "Help me prepare for a job interview as a nurse: likely questions and good answers."),
    Example(
        4, "Summarise the causes of the First World War for a school class, in about 300 words, with the main dates."
    ),
    Example(4, "My Docker container exits at once with code 137. What can be the reasons and how do I find out?"),
    Example(4, "Turn the CSV below into an HTML table and add a column with the sum.\nname,a,b\nx,1,2\ny,3,4"),
    Example(5, "Write a React hook that debounces a value, with types, and explain how it behaves when unmounted."),
    Example(5, "Erkläre, wie ein B-Baum beim Einfügen wächst, und schreibe dazu Code in Rust mit Tests."),
    Example(
        5, "Our tests pass locally but fail in CI about every tenth run. Where would you look, and in which order?"
    ),
    Example(6, "Write a Kubernetes operator skeleton in Go that restarts pods whose memory grows without bound."),
    Example(
        6, "Analyse this survey of 2,000 customers: which segments will leave, what drives it, and what should we test?"
    ),
    Example(
        6, "Replace our cron jobs by a queue: sketch the components, the failure modes and a rollout in three stages."
    ),
    Example(
        7, "Find out why p99 latency doubled after the release: here are profiles, a diff of 14 files and GC logs."
    ),
    Example(7, "Set up a threat model for a mobile banking app and rank the mitigations by cost and effect."),
    Example(
        7, "Propose how to split our 400-table schema among six teams so that releases no longer block each other."
    ),
    Example(
        8,
        "Design the data model and sync protocol of an offline-first note app with conflict-free merging on"
        " three platforms.",
    ),
    Example(8, "Show that every finite group of order p squared is abelian, then classify the groups of order 8."),
    Example(
        9,
        "Write a compiler for a small typed functional language to WebAssembly: grammar, type inference with let"
        " polymorphism, closure conversion, garbage collection and a test suite.",
    ),
    Example(
        9,
        "Develop a trading strategy for illiquid bonds: derive the pricing model, estimate it from sparse data,"
        " backtest it without look-ahead, compare it with two baselines and discuss the risks for the regulator.",
    ),
    Example(1, "ok, thanks a lot"),
    Example(1, "What time is it in Tokyo when it is noon in London?"),
    Example(1, "Is 91 a prime number?"),
    Example(1, "Wie heißt der höchste Berg Österreichs?"),
    Example(2, "Put these words in alphabetical order: pear, apple, fig, date."),
    Example(2, "Make this shorter: We would like to inform you that the shop will be closed on Monday."),
    Example(2, "Label the sentiment of this tweet: cannot believe they cancelled the show again"),
    Example(2, "Give me the plural of 'ox' and 'goose'."),
    Example(3, "What should I pack for a weekend of hiking in October?"),
    Example(3, "Write a limerick about a lazy postman."),
    Example(3, "Show me how to read a file line by line in Ruby."),
    Example(3, "Explain photosynthesis to a ten-year-old."),
    Example(3, "Comment centrer un élément avec CSS ?"),
    Example(
        4, "Write a cover letter for a junior accountant who changes from retail; keep it honest and under one page."
    ),
    Example(
        4, "I have a pandas frame with columns day, shop and revenue. Compute the weekly revenue per shop and plot it."
    ),
    Example(4, "Why is my useEffect called twice in development, and should I worry about it?"),
    Example(4, "Explain how interest rates influence house prices, with one worked example."),
    Example(
        5, "Create a GitHub workflow that lints, tests on three Python versions, builds a wheel and uploads it on tags."
    ),
    Example(
        5, "Write a Go program that mirrors a directory to S3, skips unchanged files and can resume after a crash."
    ),
    Example(5, "Schreibe ein Konzept für die Einarbeitung neuer Kollegen in einem Support-Team mit Schichtbetrieb."),
    Example(
        6, "Our Postgres deadlocks twice a day under load; here are two transactions. Explain the cycle and fix it."
    ),
    Example(
        6, "Calculate the sample size for an A/B test with a 2 % base rate and justify the power and the correction."
    ),
    Example(6, "Rewrite this recursive descent parser without recursion and keep its error messages and its speed."),
    Example(
        7, "Design a caching layer for a news site: invalidation, stampedes, personalised pages, and a cost estimate."
    ),
    Example(
        7, "Audit this smart contract for reentrancy and price manipulation, and write exploits that show each finding."
    ),
    Example(
        7,
        "Develop an evaluation for our retrieval system: metrics, a labelled set, significance, drift, and a rollout.",
    ),
    Example(
        8, "Migrate 200 services from REST to gRPC without downtime: strategy, tooling, compatibility and team order."
    ),
    Example(8, "Prove that Dijkstra's algorithm is correct, and derive its complexity with a Fibonacci heap."),
    Example(
        9,
        "Design an operating system scheduler for mixed real-time and batch work on heterogeneous cores; prove the"
        " deadline guarantees and compare it with two known policies by simulation.",
    ),
    Example(
        10,
        "Invent and analyse a new consensus protocol for satellites with hour-long partitions: state the model, prove"
        " safety and liveness, derive the message complexity, implement it, and evaluate it against Raft.",
    ),
)
