"""amqtt's plugins of ours: who may connect, and what each may publish, subscribe to and receive."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from edge.broker.account_files import AccountFiles, StoredAccount
from edge.broker.rights import may_read, may_subscribe, may_write


@dataclass
class _Files:
    """files: account files, the earlier one wins."""

    files: list[str] = field(default_factory=list)


class TokenAuth(BaseAuthPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Admits a session whose password is the token of its account."""

    Config = _Files

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._accounts = AccountFiles([Path(file) for file in self.config.files])

    async def authenticate(self, *, session: Session) -> bool:
        """Never None: no account, no entrance."""
        return admitted(self._accounts, session) is not None


class TopicRights(BaseTopicPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Holds every message and every subscription against the account's rights, in each direction."""

    Config = _Files

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._accounts = AccountFiles([Path(file) for file in self.config.files])

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Never None: what no right allows is denied."""
        if session is None or session.username is None or topic is None:
            return False
        account = self._accounts.current().get(session.username)
        return account is not None and allowed(account, topic, action)


def admitted(accounts: AccountFiles, session: Session) -> StoredAccount | None:
    """The session's account when its password matches, else None. Also asked again and again while it is connected."""
    if session.username is None or session.password is None:
        return None
    account = accounts.current().get(session.username)
    return account if account is not None and account.matches(session.password) else None


def allowed(account: StoredAccount, topic: str, action: Action | None) -> bool:
    """Whether the account's rights cover the action on this topic (a filter, when subscribing)."""
    if action == Action.PUBLISH:
        return may_write(account.rights, topic)
    if action == Action.SUBSCRIBE:
        return may_subscribe(account.rights, topic)
    return action == Action.RECEIVE and may_read(account.rights, topic)
