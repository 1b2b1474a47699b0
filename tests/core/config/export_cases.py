"""What hands wrote, what was stored, and the files as they have to look then."""

from dataclasses import dataclass

from pointsman.core.config.nodes import Plain


@dataclass(frozen=True, slots=True)
class Case:
    """One export of one file, for production."""

    before: str
    stored: dict[str, Plain]
    after: str


CASES: dict[str, Case] = {
    "a value keeps its comment": Case(
        "a: {}\ncache:\n  mode: off   # for now\n",
        {"cache": {"mode": "exact"}},
        "a: {}\ncache:\n  mode: exact   # for now\n",
    ),
    "a text keeps its quotes": Case(
        "cache: {mode: 'off', name: \"x\"}\n",
        {"cache": {"mode": "exact", "name": 'y "z"'}},
        'cache: {mode: \'exact\', name: "y \\"z\\""}\n',
    ),
    "a text gets quotes where it needs them": Case(
        "cache: {mode: off}\n",
        {"cache": {"mode": "no", "b": "1.10", "c": "a: b"}},
        'cache: {mode: "no", b: "1.10", c: "a: b"}\n',
    ),
    "a block of text stays one": Case(
        "cache:\n  text: |\n    old\n    text\n\n  # next\n  mode: off\n",
        {"cache": {"text": "new\n\ntext"}},
        "cache:\n  text: |-\n    new\n\n    text\n\n  # next\n  mode: off\n",
    ),
    "a new key goes to the end of its mapping": Case(
        "agents:\n  a:\n    model: x  # best\n    # done\n\n  # the second\n  b: {model: y}\n",
        {"agents": {"a": {"tags": ["t"]}, "b": {"tags": []}}},
        "agents:\n  a:\n    model: x  # best\n    # done\n    tags: [t]\n\n  # the second\n  b: {model: y, tags: []}\n",
    ),
    "a new entry looks like its neighbours": Case(
        "agents:\n  a:\n    model: x\n\n  b:\n    model: y\n\n# that was all\n",
        {"agents": {"c": {"model": "z"}}},
        "agents:\n  a:\n    model: x\n\n  b:\n    model: y\n\n  c:\n    model: z\n\n# that was all\n",
    ),
    "a new section goes behind the last": Case(
        "version: 1\nproviders: {}\n",
        {"cache": {"mode": "exact", "x": {"a": {"b": 1}}}},
        "version: 1\nproviders: {}\ncache:\n  mode: exact\n  x:\n    a: {b: 1}\n",
    ),
    "an empty mapping opens": Case(
        "agents: {}  # none yet\nversion: 1\n",
        {"agents": {"a": {"parameters": {"stop": ["x"]}, "rules": [{"when": "y"}]}}},
        'agents:  # none yet\n  a:\n    parameters: {stop: [x]}\n    rules:\n      - {when: "y"}\nversion: 1\n',
    ),
    "a mapping that loses all closes": Case(
        "agents:  # those\n  # a's\n  a: {model: x}\n  b:\n    model: y\n# the end\n",
        {"agents": {"a": None, "b": None}},
        "agents: {}  # those\n# the end\n",
    ),
    "a key goes with its lines and its comments": Case(
        "# head\nversion: 1\n\n# agents\nagents:\n  # a\n  # is old\n"
        "  a:\n    model: x  # why\n    # inside\n\n  # b\n  b: {model: y}\n",
        {"version": None, "agents": {"a": None}},
        "# head\n\n# agents\nagents:\n\n  # b\n  b: {model: y}\n",
    ),
    "keys go from between brackets": Case(
        "cache: {a: 1, b: 2, c: 3}\nrouting: {a: 1, b: 2}\npolicy: { a: 1 , b: 2 }\n",
        {"cache": {"a": None, "c": None}, "routing": {"a": None, "b": None}, "policy": {"b": None}},
        "cache: {b: 2}\nrouting: {}\npolicy: { a: 1 }\n",
    ),
    "keys between brackets have lines of their own": Case(
        "cache: {\n  a: 1,  # one\n  b: 2,  # two\n  c: 3   # three\n}\n",
        {"cache": {"b": None, "c": 4, "d": 5}},
        "cache: {\n  a: 1,  # one\n  c: 4,\n  d: 5   # three\n}\n",
    ),
    "a list in block style keeps the items that stay": Case(
        "budgets:\n# all\n- limit: '5'   # five\n  scope: total\n# cloud\n- {scope: cloud}\n- {scope: x}\n",
        {"budgets": [{"limit": "6", "scope": "total"}, {"scope": "x"}, {"scope": "new", "limit": "1"}]},
        "budgets:\n# all\n- limit: '6'   # five\n  scope: total\n- {scope: x}\n- {scope: new, limit: \"1\"}\n",
    ),
    "a list in block style gets items where they belong": Case(
        "routing:\n  rules:\n    # first\n    - when: a\n    # last\n    - when: c\n",
        {"routing": {"rules": [{"when": "a"}, {"when": "b"}, {"when": "c"}]}},
        "routing:\n  rules:\n    # first\n    - when: a\n    - {when: b}\n    # last\n    - when: c\n",
    ),
    "a list loses all": Case("budgets:\n  - a\n  - b\n", {"budgets": []}, "budgets: []\n"),
    "a list between brackets is written anew": Case(
        "cache: {a: [1,2,  3]}\n", {"cache": {"a": [1, 2, 3, 4]}}, "cache: {a: [1, 2, 3, 4]}\n"
    ),
    "the first key of an item goes": Case(
        "budgets:\n  - scope: total\n    limit: 5\n", {"budgets": [{"limit": 5}]}, "budgets:\n  - limit: 5\n"
    ),
    "an override of the environment is changed there": Case(
        "agents: {a: {model: x}}\nenvironments:\n  production:\n    agents: {a: {model: y}}  # faster\n",
        {"agents": {"a": {"model": "z", "tags": ["t"]}}},
        "agents: {a: {model: x, tags: [t]}}\nenvironments:\n  production:\n    agents: {a: {model: z}}  # faster\n",
    ),
    "what is taken away goes from the environment too": Case(
        "agents: {a: {model: x, tags: [t]}}\nenvironments:\n  production:\n"
        "    agents: {a: {tags: [u]}}\n  development: {agents: {a: {tags: []}}}\n",
        {"agents": {"a": {"tags": None}}},
        "agents: {a: {model: x}}\nenvironments:\n  production:\n"
        "    agents: {a: {}}\n  development: {agents: {a: {tags: []}}}\n",
    ),
    "an entry that goes leaves no environment behind": Case(
        "agents: {a: {model: x}, b: {}}\nenvironments:\n  development: {agents: {a: {model: z}}}\n",
        {"agents": {"a": None}},
        "agents: {b: {}}\nenvironments:\n  development: {agents: {}}\n",
    ),
    "what only the environment says is completed there": Case(
        "agents: {a: {model: x}}\nenvironments:\n  production: {cache: {mode: exact}}\n",
        {"cache": {"ttl": "2h"}},
        "agents: {a: {model: x}}\nenvironments:\n  production: {cache: {mode: exact, ttl: 2h}}\n",
    ),
    "a price is one thing": Case(
        "models:\n  m:\n    price_per_1m_tokens:\n      input: '1'  # dollars\n"
        "      output: '2'\n      cached_input: '0.5'\n",
        {"models": {"m": {"price_per_1m_tokens": {"input": "3", "output": "2"}}}},
        "models:\n  m:\n    price_per_1m_tokens:\n      input: '3'  # dollars\n      output: '2'\n",
    ),
    "line breaks and the byte order mark stay": Case(
        "\ufeff# head\r\ncache:\r\n  mode: off\r\n",
        {"cache": {"mode": "exact", "ttl": "1h"}, "policy": {"strict": True}},
        "\ufeff# head\r\ncache:\r\n  mode: exact\r\n  ttl: 1h\r\npolicy:\r\n  strict: true\r\n",
    ),
    "a last line without an end stays so": Case(
        "cache: {mode: off}", {"policy": {"strict": True}}, "cache: {mode: off}\npolicy: {strict: true}"
    ),
    "a value that the file has already is left alone": Case(
        "cache: {mode:   'off', x: 1.50}\n", {"cache": {"mode": "off", "x": 1.5}}, "cache: {mode:   'off', x: 1.50}\n"
    ),
    "what looks like a variable is none": Case(
        "cache: {mode: '${POINTSMAN_MODE}'}\n",
        {"cache": {"ttl": "${HOME}"}},
        "cache: {mode: '${POINTSMAN_MODE}', ttl: \"$${HOME}\"}\n",
    ),
}
