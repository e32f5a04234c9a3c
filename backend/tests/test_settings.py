from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.errors import ConfigurationMistake
from dozor.setting_values import Plan
from dozor.settings import Settings, read_settings, unknown_variables
from dozor.storage.redis_address import Node, RedisAddress, Topology
from dozor.storage.sql.address import PostgresAddress
from dozor.telemetry.phrases import Language

HOME = Path("/home/dozor/data")


def settings(environment: dict[str, str] | None = None, env_file: Path | None = None) -> Settings:
    return read_settings(environment or {}, env_file, default_data_dir=HOME)


def mistakes(environment: dict[str, str], env_file: Path | None = None) -> str:
    with pytest.raises(ConfigurationMistake) as caught:
        settings({"DOZOR_LANG": "en", **environment}, env_file)
    return "\n".join(caught.value.mistakes)


def test_nothing_set_gives_a_keyless_server_on_loopback() -> None:
    found = settings()
    assert (found.host, found.port, found.coingecko_plan) == ("127.0.0.1", 8000, Plan.KEYLESS)
    assert (found.calls_per_minute, found.calls_per_month) == (5, 0)
    assert found.coingecko_base_url == "https://api.coingecko.com/api/v3"
    assert found.data_dir == HOME
    assert found.language is Language.RU


def test_rules_are_in_a_file_of_the_data_folder_unless_a_database_is_named() -> None:
    assert settings().database == HOME / "dozor.db"
    named = settings({"DATABASE_URL": "postgresql://me:hunter2@db.example/dozor"}).database
    assert isinstance(named, PostgresAddress)
    assert named.shown == "db.example/dozor"


def test_a_mistake_in_the_databases_address_shows_nothing_of_it() -> None:
    told = mistakes({"DATABASE_URL": "postgresql://me:hun/ter2@db.example/dozor"})
    assert "DATABASE_URL: the port is no number" in told
    assert "ter2" not in told


def test_a_key_alone_means_the_demo_plan_with_its_limits() -> None:
    found = settings({"COINGECKO_API_KEY": "CG-secret"})
    assert (found.coingecko_plan, found.calls_per_minute, found.calls_per_month) == (Plan.DEMO, 30, 10_000)


def test_the_pro_plan_has_a_host_of_its_own() -> None:
    found = settings({"COINGECKO_API_KEY": "CG-secret", "COINGECKO_PLAN": "pro"})
    assert found.coingecko_base_url == "https://pro-api.coingecko.com/api/v3"


def test_env_file_is_read_with_bom_crlf_comments_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("\ufeffPORT=9000\r\n# заметка\r\nDOZOR_LANG='en'\r\nHOST=localhost  # here\r\n".encode())
    found = settings(env_file=file)
    assert (found.port, found.language, found.host) == (9000, Language.EN, "localhost")


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9000\n")
    assert settings({"PORT": "9001"}, file).port == 9001


def test_all_mistakes_are_reported_at_once_with_variable_value_and_legal_values() -> None:
    text = mistakes({"PORT": "eighty", "COINGECKO_PLAN": "gold", "DOZOR_LOG": "xml"})
    assert "PORT: 'eighty' is not legal; legal: a whole number from 0 (any free port) to 65535" in text
    assert "COINGECKO_PLAN: 'gold' is not legal; legal: keyless, demo or pro" in text
    assert "DOZOR_LOG: 'xml'" in text


def test_mistakes_are_told_in_russian_unless_english_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationMistake) as caught:
        settings({"PORT": "x"})
    assert caught.value.mistakes[0].startswith("PORT: значение 'x' недопустимо; допустимо: целое число от 0")
    file = tmp_path / ".env"
    file.write_text("DOZOR_LANG=en\nPORT=x\n")
    with pytest.raises(ConfigurationMistake) as caught:
        settings(env_file=file)
    assert "is not legal" in caught.value.mistakes[0]


def test_contradictions_are_reported_together_with_illegal_values() -> None:
    text = mistakes({"HOST": "0.0.0.0", "PORT": "x", "COINGECKO_PLAN": "pro"})
    assert all(words in text for words in ("PORT: 'x'", "pro needs COINGECKO_API_KEY", "nothing says who may ask"))


def test_a_malformed_line_of_the_env_file_is_named_by_its_number_without_its_value(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=8000\n'HOST=secret-host\n")
    text = mistakes({}, file)
    assert "line 2" in text
    assert "secret-host" not in text


def test_an_env_file_that_is_not_utf8_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("HOST=Ярославль".encode("cp1251"))
    assert "cannot be read as UTF-8" in mistakes({}, file)


def test_a_secret_is_read_from_a_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("CG-very-secret\n")
    found = settings({"COINGECKO_API_KEY_FILE": str(file)})
    assert found.coingecko_api_key is not None
    assert found.coingecko_api_key.reveal() == "CG-very-secret"
    assert "very-secret" not in repr(found)


def test_a_secret_set_twice_and_a_missing_secret_file_are_mistakes(tmp_path: Path) -> None:
    text = mistakes(
        {"COINGECKO_API_KEY": "a", "COINGECKO_API_KEY_FILE": "b", "DOZOR_OWNER_TOKEN_FILE": str(tmp_path / "x")}
    )
    assert "COINGECKO_API_KEY and COINGECKO_API_KEY_FILE are both set" in text
    assert "DOZOR_OWNER_TOKEN_FILE" in text


def test_an_illegal_secret_is_not_shown_in_its_mistake() -> None:
    assert "hunter2" not in mistakes({"DOZOR_OWNER_TOKEN": "hunter2", "DOZOR_GATEWAY_KEYS": "app:hunter2"})


def test_gateway_keys_have_names_keys_and_rates() -> None:
    keys = settings({"DOZOR_GATEWAY_KEYS": "app:0123456789, bot:abcdefgh:30"}).gateway_keys
    assert [(key.name, key.key.reveal(), key.calls_per_minute) for key in keys] == [
        ("app", "0123456789", None),
        ("bot", "abcdefgh", 30),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "justakey",  # no name
        "app:short",  # a key that can be guessed
        "app:0123456789:0",  # a rate that lets nothing in
        "app:0123456789:many",
        "app:0123456789:3:4",
        "app:0123456789,app:9876543210",  # one name, two keys
        "app:0123456789,bot:0123456789",  # one key, two names
    ],
)
def test_malformed_gateway_keys_are_refused(text: str) -> None:
    assert "DOZOR_GATEWAY_KEYS" in mistakes({"DOZOR_GATEWAY_KEYS": text})


def test_a_gateway_key_cannot_take_the_owners_name() -> None:
    said = mistakes({"DOZOR_GATEWAY_KEYS": "app:0123456789,owner:9876543210"})
    assert "owner is the owner's name" in said
    assert "9876543210" not in said
    assert settings({"DOZOR_GATEWAY_KEYS": "owner2:9876543210"}).gateway_keys


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_a_host_beyond_loopback_needs_a_word_on_who_may_ask(host: str) -> None:
    text = mistakes({"HOST": host})
    assert "HOST" in text
    assert "DOZOR_GATEWAY_KEYS" in text
    assert "DOZOR_PUBLIC_MARKET" in text
    assert settings({"HOST": host, "DOZOR_PUBLIC_MARKET": "false"}).public_market is False
    assert settings({"HOST": host, "DOZOR_GATEWAY_KEYS": "app:0123456789"}).gateway_keys


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_hosts_need_nothing(host: str) -> None:
    assert settings({"HOST": host}).on_loopback


def test_a_plan_must_fit_the_key() -> None:
    assert "needs COINGECKO_API_KEY" in mistakes({"COINGECKO_PLAN": "demo"})
    assert "contradicts COINGECKO_API_KEY" in mistakes({"COINGECKO_PLAN": "keyless", "COINGECKO_API_KEY": "k"})


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api/v3"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/api/v3"),
        ("http://127.0.0.1:9000/api/v3/", "http://127.0.0.1:9000/api/v3"),
        ("https://mirror.example/gecko", "https://mirror.example/gecko"),
    ],
)
def test_base_url_gets_the_usual_path_when_it_has_none(given_url: str, used: str) -> None:
    assert settings({"COINGECKO_BASE_URL": given_url}).coingecko_base_url == used


def test_empty_allowed_origins_means_none_and_unset_means_everybody() -> None:
    assert settings({"ALLOWED_ORIGINS": ""}).allowed_origins == ()
    assert settings().allowed_origins == ("*",)
    assert settings({"ALLOWED_ORIGINS": "https://A.example, http://b:3000/"}).allowed_origins == (
        "https://a.example",
        "http://b:3000",
    )
    assert "ALLOWED_ORIGINS" in mistakes({"ALLOWED_ORIGINS": "app.example"})


LOCAL_REDIS = RedisAddress(Topology.SINGLE, (Node("localhost", 6379),))


def test_unset_redis_url_means_the_local_redis_and_an_empty_one_none(tmp_path: Path) -> None:
    assert settings().redis == LOCAL_REDIS
    assert settings({"REDIS_URL": ""}).redis is None
    file = tmp_path / ".env"
    file.write_text("REDIS_URL=redis://cache/1\n")
    assert settings({"REDIS_URL": " "}, file).redis is None
    file.write_text("REDIS_URL=\n")
    assert settings(env_file=file).redis is None


def test_redis_url_of_the_env_file_may_hold_a_password_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    for line in ("REDIS_URL=redis://:p@ss#w%rd@localhost", "REDIS_URL='redis://:p@ss#w%rd@localhost'  # ours"):
        file.write_text(f"{line}\n")
        found = settings(env_file=file)
        assert found.redis is not None
        assert found.redis.password == "p@ss#w%rd"
        assert "p@ss" not in repr(found)


def test_redis_url_can_come_from_a_file_and_an_empty_file_means_none(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("redis://localhost:6379/0\n")
    assert settings({"REDIS_URL_FILE": str(file)}).redis == LOCAL_REDIS
    file.write_text("\n")
    assert settings({"REDIS_URL_FILE": str(file)}).redis is None


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@localhost:hunter2", "hunter2", "http://hunter2", "redis://h?hunter2=1"]
)
def test_a_mistake_in_redis_url_says_what_is_wrong_and_shows_nothing_of_it(url: str) -> None:
    text = mistakes({"REDIS_URL": url})
    assert "hunter2" not in text
    assert text.startswith("REDIS_URL: ")
    assert "is not shown" in text
    assert "legal: redis://[user]:[password]@host:port/database" in text


def test_a_mistake_in_redis_url_is_told_in_the_operators_language() -> None:
    assert "REDIS_URL: a port is a number from 1 to 65535 (" in mistakes({"REDIS_URL": "redis://localhost:0"})
    with pytest.raises(ConfigurationMistake) as caught:
        settings({"REDIS_URL": "redis://localhost:0"})
    assert caught.value.mistakes[0].startswith("REDIS_URL: порт — число от 1 до 65535 (значение не показано")


def test_redis_key_prefix_is_what_a_key_can_begin_with() -> None:
    assert settings().redis_key_prefix == ""
    assert settings({"REDIS_KEY_PREFIX": "dozor:prod/1."}).redis_key_prefix == "dozor:prod/1."
    assert settings({"REDIS_KEY_PREFIX": "x" * 64}).redis_key_prefix == "x" * 64


@pytest.mark.parametrize(
    "text",
    [
        "x" * 65,
        "two words",
        "дозор:",
        "{dozor}:",  # all keys in one slot of a cluster
        "it's",
        "a*",  # another program's keys would be ours too
        "[a]",
        "a\\",
    ],
)
def test_other_redis_key_prefixes_are_refused(text: str) -> None:
    assert "REDIS_KEY_PREFIX" in mistakes({"REDIS_KEY_PREFIX": text})


def test_disk_cache_is_bounded() -> None:
    assert settings().disk_cache_mib == 1024
    assert settings({"DOZOR_DISK_CACHE_MIB": "16"}).disk_cache_mib == 16
    assert "from 16 to 1048576" in mistakes({"DOZOR_DISK_CACHE_MIB": "15"})
    assert "from 16 to 1048576" in mistakes({"DOZOR_DISK_CACHE_MIB": "1048577"})


def test_a_relative_data_folder_lies_beside_the_env_file() -> None:
    assert settings({"DOZOR_DATA_DIR": "other"}).data_dir == Path("/home/dozor/other")


def test_a_misspelled_variable_of_ours_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DOZOR_LAMG=en\nREDIS_URL=redis://localhost:6379/0\nREDIS_PASSWORD=x\nCOINGECKO_API_KEY_FILE=x\n")
    assert unknown_variables(file) == ["DOZOR_LAMG", "REDIS_PASSWORD"]


@given(
    st.dictionaries(
        st.sampled_from(["PORT", "HOST", "REDIS_URL", "DOZOR_GATEWAY_KEYS", "COINGECKO_BASE_URL"]), st.text()
    )
)
def test_any_text_is_either_read_or_refused_by_name(environment: dict[str, str]) -> None:
    try:
        settings(environment)
    except ConfigurationMistake as mistake:
        assert all(sentence.split(":")[0].split()[0] in environment for sentence in mistake.mistakes)  # noqa: PT017  # either ending is right
