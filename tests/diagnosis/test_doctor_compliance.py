"""Bodies of rules: every one has lines, they say what can be shown, and none claims that rules are met."""

from typing import get_args

import pytest
from examining import LOCAL, Findings, Site
from stored import make_database

from pointsman.core.config import pending
from pointsman.core.config.sections.operations import Compliance
from pointsman.diagnosis import controls
from pointsman.diagnosis.compliance import BODIES

ALL = f"security: {{compliance: [{', '.join(get_args(Compliance))}]}}\n"
CLOUD = "providers: {openai: {}}\nmodels: {gpt-4o: {provider: openai}}\n"


def list_lines(found: Findings) -> dict[str, str]:
    return {
        one.check: one.status for one in found.all if one.check.split(".")[0] in {short for short, _ in BODIES.values()}
    }


def test_every_body_that_a_document_may_name_has_lines() -> None:
    assert set(BODIES) == set(get_args(Compliance))
    assert all(judged for _, judged in BODIES.values())
    used = {judge for _, judged in BODIES.values() for judge in judged.values()}
    assert used == {judge for name, judge in vars(controls).items() if name.startswith("judge_")}


def test_they_are_looked_at_only_when_asked_for_and_named(site: Site) -> None:
    site.write(LOCAL + ALL)
    assert list_lines(site.examine()) == {}
    assert len(list_lines(site.examine(compliance=True))) == sum(len(judged) for _, judged in BODIES.values())
    site.write(LOCAL + "security: {compliance: [SOC2_security_controls]}\n")
    assert {name.split(".")[0] for name in list_lines(site.examine(compliance=True))} == {"soc2"}
    site.write(LOCAL)
    found = site.examine(compliance=True)
    assert list_lines(found) == {}
    assert found["compliance"].status == "skipped"
    assert found["compliance"].next and "SOC2_security_controls" in found["compliance"].next


def test_no_line_claims_that_rules_are_met(site: Site) -> None:
    site.write(LOCAL + ALL)
    found = site.examine(compliance=True)
    assert found["compliance"].message.endswith("no statement that any rules are met")
    said = [one.message.casefold() for one in found.all if one.check in list_lines(found)]
    assert [text for text in said if "complian" in text or "certified" in text] == []


def test_a_broken_document_shows_nothing(site: Site) -> None:
    site.write("security: {compliance: [HIPAA_privacy_safeguards]}\nagents: {a: {model: nothing}}\n")
    statuses = list_lines(site.examine(compliance=True))
    assert statuses["hipaa.locality"] == statuses["hipaa.encryption"] == "skipped"


def test_local_models_are_needed_for_what_must_stay(site: Site) -> None:
    body = "security: {compliance: [HIPAA_privacy_safeguards]}\n"
    site.write(CLOUD + body)
    assert list_lines(site.examine(compliance=True))["hipaa.locality"] == "wrong"
    site.write(LOCAL + body)
    assert list_lines(site.examine(compliance=True))["hipaa.locality"] != "wrong"


def test_a_cloud_without_tls_is_wrong(site: Site) -> None:
    body = "security: {compliance: [PCI_DSS_payment_security]}\n"
    site.write(CLOUD + body)
    assert list_lines(site.examine(compliance=True))["pci.encryption"] == "good"
    bare = "{base_url: 'http://127.0.0.1:1/v1', location: cloud, allow_private: ['127.0.0.1:1']}"
    site.write(CLOUD.replace("{openai: {}}", f"{{openai: {bare}}}") + body)
    assert list_lines(site.examine(compliance=True))["pci.encryption"] == "wrong"


@pytest.mark.parametrize(
    ("line", "key", "written"),
    [
        ("gdpr.retention", "retention.usage", "}\nretention: {usage: 90d, decisions: 30d}\n"),
        ("soc2.rotation", "security.key_rotation", ", key_rotation: 90d}\n"),
        ("soc2.roles", "security.access_control", ", access_control: role_based}\n"),
    ],
)
def test_a_key_that_is_missing_is_wrong_and_one_that_does_not_act_yet_is_not_good(
    site: Site, line: str, key: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = "compliance: [GDPR_data_protection, SOC2_security_controls]"
    site.write(f"{LOCAL}security: {{{bodies}}}\n")
    assert list_lines(site.examine(compliance=True))[line] == "wrong"
    site.write(f"{LOCAL}security: {{{bodies}{written}")
    monkeypatch.setitem(pending.PENDING, key, "later")
    assert list_lines(site.examine(compliance=True))[line] == "skipped"
    monkeypatch.delitem(pending.PENDING, key)
    assert list_lines(site.examine(compliance=True))[line] == "good"


def test_state_that_others_may_read_is_wrong(site: Site) -> None:
    site.write(LOCAL + ALL)
    assert list_lines(site.examine(compliance=True))["soc2.state"] == "skipped"
    make_database(site.make_home())
    statuses = list_lines(site.examine(compliance=True))
    assert (statuses["soc2.state"], statuses["soc2.audit"]) == ("good", "good")
    (site.home / "pointsman.db").chmod(0o644)
    assert list_lines(site.examine(compliance=True))["soc2.state"] == "wrong"
    site.home.chmod(0o755)
    assert list_lines(site.examine(compliance=True))["soc2.state"] == "wrong"


def test_callers_of_other_machines_cannot_be_told(site: Site) -> None:
    site.write(LOCAL + ALL)
    assert list_lines(site.examine(compliance=True))["pci.callers"] == "good"
    site.environ["POINTSMAN_HOST"] = "0.0.0.0"
    assert list_lines(site.examine(compliance=True))["pci.callers"] == "skipped"
