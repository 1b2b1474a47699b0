"""How addresses are written in the countries whose forms are known: a house, a box or a postcode, never a mere town.

Every repetition in these patterns has an upper bound, so the work per character has one, too.
"""

import re

_CAPITALISED = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’.-]{0,30}|\d{1,3}(?:st|nd|rd|th))"
_NAME = rf"{_CAPITALISED}(?:[ ]{_CAPITALISED}){{0,3}}"
_HOUSE = r"(?<![\w.,/:-])\d{1,5}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?"
_HOUSE_BEHIND = r"\d{1,4}[ ]?[a-zA-Z]?(?:[-/]\d{1,4})?\b"
_SMALL_WORDS = r"(?:(?:de|du|des|la|le|les|las|los|del|da|das|do|dos|di|della|dei|van|von)[ ]|[dl]['’]){0,3}"
_NEXT = r"[ ]?(?:,[ ]?|\n)"
_UNITS = "Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Piso|Puerta|Bajo|Apto|Piano|Interno|Scala|#"
_ENDS = rf"(?=[ ]?(?:,|\.(?:\s|$)|\n|$|\(|(?:{_UNITS})))"

_SURE_STREETS = (
    "Street|Road|Rd|Avenue|Ave|Lane|Ln|Boulevard|Blvd|Crescent|Terrace|Mews|Parkway|Pkwy|Turnpike|Esplanade|Highway"
)
_DOUBTFUL_STREETS = (
    "St|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Way|Circle|Cir|Close|Grove|Hill|Row|Walk|Quay|Wharf|Gardens|Alley|Hwy|Loop"
)
_GERMAN_STREETS = "[Ss]traße|[Ss]trasse|[Ss]tr\\.|[Ww]eg|[Aa]llee|[Pp]latz|[Gg]asse|[Dd]amm|[Uu]fer"
_JOINED_STREETS = f"{_GERMAN_STREETS}|gracht|straat|laan|plein|singel|kade|gatan|vägen|veien"
_FRENCH_STREETS = (
    "[Rr]ue|[Aa]venue|[Bb]oulevard|[Bb]d|[Pp]lace|[Cc]hemin|[Aa]llée|[Ii]mpasse|[Qq]uai|[Rr]oute|[Cc]ours|[Ss]quare"
)
_SOUTHERN_STREETS = (
    "Calle|C/|Avenida|Avda\\.?|Av\\.|Plaza|Paseo|Pasaje|Camino|Ronda|Rambla|Carretera|Carrer|Glorieta|Cuesta|"
    "Via|Viale|Piazza|Piazzale|Corso|Largo|Vicolo|Strada|Contrada|Borgo|"
    "Rua|Praça|Travessa|Alameda|Estrada|Rodovia|Ladeira"
)
_POLISH_STREETS = "[Uu]l\\.|[Uu]lica|[Pp]l\\.|[Pp]lac|[Aa]l\\.|[Aa]leja|[Oo]s\\.|[Oo]siedle"
_STATES = (
    "A[KLRSZ]|C[AOT]|D[CE]|FL|GA|GU|HI|I[ADLN]|K[SY]|LA|M[ADEINOPST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|"
    "V[AIT]|W[AIVY]"
)

_FORMS = (
    # 12 Baker Street, 307 North Maple Avenue, 191 W 42nd Street
    rf"{_HOUSE},?[ ]{_NAME}[ ](?:{_SURE_STREETS})\b",
    # 12 Ocean View Drive Apt 3B; words that also mean other things need an end behind them
    rf"{_HOUSE},?[ ]{_NAME}[ ](?:{_DOUBTFUL_STREETS})\b\.?{_ENDS}",
    # Springfield, IL 62704
    rf"[^\W\d_],[ ](?:{_STATES})[ ]\d{{5}}(?:-\d{{4}})?\b",
    # APO AE 57376, P.O. Box 153, Postfach 1234
    r"\b[ADF]PO[ ]A[AEP][ ]\d{5}\b",
    r"\b(?:P\.?[ ]?O\.?[ ]?Box|Postfach|Apartado)[ ]\d{1,7}\b",
    # NW1 6XE
    r"\b[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}\b",
    # M5H 2N2, and joined only behind its province
    r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z][ ]\d[A-Z]\d\b",
    r"\b(?:AB|BC|MB|N[BLSTU]|ON|PE|QC|SK|YT),?[ ][A-Z]\d[A-Z]\d[A-Z]\d\b",
    # Glebe, NSW 2037
    r"[^\W\d_],?[ ](?:NSW|VIC|QLD|TAS|ACT),?[ ]\d{4}\b",
    r"[^\W\d_],[ ](?:SA|WA|NT),?[ ]\d{4}\b",
    # H.No. 815; 48/75, Mani Chowk, Kochi-252760
    r"\b(?:H\.?[ ]?No|House[ ]No|Plot[ ]No|Door[ ]No)\b\.?[ ]?\d{1,5}",
    rf"{_HOUSE}{_NEXT}{_NAME}{_NEXT}?[ -]?{_CAPITALISED}[ ]\d{{6}}\b",
    rf"{_HOUSE}{_NEXT}{_NAME}{_NEXT}[^\W\d_]{{2,30}}-\d{{6}}\b",
    # Hauptstraße 12, Keizersgracht 54, Berliner Straße 4
    rf"(?<![\w.-])[A-ZÄÖÜÅØ][\w.-]{{1,40}}(?:{_JOINED_STREETS})[ ]?{_HOUSE_BEHIND}",
    rf"\b{_CAPITALISED}[ ](?:{_GERMAN_STREETS})[ ]{_HOUSE_BEHIND}",
    # Am Alten Markt 21, 50667 Köln; Linapad 76, 6189 VS Nijeveen; Kopernika 15/90, 65-220 Katowice
    rf"\b{_CAPITALISED}[ ]{_HOUSE_BEHIND}{_NEXT}(?:[A-Z]{{1,3}}-)?\d{{5}}[ ]{_CAPITALISED}",
    rf"\b{_CAPITALISED}[ ]{_HOUSE_BEHIND}{_NEXT}\d{{4}}[ ]?[A-Z]{{2}}\b",
    rf"\d{_NEXT}\d{{2}}-\d{{3}}[ ]{_CAPITALISED}",
    # 12 bis, rue de la République; avenue Turpin, 61595 Clément
    rf"{_HOUSE}(?:[ ](?:bis|ter))?,?[ ](?:{_FRENCH_STREETS})[ ]{_SMALL_WORDS}{_CAPITALISED}",
    rf"\b(?:{_FRENCH_STREETS})[ ]{_SMALL_WORDS}{_NAME}{_NEXT}\d{{5}}[ ]{_CAPITALISED}",
    # Calle Mayor 88, Via Garibaldi, 25, ul. Kopernika 15/90
    rf"\b(?:{_SOUTHERN_STREETS})[ ]{_SMALL_WORDS}{_NAME},?[ ](?:n\.?º?[ ]?)?{_HOUSE_BEHIND}{_ENDS}",
    rf"\b(?:{_POLISH_STREETS})[ ]{_NAME}[ ]{_HOUSE_BEHIND}",
    # 60175-432 Barros
    rf"(?<![\w-])\d{{5}}-\d{{3}}[ ]{_CAPITALISED}",
)
_FIND_ADDRESS = tuple(re.compile(form) for form in _FORMS)
_HOUSE_BEFORE = re.compile(r"(?<![\w.,/:-])\d{1,5}[A-Za-z]?,?[ ]$")
_POSTCODE_BEFORE = re.compile(r"[,\n][ ]?\d{4,6},?[ ]$")
_POSTCODE_BEHIND = re.compile(r",?[ -]\d{5,6}(?=[ ]?(?:$|[.,;\n(]))")
_MOST_AROUND = 12


def has_address_form(text: str) -> bool:
    """Whether an address stands in the text, as far as its form alone tells."""
    return any(form.search(text) for form in _FIND_ADDRESS)


def has_house_number(text: str, start: int) -> bool:
    """Whether what starts there, such as the name of a street, has a house number before it."""
    return _HOUSE_BEFORE.search(text[max(0, start - _MOST_AROUND) : start]) is not None


def has_postcode(text: str, start: int, end: int) -> bool:
    """Whether the name of a town has a postcode beside it."""
    before, behind = text[max(0, start - _MOST_AROUND) : start], text[end : end + _MOST_AROUND]
    return _POSTCODE_BEFORE.search(before) is not None or _POSTCODE_BEHIND.match(behind) is not None
