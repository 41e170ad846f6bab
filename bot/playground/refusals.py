"""How Discord says no: a status, a code, a sentence and, for a bad form, a tree of errors."""

from typing import Any

Json = dict[str, Any]

SENTENCES = {
    0: "401: Unauthorized",
    10002: "Unknown Application",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10011: "Unknown Role",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    30007: "Maximum number of webhooks reached (15)",
    40005: "Request entity too large",
    40033: "This message has already been crossposted",
    40058: "Cannot message this thread until after the post author has sent an initial message.",
    40060: "Interaction has already been acknowledged.",
    40066: "Tag can only be added or removed by moderators",
    40067: "A tag is required to create a forum post in this channel",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50045: "File uploaded exceeds the maximum size",
    50068: "Invalid message type",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    160004: "A thread has already been created for this message",
    160005: "Thread is locked",
    220001: "Webhooks posted to forum channels must have a thread_name or thread_id",
}

STATUS = {
    10062: 404,
    50001: 403,
    50005: 403,
    50013: 403,
    40005: 413,
    50027: 401,
}


class Refused(Exception):
    """An answer other than the one hoped for, in Discord's shape."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Return the JSON that Discord would send."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def refused(code: int) -> Refused:
    """Return the refusal with this code, its usual sentence and status."""
    status = STATUS.get(code, 404 if 10_000 <= code < 11_000 else 400)
    return Refused(status, code, SENTENCES[code])


class Problems:
    """Collects what is wrong with a form, each at its place, as Discord's nested `errors`."""

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        """Note one problem at a path of keys and indices."""
        node = self.tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: tuple[str | int, ...], value: object, low: int, high: int) -> bool:
        """Check a text's or list's length and note a problem; answer whether it is right."""
        if value is None:
            if low > 0:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
            return low == 0
        if not isinstance(value, str | list):
            self.add(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
            return False
        size = len(value.strip()) if isinstance(value, str) else len(value)
        if low <= size <= high:
            return True
        if size == 0 and low > 0 and isinstance(value, str):
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif low > 0:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        return False

    def items(self, path: tuple[str | int, ...], value: Any, low: int, high: int) -> list[Json]:
        """Check a list's length; answer the list, or an empty one when it is wrong."""
        if value is not None and not isinstance(value, list):
            self.add(path, "BASE_TYPE_BAD_TYPE", "Only lists may be used here.")
            return []
        return (value or []) if self.length(path, value, low, high) else []

    def check(self) -> None:
        """Raise the 50035 of everything noted, if anything was."""
        if self.tree:
            raise Refused(400, 50035, SENTENCES[50035], self.tree)
