"""Addresses count by their form, towns alone do not, and no pattern can be made to run for long."""

import re

import pytest

from pointsman.recognition.address_forms import _FORMS, has_address_form, has_house_number, has_postcode

ADDRESSES = (
    "12 Baker Street",
    "307 North Maple Avenue, Springfield, IL 62704",
    "44 W 42nd Street",
    "9 Ocean View Drive Apt 3B",
    "1 Aguilar Quad, North Christopher, VIC, 2331",
    "PSC 0751, Box 1637, APO AE 57376",
    "P.O. Box 153",
    "London NW1 6XE",
    "Toronto, ON M5H 2N2",
    "Dunnberg, NS S4P3R2",
    "48/75, Mani Chowk, Kochi-252760",
    "H.No. 815, Bhardwaj",
    "Hauptstraße 12",
    "Christiane-Jacob-Weg 55-27",
    "Berliner Straße 4",
    "Am Alten Markt 21, 50667 Köln",
    "Linapad 76, 6189 VS Nijeveen",
    "Keizersgracht 54",
    "12 bis, rue de la République",
    "avenue Turpin, 61595 Clément",
    "Calle Mayor 88, 28013 Madrid",
    "Paseo de Gracia 421 Piso 1",
    "Via Garibaldi, 25, 20121 Milano",
    "ul. Kopernika 15/90",
    "Rua das Flores, 12, Lisboa",
    "60175-432 Barros",
)
NO_ADDRESSES = (
    "We flew from Paris to Berlin in 2024.",
    "The top 10 street foods of Bangkok",
    "Section 12 of the agreement",
    "2 Google Drive folders are shared",
    "The 12 Supreme Court decisions of that year",
    "Spring 2024 and Engineering 101",
    "version 3.11.7, build 62704",
    "for i in range(12): total += 1",
    "2026-11-21 10:15:07 ERROR worker-12",
    "Wall Street closed higher",
    "In 2023, 12000 people came",
    "model gpt-4o, max_tokens 4096",
    "Route 66",
    "docker run -p 113:8080",
    "the code A1B2C3 and the id 550e8400-e29b-41d4-a716-446655440000",
    "UTF-8, ISO 8859-1",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_known_by_its_form(address: str) -> None:
    assert has_address_form(address)
    assert has_address_form(f"Please deliver it to {address}.\nThank you")


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_only_looks_like_one_does_not_count(text: str) -> None:
    assert not has_address_form(text)


def test_a_street_or_town_needs_its_number() -> None:
    text = "He lives at 202 Broadway in New York"
    assert has_house_number(text, text.index("Broadway"))
    assert not has_house_number(text, text.index("New York"))
    assert not has_house_number("version 1.2 Broadway", len("version 1.2 "))


def test_a_town_needs_its_postcode() -> None:
    for text in ("Linden 5, 10115 Berlin", "Berlin, 10115.", "Berlin-10115"):
        start = text.index("Berlin")
        assert has_postcode(text, start, start + len("Berlin"))
    for text in ("Berlin has 10115 cafés", "Berlin 10115 cafés", "in 2024 Berlin"):
        start = text.index("Berlin")
        assert not has_postcode(text, start, start + len("Berlin"))


@pytest.mark.parametrize("form", _FORMS)
def test_every_repetition_has_an_upper_bound(form: str) -> None:
    without_sets = re.sub(r"\[(?:\\.|[^\]])+\]", "x", re.sub(r"\\.", "x", form))
    assert not re.search(r"[*+]|\{\d*,\}", without_sets)
