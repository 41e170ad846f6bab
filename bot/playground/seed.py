"""The world that a playground begins with: one guild, its channels, a member and a moderator."""

from bot.playground.clock import Clock, Snowflakes
from bot.playground.permissions import Permission
from bot.playground.world import (
    ANNOUNCEMENT,
    FORUM,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Member,
    Message,
    Overwrite,
    Role,
    Tag,
    User,
    World,
)

P = Permission
EVERYONE = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.CREATE_PUBLIC_THREADS
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.USE_EXTERNAL_EMOJIS
    | P.CHANGE_NICKNAME
    | P.USE_APPLICATION_COMMANDS
    | P.USE_EXTERNAL_APPS
)
MODERATOR = P.MANAGE_GUILD | P.MANAGE_CHANNELS | P.MANAGE_MESSAGES | P.MANAGE_THREADS
BOT = P.MANAGE_MESSAGES | P.MANAGE_THREADS | P.MANAGE_WEBHOOKS | P.PIN_MESSAGES
FORUM_TAGS = ("News", "Analysis", "Science", "Culture", "Interview")


def first_world(ids: Snowflakes, clock: Clock) -> World:
    """Return the world of a fresh start."""
    now = clock.now()
    guild, owner, bot = ids.next(), ids.next(), ids.next()
    world = World(guild, "Tagwire Playground", owner, bot)
    people = (
        User(owner, "olga", "Olga"),
        User(bot, "Tagwire", None, bot=True),
        User(ids.next(), "mina", "Mina"),
        User(ids.next(), "ravi", "Ravi"),
    )
    everyone = Role(guild, "@everyone", int(EVERYONE))
    moderator = Role(ids.next(), "Moderator", int(MODERATOR), 2, 0x2E8B57)
    own = Role(ids.next(), "Tagwire", int(BOT), 1, managed=True)
    world.roles = {role.id: role for role in (everyone, moderator, own)}
    world.users = {user.id: user for user in people}
    held = {"Tagwire": (own.id,), "ravi": (moderator.id,)}
    world.members = {u.id: Member(u.id, now, held.get(u.username, ())) for u in people}
    _add_channels(world, ids, clock)
    return world


def _add_channels(world: World, ids: Snowflakes, clock: Clock) -> None:
    quiet = (
        Overwrite(world.guild_id, 0, deny=int(P.SEND_MESSAGES)),
        Overwrite(world.bot_id, 1, allow=int(P.SEND_MESSAGES)),
    )
    tags = tuple(Tag(ids.next(), name) for name in FORUM_TAGS)
    rows = (
        Channel(ids.next(), TEXT, "general", topic="Ask the archive: type / to begin", position=0),
        Channel(ids.next(), TEXT, "newsroom", topic="Where the desk works", position=1),
        Channel(ids.next(), ANNOUNCEMENT, "announcements", position=2, overwrites=quiet),
        Channel(ids.next(), FORUM, "stories", topic="One post a story", position=3, tags=tags),
    )
    world.channels = {channel.id: channel for channel in rows}
    owner, newsroom = world.owner_id, rows[1]
    opener = Message(ids.next(), newsroom.id, owner, clock.now(), content="Ideas for the week")
    world.in_channel(newsroom.id)[opener.id] = opener
    thread = Channel(
        ids.next(),
        PUBLIC_THREAD,
        "story ideas",
        parent_id=newsroom.id,
        owner_id=owner,
        changed_at=clock.now(),
    )
    world.channels[thread.id] = thread
    for user_id in world.users:
        world.mark_read(user_id, newsroom.id)
