"""How programming languages write comments and strings: facts for the tokenizer, one row per language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StringForm:
    """One way to write a string.

    Attributes:
        opens: what it begins with.
        closes: what it ends with.
        escape: the character that takes the next one's meaning away, or `""`.
        is_multiline: whether it may go over the end of a line; one that may not is given up there.
        inserts: what begins a value within it, so that it is only a part of a text; `""` when nothing does.
        is_doubled: whether the closing mark written twice stands for itself.
    """

    opens: str
    closes: str
    escape: str = "\\"
    is_multiline: bool = False
    inserts: str = ""
    is_doubled: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """What the tokenizer has to know of a language.

    Attributes:
        name: as people write it.
        line_comments: what begins a comment that goes to the end of the line.
        block_comments: what begins and what ends the others.
        strings: the forms; of several that fit, the longest opening counts.
        nests_comments: whether block comments may hold block comments.
        has_regexes: whether `/.../` may be a regular expression.
        has_lifetimes: whether `'a` without a closing quote means something else (Rust).
        has_heredocs: whether `<<WORD` begins a text of many lines.
        opens_with: what must come before the code begins, such as `<?php`.
    """

    name: str
    line_comments: tuple[str, ...]
    block_comments: tuple[tuple[str, str], ...]
    strings: tuple[StringForm, ...]
    nests_comments: bool = False
    has_regexes: bool = False
    has_lifetimes: bool = False
    has_heredocs: bool = False
    opens_with: str = ""


_C_BLOCKS = (("/*", "*/"),)
_DOUBLE = StringForm('"', '"')
_SINGLE = StringForm("'", "'")
_BLOCK_TEXT = StringForm('"""', '"""', is_multiline=True)

JAVASCRIPT = Language(
    name="javascript",
    line_comments=("//",),
    block_comments=(*_C_BLOCKS, ("<!--", "-->")),
    strings=(_DOUBLE, _SINGLE, StringForm("`", "`", is_multiline=True, inserts="${")),
    has_regexes=True,
)
GO = Language("go", ("//",), _C_BLOCKS, (_DOUBLE, _SINGLE, StringForm("`", "`", escape="", is_multiline=True)))
JAVA = Language("java", ("//",), _C_BLOCKS, (_BLOCK_TEXT, _DOUBLE, _SINGLE))
KOTLIN = Language(
    name="kotlin",
    line_comments=("//",),
    block_comments=_C_BLOCKS,
    strings=(StringForm('"""', '"""', "", True, "$"), StringForm('"', '"', inserts="$"), _SINGLE),
    nests_comments=True,
)
CSHARP = Language(
    name="csharp",
    line_comments=("//",),
    block_comments=_C_BLOCKS,
    strings=(
        StringForm('"""', '"""', "", True),
        StringForm('@"', '"', "", True, is_doubled=True),
        StringForm('$@"', '"', "", True, "{", is_doubled=True),
        StringForm('@$"', '"', "", True, "{", is_doubled=True),
        StringForm('$"', '"', inserts="{"),
        _DOUBLE,
        _SINGLE,
    ),
)
RUBY = Language(
    name="ruby",
    line_comments=("#",),
    block_comments=(("\n=begin", "\n=end"),),
    strings=(StringForm('"', '"', is_multiline=True, inserts="#{"), StringForm("'", "'", is_multiline=True)),
    has_regexes=True,
    has_heredocs=True,
)
PHP = Language(
    name="php",
    line_comments=("//", "#"),
    block_comments=(*_C_BLOCKS, ("?>", "<?")),
    strings=(StringForm('"', '"', is_multiline=True, inserts="$"), StringForm("'", "'", is_multiline=True)),
    has_heredocs=True,
    opens_with="<?",
)
RUST = Language(
    name="rust",
    line_comments=("//",),
    block_comments=_C_BLOCKS,
    strings=(
        StringForm('r"', '"', "", True),
        StringForm('r#"', '"#', "", True),
        StringForm('r##"', '"##', "", True),
        StringForm('"', '"', is_multiline=True),
        _SINGLE,
    ),
    nests_comments=True,
    has_lifetimes=True,
)

PYTHON = Language(
    name="python",
    line_comments=("#",),
    block_comments=(),
    strings=(_BLOCK_TEXT, StringForm("'''", "'''", is_multiline=True), _DOUBLE, _SINGLE),
)
"""For what a newer Python accepts and this one does not; all else is read by its syntax tree."""

LANGUAGES = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"), JAVASCRIPT),
    **dict.fromkeys((".vue", ".svelte"), JAVASCRIPT),
    ".go": GO,
    ".java": JAVA,
    ".kt": KOTLIN,
    ".kts": KOTLIN,
    ".cs": CSHARP,
    ".rb": RUBY,
    ".php": PHP,
    ".rs": RUST,
}
"""By the end of a file's name. Vue and Svelte files are markup around JavaScript, which the tokenizer bears."""
