from __future__ import annotations

import pytest

from dozor.domain.webhook_signature import new_secret, signature, signing_key


def test_the_published_example_has_the_published_signature() -> None:
    # From https://github.com/standard-webhooks/standard-webhooks, the tests of its libraries.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_new_secret_is_one_and_another_each_time() -> None:
    assert len(signing_key(new_secret())) == 32
    assert new_secret() != new_secret()


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # without its prefix
        "whsec_MfKQ9r8G",  # too short
        "whsec_" + "A" * 92,  # too long
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*",
        "whsec_ключ",
    ],
)
def test_what_is_no_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret is whsec_ and 24 to 64 bytes") as refused:
        signing_key(secret)
    assert not secret or secret not in str(refused.value)
