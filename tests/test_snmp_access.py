"""Who asks an SNMP agent: read from a file that others cannot read, and refused without telling a secret."""

import pytest

from devices import snmp_access
from devices.snmp_access import Community, User
from station.words import Refused

V3 = 'version = "3"\nuser = "wang"\nauth = "sha256"\nauth_passphrase = "authpass2"\npriv = "aes128"\npriv_passphrase = "privpass2"\n'


def test_a_community_and_a_user_are_read_and_never_shown():
    held = snmp_access.parse('version = "2c"\ncommunity = "secretword"\n', "a")
    assert held == Community("secretword") and "secretword" not in repr(held)
    user = snmp_access.parse(V3, "a")
    assert user == User(name="wang", auth="sha256", auth_key="authpass2", priv="aes128", priv_key="privpass2")
    assert "pass2" not in repr(user)
    assert snmp_access.parse('version = "3"\nuser = "open"\n', "a") == User(name="open")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('version = "1"', "version"), ("", "version"), ('version = "2c"', "community"), ("version = ", "no TOML"),
        ('version = "2c"\ncommunity = "secret99"\nuser = "x"', "community"), ('version = "3"', "user"),
        ('version = "3"\nuser = "x"\ncommunity = "secret99"', "user"), (V3.replace('"wang"', '"' + "x" * 33 + '"'), "user"),
        (V3.replace('auth = "sha256"\nauth_passphrase = "authpass2"\n', ""), "auth"),
        (V3.replace("privpass2", "secret9"), "priv_passphrase"), (V3.replace('auth_passphrase = "authpass2"', ""), "auth_passphrase"),
        (V3.replace('auth = "sha256"', 'auth = "crc"'), "auth"), (V3 + 'colour = "secret99"', "colour"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_place_without_its_secrets(text, at):
    with pytest.raises(Refused) as refused:
        snmp_access.parse(text, "ups1.toml")
    both = refused.value.text.en + refused.value.text.zh
    assert at in refused.value.text.en and "secret9" not in both and "pass2" not in both


def test_a_file_that_others_can_read_or_that_is_none_is_refused(tmp_path):
    path = tmp_path / "ups1.toml"
    path.write_text(V3)
    path.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        snmp_access.load(path)
    path.chmod(0o600)
    assert isinstance(snmp_access.load(path), User)
    path.write_bytes(b"\xff")
    for one in (path, tmp_path / "none"):
        with pytest.raises(Refused, match="cannot be read"):
            snmp_access.load(one)
