"""The response envelope: ret_codes, their varying texts, and the JSON bytes.

Lives here: `Refused` (how a call says no) and the making of bodies. Everyone in the core may import it.
Never comes in: state. No text is documented for any code, so the texts vary and are in two languages on purpose.
"""

import json
from dataclasses import dataclass

from hpc_simulator.dressing import dressed, worded
from hpc_simulator.settings import Settings

Fields = dict[str, object]

MESSAGES: dict[int, tuple[str, ...]] = {
    1100: ("message malformed", "消息格式错误", "MalformedMessage: the body cannot be read"),
    1101: ("invalid parameter", "方法或参数错误", "InvalidRequestMethodOrParameter"),
    1200: ("authentication failed", "认证失败", "AuthFailure, signature not matched"),
    1300: ("message expired", "消息已过期", "RequestHasExpired"),
    1400: ("permission denied", "访问被拒绝", "PermissionDenied, resource cannot be operated in its status"),
    2100: ("resource not found", "找不到资源", "ResourceNotFound"),
    2110: ("resource already exists", "资源已存在", "ResourceAlreadyExists"),
    2400: ("balance not enough", "余额不足", "BalanceNotEnough, please recharge"),
    2500: ("quota exceeded", "超过配额", "QuotasExceeded", "配额超限，请稍后再试"),
    5000: ("internal error", "内部错误"),
    5100: ("server busy", "服务器繁忙"),
    5200: ("insufficient resources", "资源不足"),
    5300: ("server is being updated", "服务器更新中"),
    5400: ("dependency exists", "存在依赖关系"),
    8000: ("configuration rejected", "配置校验失败"),
}
"""Texts by code; the list of codes is the API reference's error page. A code without texts gets a general one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A list whose elements are JSON texts already; only for settings that leave an answer's objects as they are."""

    elements: tuple[str, ...]


class Refused(Exception):  # noqa: N818  # an answer of the API, not a fault of the program
    """The call is refused with `code`; `detail` says to a person what was wrong."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def message(code: int, detail: str, turn: int, settings: Settings) -> str:
    """A text for a refusal; `turn` picks among the wordings, where they vary."""
    texts = MESSAGES.get(code, ("request failed", "请求失败"))
    text = texts[turn % len(texts) if settings.messages == "varied" else 0]
    return worded(f"{text}: {detail}" if detail else text, settings)


def body(action: str, fields: Fields, settings: Settings) -> bytes:
    """The JSON text of an answer with ret_code 0."""
    whole = {name: None if isinstance(value, Written) else value for name, value in fields.items()}
    text = json.dumps(dressed({"action": action, "ret_code": 0, **whole}, settings))
    for name, value in fields.items():
        if isinstance(value, Written):
            key = f"{json.dumps(name)}: "
            text = text.replace(f"{key}null", f"{key}[{', '.join(value.elements)}]", 1)
    return text.encode()


def refusal(action: str, code: int, text: str, settings: Settings) -> bytes:
    """The JSON text of an answer with another ret_code."""
    document: Fields = {"action": action, "ret_code": code, "message": text}
    return json.dumps(dressed(document, settings), ensure_ascii=False).encode()
