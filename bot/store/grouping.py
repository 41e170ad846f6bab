"""Groups made of links between articles: the same ones in whatever order articles came. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model import PUBLIC_SCOPE_ID
from bot.store.likeness import WITHIN_S

Link = tuple[int, int, float]
"""Two articles and how surely they tell one story."""


@dataclass(frozen=True, slots=True)
class Member:
    """An article as grouping sees it; `rank` orders articles whatever their ids."""

    id: int
    scope_id: int
    feed_id: int
    source_id: int
    at: int
    rank: tuple[int, str, str]


_Groups = dict[int, list[Member]]


def may_join(one: Member, other: Member) -> bool:
    """Whether two articles may tell one story: another feed's, or another publisher's."""
    sources = (one.source_id, other.source_id)
    apart = one.feed_id != other.feed_id or (all(sources) and sources[0] != sources[1])
    return apart and abs(one.at - other.at) <= WITHIN_S


def grouped(members: Mapping[int, Member], links: Iterable[Link]) -> dict[int, int]:
    """Return the story of each article that has company, the surest links first.

    A story holds one article a publisher and spans three days at most.
    """
    known = [link for link in links if link[0] in members and link[1] in members]
    known.sort(key=lambda link: _order(members, link))
    scopes = {member.scope_id for member in members.values()} - {PUBLIC_SCOPE_ID}
    public = _joined(members, known, {}, PUBLIC_SCOPE_ID)
    stories = _named(public)
    for scope_id in sorted(scopes):
        stories |= _named(_joined(members, known, public, scope_id))
    return stories


def _order(members: Mapping[int, Member], link: Link) -> tuple[object, ...]:
    return (-link[2], *sorted((members[link[0]].rank, members[link[1]].rank)))


def _joined(
    members: Mapping[int, Member], links: Sequence[Link], public: _Groups, scope_id: int
) -> _Groups:
    """Return the group of each article as one guild sees it, or the public."""
    seen = {PUBLIC_SCOPE_ID, scope_id}
    groups = {member.id: [member] for member in members.values() if member.scope_id in seen}
    for group in public.values():
        shared = list(group)
        groups.update((member.id, shared) for member in group)
    for one_id, other_id, _ in links:
        one, other = groups.get(one_id), groups.get(other_id)
        if one is None or other is None or one is other:
            continue
        if not all(may_join(mine, theirs) for mine in one for theirs in other):
            continue
        if scope_id != PUBLIC_SCOPE_ID and _is_public(one) and _is_public(other):
            continue
        one.extend(other)
        groups.update((member.id, one) for member in other)
    return groups


def _is_public(group: Sequence[Member]) -> bool:
    return any(member.scope_id == PUBLIC_SCOPE_ID for member in group)


def _named(groups: _Groups) -> dict[int, int]:
    named: dict[int, int] = {}
    for article_id, group in groups.items():
        if len(group) > 1:
            public = [m.id for m in group if m.scope_id == PUBLIC_SCOPE_ID]
            named[article_id] = min(public or (m.id for m in group))
    return named
