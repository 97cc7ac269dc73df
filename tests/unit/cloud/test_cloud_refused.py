"""Which keys the service refuses: the newest answer to each counts."""

from hpc_operator.cloud.refused import RefusedKeys


def test_a_key_is_refused_until_it_is_answered_otherwise() -> None:
    keys = RefusedKeys()
    assert "one" not in keys
    keys.answered("one", 1200)
    keys.answered("two", 0)
    assert ("one" in keys, "two" in keys) == (True, False)
    keys.answered("one", 1400)
    assert "one" not in keys, "any other word comes from behind the check of the signature"


def test_of_very_many_the_oldest_are_forgotten() -> None:
    keys = RefusedKeys()
    for number in range(1000):
        keys.answered(str(number), 1200)
    assert ("0" in keys, "999" in keys) == (False, True)
    assert sum(str(number) in keys for number in range(1000)) == 256
