"""Which API key a resource uses, and which account it wishes (ports.Keys).

Lives here: keys from mounted files, from given values, and from a resource's own Secret (`cloud.sources` reads it
seldom, for all who use it). May be imported by the composition root. Must never come in: allow-lists (decide's), the
recorded account (the record's). Values pass as SecretStr until they are handed out in `Credentials`, whose repr hides
them.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from pydantic import SecretStr

from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.sources import Sources
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.ports import Credentials, KeySource, SecretProblem

ReadSecret: TypeAlias = Callable[[str, str], Awaitable[Mapping[str, str]]]
"""(namespace, name) → its values decoded; SecretProblem(`CredentialsMissing`) when there is none."""

FIELDS = ("access_key_id", "secret_access_key", "owner", "zone")
_LONGEST = 4096
_TRIES = 3
_MOST = 8
_NAME = re.compile(r"[A-Za-z0-9]{1,15}|(?=.*[._-])[A-Za-z0-9._-]{1,32}")  # a key has no such sign, or is longer
_PUT = "Put access_key_id and secret_access_key of one API key there"
_KEY = re.compile(r"[\x21-\x7e]{1,256}")
_OWNER = re.compile(r"usr-[A-Za-z0-9]{1,58}")  # what the record can hold
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What a source holds; owner and zone where it says them. `where` names the source for people."""

    access_key_id: SecretStr
    secret_access_key: SecretStr
    owner: str | None = None
    zone: str | None = None
    where: str = ""

    @property
    def fingerprint(self) -> str:
        """Identifies the key without telling it: 16 hex digits of SHA-256."""
        text = f"{self.access_key_id.get_secret_value()}\n{self.secret_access_key.get_secret_value()}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Source(Protocol):
    """Where the operator's own key comes from."""

    def read(self) -> KeyPair:
        """The key as it is now; SecretProblem says what is wrong and what to do."""


def parsed(values: Mapping[str, str], where: str, names: Collection[str] | None = None) -> KeyPair:
    """A key from named values; white space around a value is dropped. `where` names the source for people.

    `names`: all that the source holds, when `values` is not all of it.
    """
    held = {name: values[name].strip() for name in FIELDS if name in values}
    for name in FIELDS[:2]:
        if not held.get(name):
            state = "is empty" if name in held else f"is missing; {_holding(values if names is None else names)}"
            raise SecretProblem(Reason.CREDENTIALS_MISSING, f"{where}: {name} {state}. {_PUT}.")
        if not _KEY.fullmatch(held[name]):
            text = f"{where}: {name} contains white space or other characters that no API key has; store it anew."
            raise SecretProblem(Reason.CREDENTIALS_MALFORMED, text)
    for name in FIELDS[2:]:
        if held.get(name) and not _WORD.fullmatch(held[name]):
            raise SecretProblem(Reason.CREDENTIALS_MALFORMED, f"{where}: {name} is no valid {name}; mend or remove it.")
    pair = SecretStr(held["access_key_id"]), SecretStr(held["secret_access_key"])
    return KeyPair(*pair, held.get("owner") or None, held.get("zone") or None, where)


def _holding(names: Collection[str]) -> str:
    """What is there instead, so that a wrong spelling is seen. A name that may be a key itself is not repeated."""
    told = [name if _NAME.fullmatch(name) else "a name that is not repeated here" for name in sorted(names)]
    shown = ", ".join(dict.fromkeys(told[:_MOST])) + (", …" if len(told) > _MOST else "")
    return f"it holds {shown}" if shown else "it holds nothing"


class GivenKey:
    """A key handed in as values (environment, tests)."""

    def __init__(self, values: Mapping[str, str | SecretStr | None], where: str = "environment") -> None:
        self._values = {name: SecretStr(_plain(value)) for name, value in values.items() if value is not None}
        self._where = where

    def read(self) -> KeyPair:
        """See Source."""
        return parsed({name: value.get_secret_value() for name, value in self._values.items()}, self._where)


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


class MountedKey:
    """A key in a mounted directory, one file for each value; read again when a file changed.

    `secret`: the Secret that is mounted there, for people; None: nobody has said.
    """

    def __init__(self, directory: Path, secret: str | None = None) -> None:
        self._directory, self._secret = directory, secret
        self._seen: tuple[object, ...] | None = None
        self._held: KeyPair | None = None

    def read(self) -> KeyPair:
        """See Source."""
        if self._held is None or self._states() != self._seen:
            self._held = None
            self._seen, values = self._whole()
            self._held = parsed(values, self._where, self._names())
        return self._held

    @property
    def _where(self) -> str:
        return (
            f"Secret {self._secret} (mounted at {self._directory})" if self._secret else f"directory {self._directory}"
        )

    def _names(self) -> list[str]:
        """What the directory holds, but for what the kubelet keeps behind it (`..data`)."""
        try:
            return [found.name for found in self._directory.iterdir() if not found.name.startswith(".")]
        except OSError as error:
            text = f"{self._where} cannot be read ({error.strerror}). {_PUT}; in a Pod, mount a Secret with them there."
            raise SecretProblem(Reason.CREDENTIALS_MISSING, text) from None

    def _whole(self) -> tuple[tuple[object, ...], dict[str, str]]:
        """All values of one mount: one that is replaced meanwhile would give the id of one key, the secret of another.

        A directory that changes all the time is read as it is, and again the next time.
        """
        for _ in range(_TRIES):
            before, values = self._states(), self._values()
            if self._states() == before:
                break
        return before, values

    def _states(self) -> tuple[object, ...]:
        return tuple(self._state(name) for name in FIELDS)

    def _state(self, name: str) -> tuple[int, int, int] | None:
        try:
            found = (self._directory / name).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _values(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for name in FIELDS:
            try:
                values[name] = _text(self._directory / name)
            except FileNotFoundError:
                continue
            except OSError as error:
                text = f"{self._where}: {name} cannot be read ({error.strerror}); mend the mount or its permissions."
                raise SecretProblem(Reason.CREDENTIALS_MISSING, text) from None
            except ValueError:
                text = f"{self._where}: {name} is not a short text; store the API key anew."
                raise SecretProblem(Reason.CREDENTIALS_MALFORMED, text) from None
        return values


def _text(path: Path) -> str:
    """A small file's text. ValueError for what is no regular file (a pipe would be waited for), no text, or longer."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ValueError("not a file")
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError("too long")
    return content.decode("utf-8")


class AccountKeys:
    """ports.Keys. `endpoint`, `owner`, `zone`: the operator's settings; `own` None: only resources with a Secret work.

    `read_secret` reads one Secret of a resource's namespace; what it answered serves all for `max_age` seconds, a
    failure for `retry`. Every value read is made known to `scrubber` before it is handed out.
    """

    def __init__(
        self,
        own: Source | None,
        endpoint: str,
        read_secret: ReadSecret,
        now: Callable[[], Instant],
        scrubber: Scrubber,
        *,
        owner: str | None = None,
        zone: str | None = None,
        max_age: float = 50.0,
        retry: float = 15.0,
    ) -> None:
        self._own = own
        self._endpoint = endpoint
        self._read_secret = read_secret
        self._scrubber = scrubber
        self._owner = owner
        self._zone = zone
        self._sources: Sources[KeySource, KeyPair] = Sources(now, max_age=max_age, retry=retry)

    def when_turned(self, turned: Callable[[KeySource], None]) -> None:
        """Whom to tell of a source (ports.source_of) that holds something else than it did."""
        self._sources.turned = turned

    async def credentials(self, resource: Resource) -> Credentials:
        """The key and the account that the resource wishes; SecretProblem when something is missing or malformed."""
        name = resource.desired.credentials_secret
        if name is None:
            pair, owner, zone = self._of_operator()
            hint = "spec.{0} or the operator's setting {0}"
        else:
            pair = await self._of_secret(resource.ref.namespace, name)
            owner, zone = pair.owner, pair.zone
            hint = f"spec.{{0}} or the key {{0}} of Secret {name}"
        wished = {"owner": resource.desired.owner or owner, "zone": resource.desired.zone or zone}
        return self._made(pair, wished, hint, own=name is None)

    def own(self, owner: str | None = None, zone: str | None = None) -> Credentials:
        """The operator's own key (doctor, readiness): the account of its settings."""
        pair, own_owner, own_zone = self._of_operator()
        wished = {"owner": owner or own_owner, "zone": zone or own_zone}
        return self._made(pair, wished, "the operator's setting {0}", own=True)

    def _of_operator(self) -> tuple[KeyPair, str | None, str | None]:
        if self._own is None:
            text = (
                "The operator has no API key of its own: give it one (setting credentials_dir; in the chart "
                "credentials.existingSecret), or name a Secret in spec.credentialsSecretRef."
            )
            raise SecretProblem(Reason.CREDENTIALS_MISSING, text)
        pair = self._sources.seen(None, self._own.read)
        return pair, self._owner or pair.owner, self._zone or pair.zone

    async def _of_secret(self, namespace: str, name: str) -> KeyPair:
        async def read() -> KeyPair:
            return parsed(await self._read_secret(namespace, name), f"Secret {namespace}/{name}")

        return await self._sources.get((namespace, name), read)

    def _made(self, pair: KeyPair, wished: Mapping[str, str | None], hint: str, *, own: bool) -> Credentials:
        for name, value in wished.items():
            if not value:
                raise SecretProblem(Reason.CREDENTIALS_MISSING, f"No {name} is given; set {hint.format(name)}.")
            if not (_OWNER if name == "owner" else _WORD).fullmatch(value):
                raise SecretProblem(
                    Reason.CREDENTIALS_MALFORMED, f"The {name} is no valid {name}; mend {hint.format(name)}."
                )
        key, secret = pair.access_key_id.get_secret_value(), pair.secret_access_key.get_secret_value()
        self._scrubber.add(key)
        self._scrubber.add(secret)
        account = Account(self._endpoint, wished["zone"] or "", wished["owner"] or "")
        return Credentials(key, secret, account, pair.fingerprint, own, pair.where)
