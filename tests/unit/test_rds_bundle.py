"""The certificate authorities that come with the task, and the script that renews them. Not covered: the download."""

from __future__ import annotations

import datetime
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from refresh_task.database.credentials import RDS_CERTIFICATES
from scripts.refresh_rds_bundle import BUNDLE, LEAST_VALIDITY_DAYS, BundleError, main, parse, refresh

KEY = ec.generate_private_key(ec.SECP256R1())
DAY_S = 86_400
USUAL_REGIONS = {
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
    *("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    *("ap-east-1", "af-south-1", "me-south-1", "me-central-1", "il-central-1"),
}


def test_the_task_uses_the_file_that_the_script_renews() -> None:
    assert RDS_CERTIFICATES == BUNDLE


def test_no_authority_expires_within_half_a_year() -> None:
    """Red: run python -m scripts.refresh_rds_bundle; databases signed by those named could not be reached any more."""
    soon = time.time() + LEAST_VALIDITY_DAYS * DAY_S
    assert [root.name for root in parse(BUNDLE.read_text()) if root.expires_at < soon] == []


def test_the_bundle_is_one_that_openssl_trusts_by() -> None:
    context = ssl.create_default_context(cafile=str(BUNDLE))
    assert context.cert_store_stats()["x509_ca"] == len(parse(BUNDLE.read_text())) > 80


@pytest.mark.parametrize("kind", ["RSA2048", "RSA4096", "ECC384"])
def test_every_region_has_the_authorities_of_each_kind(kind: str) -> None:
    """Which of them signs a database's certificate is chosen per database."""
    roots = {root.name: root.region for root in parse(BUNDLE.read_text())}
    regions = {region for region in roots.values() if region is not None}
    assert regions >= USUAL_REGIONS
    assert {region for region in regions if f"Amazon RDS {region} Root CA {kind} G1" not in roots} == set()


def test_the_bundle_has_the_roots_of_rds_proxy() -> None:
    names = {root.name for root in parse(BUNDLE.read_text())}
    assert {f"Amazon Root CA {number}" for number in range(1, 5)} <= names


def test_the_bundle_has_no_authority_of_amazon_s_own_tests() -> None:
    assert not [root.name for root in parse(BUNDLE.read_text()) if "Beta" in root.name or "Preview" in root.name]


# ---- The script ----------------------------------------------------------------------------------


def _certificate(name: str, *, days: float = 3_650, is_authority: bool = True, issuer: str | None = None) -> str:
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or name)]))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1_000))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(KEY, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _root(region: str, kind: str = "RSA2048") -> str:
    return f"Amazon RDS {region} Root CA {kind} G1"


EUROPE, AMERICA, PROXY = (_certificate(name) for name in (_root("eu-west-1"), _root("us-east-1"), "Amazon Root CA 1"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle with two regions and a root of RDS Proxy."""
    file = tmp_path / "bundle.pem"
    file.write_text(EUROPE + AMERICA + PROXY)
    return file


def _refresh(bundle: Path, *texts: str, force: bool = False) -> str:
    return refresh(bundle, {f"text {n}": text for n, text in enumerate(texts)}, now=time.time(), force=force)


def test_it_adds_what_is_new_and_says_so(bundle: Path) -> None:
    asia = _certificate(_root("ap-east-2"))
    said = _refresh(bundle, EUROPE + asia + AMERICA, PROXY)

    assert said.splitlines() == [f"+ {_root('ap-east-2')}", f"4 roots for 3 regions in {bundle}."]
    written = bundle.read_text()
    assert [root.region for root in parse(written)] == ["ap-east-2", "eu-west-1", "us-east-1", None]
    assert f"# {_root('ap-east-2')}, until 20" in written
    assert _refresh(bundle, written) == f"4 roots for 3 regions in {bundle}."
    assert bundle.read_text() == written


def test_the_file_that_it_writes_is_readable_by_everyone(bundle: Path) -> None:
    """The container's user is not the one who built it."""
    _refresh(bundle, EUROPE + AMERICA + PROXY)
    assert bundle.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in bundle.parent.iterdir()] == [bundle.name]


def test_it_leaves_out_expired_intermediate_and_internal_certificates(bundle: Path) -> None:
    _refresh(
        bundle,
        EUROPE + AMERICA + PROXY,
        _certificate(_root("xx-old-1"), days=-1),
        _certificate(_root("xx-soon-1"), days=LEAST_VALIDITY_DAYS - 1),
        _certificate("Amazon RDS xx-mid-1 CA", issuer="Amazon RDS xx-mid-1 Root CA"),
        _certificate("Amazon RDS Beta us-east-1 Root CA RSA2048 G1"),
        _certificate("Amazon RDS Preview us-east-2 Root CA RSA2048 G1"),
    )
    assert {root.name for root in parse(bundle.read_text())} == {
        _root("eu-west-1"),
        _root("us-east-1"),
        "Amazon Root CA 1",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a sequence of PEM"),
        ("<!DOCTYPE html><html>Sign in</html>", "not a sequence of PEM"),
        (EUROPE + AMERICA[:200], "not a sequence of PEM"),
        (EUROPE.replace(EUROPE.splitlines()[3], "AAAA"), "cannot be read"),
        (EUROPE + _certificate("db.example.com", is_authority=False), "not that of a certificate authority"),
        (EUROPE + AMERICA, "it lacks Amazon Root CA 1"),
        (EUROPE + PROXY, "no roots for us-east-1"),
        (EUROPE + PROXY + _certificate(_root("us-east-1"), days=30), "no roots for us-east-1"),
        (EUROPE + PROXY + _certificate(_root("us-east-1", "ECC384")), "it lacks Amazon RDS us-east-1 Root CA RSA2048"),
        (EUROPE + AMERICA + PROXY + _certificate(_root("us-east-1")), "two different certificates named"),
        (_certificate(_root("eu-west-1"), days=-1), "no valid root for any region"),
    ],
)
def test_it_refuses_what_would_lose_trust_and_leaves_the_file(bundle: Path, text: str, reason: str) -> None:
    before = bundle.read_text()
    with pytest.raises(BundleError, match=reason):
        _refresh(bundle, text)
    assert bundle.read_text() == before
    assert [file.name for file in bundle.parent.iterdir()] == [bundle.name]


def test_force_lets_a_region_go(bundle: Path) -> None:
    assert f"- {_root('us-east-1')}" in _refresh(bundle, EUROPE + PROXY, force=True)


def test_the_command_takes_files_and_explains_a_refusal(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    downloaded = tmp_path / "downloaded.pem"
    downloaded.write_text(EUROPE + PROXY)
    arguments = ["--bundle", str(bundle), "--from", str(downloaded)]

    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("The bundle stays as it was: it has no roots for us-east-1")
    assert main([*arguments, "--force"]) == 0
    assert main(["--bundle", str(bundle), "--from", str(tmp_path / "nowhere")]) == 1
