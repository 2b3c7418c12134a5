import pytest

from messervices.foundations.accounts import rules


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.200", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2ff::9", "2001:db8:1:200::/56"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_limits_count_a_network_and_not_an_address(address, network):
    assert rules.network_of(address) == network


def test_the_key_of_a_limit_tells_nothing_and_tells_all_apart():
    key = rules.limit_key("sign_in", "lina@etudiant.example")
    assert len(key) == 32
    assert "lina" not in key
    assert rules.limit_key("a", "bc") != rules.limit_key("ab", "c")


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({"is_agent": False, "has_password": True, "passkeys_left": 0, "codes_left": 0}, True),
        ({"is_agent": False, "has_password": False, "passkeys_left": 0, "codes_left": 0}, False),
        ({"is_agent": False, "has_password": False, "passkeys_left": 0, "codes_left": 1}, False),
        ({"is_agent": False, "has_password": False, "passkeys_left": 1, "codes_left": 0}, True),
        ({"is_agent": True, "has_password": True, "passkeys_left": 0, "codes_left": 0}, False),
        ({"is_agent": True, "has_password": True, "passkeys_left": 0, "codes_left": 1}, True),
        ({"is_agent": True, "has_password": False, "passkeys_left": 0, "codes_left": 1}, False),
    ],
)
def test_an_agent_keeps_a_factor_and_an_account_without_password_keeps_a_passkey(facts, may):
    assert rules.may_remove_factor(**facts) is may


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", ("Firefox", "Linux")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", ("Safari", "iPhone")),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", ("Edge", "Windows")),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", ("Chrome", "Android")),
        ("curl/8.5", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_device_is_called_what_it_calls_itself(agent, words):
    assert rules.device_words(agent) == words
