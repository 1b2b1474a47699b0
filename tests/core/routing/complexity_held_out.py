"""Prompts with the level they deserve, written after words and weights were set, which were not changed for them."""

from complexity_examples import Example

HELD_OUT = (
    Example(1, "Hey there!"),
    Example(1, "How tall is the Eiffel Tower?"),
    Example(1, "Which day comes after Wednesday?"),
    Example(1, "Qui a écrit Les Misérables ?"),
    Example(1, "Repeat after me: the sky is blue."),
    Example(2, "Give the opposite of generous."),
    Example(2, "Put a comma where it belongs: After dinner we went home."),
    Example(2, "Translate to French: The invoice is due at the end of the month, please pay in time."),
    Example(2, "Is the tone of this message friendly or angry? 'I told you twice already.'"),
    Example(3, "Write three catchy names for a bakery that sells sourdough."),
    Example(3, "How do I rename a column in a MySQL table?"),
    Example(3, "Give me a JavaScript snippet that shuffles an array."),
    Example(3, "Explain in simple terms what inflation is."),
    Example(3, "Schreib eine kurze Absage an einen Bewerber, freundlich und ohne Gründe."),
    Example(
        4,
        "Turn these meeting notes into minutes with decisions and owners:"
        " Ann ships Friday, Bob checks prices, Cy is ill.",
    ),
    Example(4, "Write a Python class for a bank account with deposit, withdraw and a history, and raise on overdraft."),
    Example(4, "What are the main differences between REST and GraphQL, and when would you choose which?"),
    Example(4, "Give me a four-week running schedule for a beginner with a sore knee."),
    Example(
        5, "Convert this class-based React component into hooks and make sure that the subscription is cleaned up."
    ),
    Example(5, "Write an Ansible playbook that installs nginx with TLS on Debian and renews the certificate."),
    Example(
        5, "Read this balance sheet and tell me what worries you most about the liquidity of the firm, with reasons."
    ),
    Example(
        5, "Escribe un informe sobre las causas del retraso del proyecto y propone medidas con responsables y plazos."
    ),
    Example(
        6, "Our Node process grows by 50 MB an hour. Here is a heap snapshot summary; find the leak and suggest a fix."
    ),
    Example(6, "Model the spread of a rumour in a school with differential equations and discuss the parameters."),
    Example(
        6,
        "Write integration tests for a payment flow with a fake provider, retries, refunds and a webhook"
        " that comes twice.",
    ),
    Example(
        7, "Work out a disaster recovery concept for three data centres with an RPO of one minute, and what it costs."
    ),
    Example(
        7, "Design a permission system with roles, inheritance and row-level rules for our CRM, and show the tables."
    ),
    Example(
        8,
        "Rebuild our search: crawl, index, ranking, typo tolerance, 40 languages, 200 ms at 3,000 rps."
        " Give the design.",
    ),
    Example(
        9, "Prove or refute that our replication protocol keeps causal order under partitions; build a TLA+ model."
    ),
    Example(
        9,
        "Devise an approximation algorithm for bin packing with conflicts, prove its ratio, and compare it"
        " by experiment.",
    ),
)
