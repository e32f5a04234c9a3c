from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.storage.redis_address import (
    Misread,
    Node,
    RedisAddress,
    RedisUrlMistake,
    Tls,
    Topology,
    parse_redis_url,
)

LOCAL = RedisAddress(Topology.SINGLE, (Node("localhost", 6379),))
SENTINELS = RedisAddress(Topology.SENTINEL, (Node("a", 26379), Node("b", 26380)), master="mymaster")
CLUSTER = RedisAddress(Topology.CLUSTER, (Node("a", 7000), Node("b", 6379)))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://localhost:6379/0", LOCAL),
        ("redis://localhost", LOCAL),  # the usual port, the first database
        ("redis://localhost/", LOCAL),
        ("redis://localhost:/0/", LOCAL),
        ("redis://localhost?db=3", replace(LOCAL, database=3)),
        ("REDIS://localhost/3", replace(LOCAL, database=3)),
        ("valkey://localhost", LOCAL),
        ('  "redis://localhost:6379/0" ', LOCAL),  # as docker --env-file leaves it
        ("'redis://localhost'", LOCAL),
        ("redis://192.168.1.100:6380/0", replace(LOCAL, nodes=(Node("192.168.1.100", 6380),))),
        ("redis://[::1]:6379/0", replace(LOCAL, nodes=(Node("::1", 6379),))),
        ("redis://[fe80::1%eth0]", replace(LOCAL, nodes=(Node("fe80::1%eth0", 6379),))),
        ("redis://кэш.рф", replace(LOCAL, nodes=(Node("кэш.рф", 6379),))),
        ("redis://:mypassword@localhost:6379/0", replace(LOCAL, password="mypassword")),
        ("redis://dozor:pw@localhost", replace(LOCAL, username="dozor", password="pw")),
        ("redis://dozor:@localhost", replace(LOCAL, username="dozor")),  # an ACL user with nopass
        ("redis://:@localhost", LOCAL),
        ("rediss://localhost", replace(LOCAL, tls=Tls())),
        ("valkeys://localhost", replace(LOCAL, tls=Tls())),
        (
            "rediss://localhost/1?ssl_ca_certs=/etc/%D1%81%D0%B2%D0%BE%D0%B8.pem&ssl_cert_reqs=none",
            replace(LOCAL, database=1, tls=Tls("/etc/свои.pem", verify=False)),
        ),
        ("unix:///run/redis.sock", RedisAddress(Topology.SINGLE, (), path="/run/redis.sock")),
        ("unix:///run/re@dis.sock?db=1", RedisAddress(Topology.SINGLE, (), path="/run/re@dis.sock", database=1)),
        (
            "unix://dozor:p@ss/w@/run/redis.sock",
            RedisAddress(Topology.SINGLE, (), path="/run/redis.sock", username="dozor", password="p@ss/w"),
        ),
        ("redis+sentinel://a,b:26380/mymaster", SENTINELS),
        ("redis+sentinel://a:26379, b:26380/mymaster/2", replace(SENTINELS, database=2)),
        ("valkeys+sentinel://a,b:26380/mymaster/0", replace(SENTINELS, tls=Tls())),
        (
            "redis+sentinel://u:p@a,b:26380/mymaster?sentinel_username=s&sentinel_password=p@%26?#",
            replace(SENTINELS, username="u", password="p", sentinel_username="s", sentinel_password="p@&?#"),
        ),
        ("redis+cluster://a:7000,b", CLUSTER),
        ("rediss+cluster://:pw@a:7000,b/0", replace(CLUSTER, password="pw", tls=Tls())),
    ],
)
def test_every_form_of_url_is_read(text: str, address: RedisAddress) -> None:
    assert parse_redis_url(text) == address


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("p@ss#w%rd", "p@ss#w%rd"),  # as it is, without any code
        ("p%40ss%23w%25rd", "p@ss#w%rd"),  # the same, encoded
        ("a/b:c?d@e", "a/b:c?d@e"),
        ("a?db@e", "a?db@e"),  # "?db" is an option only with its "="
        ("100%", "100%"),
        ("100%ff", "100%ff"),  # a code, but of nothing in UTF-8
        ("%", "%"),
        ("пароль", "пароль"),
        ("%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C", "пароль"),
        ("a+b", "a+b"),  # a plus is no blank
        ("a b", "a b"),
        ("[x]", "[x]"),
        ("x,y", "x,y"),
        ("redis://", "redis://"),
    ],
)
@pytest.mark.parametrize("form", ["redis://:{}@localhost:6379/0", "redis://:{}@localhost?db=0"])
def test_password_is_read_as_it_is_or_percent_encoded(form: str, written: str, meant: str) -> None:
    assert parse_redis_url(form.format(written)) == replace(LOCAL, password=meant)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Misread.NO_SCHEME),
        ("localhost:6379", Misread.NO_SCHEME),
        ("redis:/localhost", Misread.NO_SCHEME),
        ("http://localhost:6379", Misread.UNKNOWN_SCHEME),
        ("redis+unix://localhost", Misread.UNKNOWN_SCHEME),
        ("redis://", Misread.NO_HOST),
        ("redis://:6379/0", Misread.NO_HOST),
        ("redis://:pw@/0", Misread.NO_HOST),
        ("redis://[]:6379", Misread.NO_HOST),
        ("redis+cluster://a,,b", Misread.NO_HOST),
        ("redis://::1:6379/0", Misread.HOST),
        ("redis://fe80::1/0", Misread.HOST),
        ("redis://[localhost]:6379", Misread.HOST),
        ("redis://local host", Misread.HOST),
        ("redis://[::1", Misread.HOST),
        ("redis://localhost:0", Misread.PORT),
        ("redis://localhost:65536", Misread.PORT),
        ("redis://localhost:six", Misread.PORT),
        ("redis://localhost:-1", Misread.PORT),
        ("redis://localhost:٦", Misread.PORT),  # a digit to Python, not to a person
        ("redis://a,b/0", Misread.SEVERAL_HOSTS),
        ("redis://secret@localhost", Misread.NO_COLON),  # redis-py would take it for a user without a password
        ("redis://localhost/cache", Misread.DATABASE),
        ("redis://localhost/-1", Misread.DATABASE),
        ("redis://localhost/0#cache", Misread.DATABASE),
        ("redis://localhost/0/1", Misread.DATABASE),
        ("redis://localhost?db=", Misread.DATABASE),
        ("redis://localhost/1?db=2", Misread.DATABASE_TWICE),
        ("redis+cluster://a,b/1", Misread.DATABASE_IN_CLUSTER),
        ("redis+cluster://a,b?db=1", Misread.DATABASE_IN_CLUSTER),
        ("redis+sentinel://a,b", Misread.NO_MASTER),
        ("redis+sentinel://a,b//0", Misread.NO_MASTER),
        ("redis+sentinel://a,b/mymaster/x", Misread.DATABASE),
        ("unix://", Misread.NO_PATH),
        ("unix:///", Misread.NO_PATH),
        ("unix://run/redis.sock", Misread.NO_PATH),
        ("redis://localhost?timeout=5", Misread.OPTION),
        ("redis://localhost?db=1&db=2", Misread.OPTION),
        (
            "redis://localhost?ssl_cert_reqs=required",
            Misread.OPTION_OUT_OF_PLACE,
        ),  # or one believes in a TLS there is not
        ("redis://localhost?sentinel_password=x", Misread.OPTION_OUT_OF_PLACE),
        ("unix:///run/redis.sock?ssl_ca_certs=x", Misread.OPTION_OUT_OF_PLACE),
        ("rediss://localhost?ssl_cert_reqs=optional", Misread.CERT_REQS),
    ],
)
def test_mistakes_are_told_apart(text: str, reason: Misread) -> None:
    with pytest.raises(RedisUrlMistake) as caught:
        parse_redis_url(text)
    assert caught.value.reason is reason


@given(username=st.text(), password=st.text(min_size=1))
@pytest.mark.parametrize("form", ["redis://{}@localhost", "unix://{}@/run/redis.sock", "redis+sentinel://{}@a,b/m"])
def test_any_percent_encoded_user_and_password_are_read_back(form: str, username: str, password: str) -> None:
    address = parse_redis_url(form.format(f"{quote(username, safe='')}:{quote(password, safe='')}"))
    assert (address.username or "", address.password) == (username, password)


@given(st.text(alphabet="ab@#%/:?&=[],. ё", min_size=1).filter(lambda text: "%" not in text and "?" not in text))
def test_any_password_without_codes_and_options_can_stand_as_it_is(password: str) -> None:
    assert parse_redis_url(f"redis://:{password}@localhost") == replace(LOCAL, password=password)


@given(st.text())
@pytest.mark.parametrize("start", ["", "redis://", "rediss+sentinel://", "unix://", "redis+cluster://"])
def test_any_text_is_an_address_or_a_mistake(start: str, text: str) -> None:
    try:
        assert parse_redis_url(start + text).shown
    except RedisUrlMistake as mistake:
        assert str(mistake) == mistake.reason.value.en  # noqa: PT017  # either ending is right


@pytest.mark.parametrize("address", [LOCAL, SENTINELS, CLUSTER, replace(LOCAL, nodes=(), path="/run/redis.sock")])
@given(one=st.text(min_size=1), other=st.text(min_size=1))
def test_what_is_shown_does_not_depend_on_the_passwords(address: RedisAddress, one: str, other: str) -> None:
    this = replace(address, username="dozor", password=one, sentinel_password=one)
    that = replace(address, username="dozor", password=other, sentinel_password=other)
    assert (this.shown, repr(this), str(this)) == (that.shown, repr(that), str(that))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://:pw@localhost/2", "redis://:***@localhost:6379/2"),
        ("rediss://dozor:pw@[::1]?ssl_cert_reqs=none", "rediss://dozor:***@[::1]:6379/0"),
        ("unix://:pw@/run/redis.sock", "unix://:***@/run/redis.sock?db=0"),
        ("redis+sentinel://:pw@a,b/m?sentinel_password=x", "redis+sentinel://:***@a:26379,b:26379/m/0"),
        ("rediss+cluster://a,b", "rediss+cluster://a:6379,b:6379"),
    ],
)
def test_address_is_shown_as_a_url_without_its_password(text: str, shown: str) -> None:
    assert parse_redis_url(text).shown == shown
