"""The tables as they stand now. How a database comes to have them is in ``migrations/``; a test holds the two together.

A rule is in two of them. ``rules`` is what its maker said, and changes when a person does something; ``rule_states`` is
where it stands, and is all that the watch reads and writes. What must outlive a rule or a channel, events and their
deliveries, keeps the name of it and no reference.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from dozor.storage.sql.columns import Edge, Instant, Number

metadata = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Indexes of some of the rows. SQLite goes by one only where a query says the very same condition.
IS_THERE = text("deleted_at IS NULL")
IS_UNFINISHED = text("finished_at IS NULL")
IS_DUE = text("due_at IS NOT NULL")
IS_OWNER = text("is_owner")

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("is_owner", Boolean, nullable=False),
    Column("telegram_user_id", Number, unique=True),
    Column("settings", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Index("ux_users_owner", users.c.is_owner, unique=True, sqlite_where=IS_OWNER, postgresql_where=IS_OWNER)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
)
Index("ix_tokens_of_user", tokens.c.user_id)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("made_by", Text, ForeignKey("users.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_by", Text, ForeignKey("users.id")),
    Column("used_at", Instant),
)

channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("secret", LargeBinary),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("failing_since", Instant),
    Column("created_at", Instant, nullable=False),
)
Index("ix_channels_of_user", channels.c.user_id)

rules = Table(
    "rules",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("external_id", Text),
    Column("version", Integer, nullable=False),
    Column("coin_id", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("change", Number, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    sqlite_autoincrement=True,  # or the number of a deleted rule would be another's, in indexes that still hold it
)
for _name, _column in (("fingerprint", rules.c.fingerprint), ("external_id", rules.c.external_id)):
    Index(
        f"ux_rules_{_name}",
        rules.c.user_id,
        _column,
        unique=True,
        sqlite_where=IS_THERE,
        postgresql_where=IS_THERE,
    )
Index("ix_rules_of_user", rules.c.user_id, rules.c.number)

rule_channels = Table(
    "rule_channels",
    metadata,
    Column("rule_number", Number, ForeignKey("rules.number", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("channel_id", Text, ForeignKey("channels.id"), nullable=False),
)
Index("ix_rule_channels_of_channel", rule_channels.c.channel_id)

rule_states = Table(
    "rule_states",
    metadata,
    # ``number`` is the rule's; ``due_at`` is empty while the rule is not live.
    Column("number", Number, ForeignKey("rules.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("seq", Number, nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("is_awake", Boolean, nullable=False),
    Column("wants_wicks", Boolean, nullable=False),
    Column("below", Edge),
    Column("above", Edge),
    Column("series", Text, nullable=False),
    Column("due_at", Instant),
    Column("body", Text, nullable=False),
    Column("since", Instant),
)
Index("ix_rule_states_due", rule_states.c.due_at, sqlite_where=IS_DUE, postgresql_where=IS_DUE)

series_marks = Table(
    "series_marks",
    metadata,
    Column("series", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

series_pieces = Table(
    "series_pieces",
    metadata,
    # What a derived series remembers, a piece to a row, so that a new price rewrites one of them.
    Column("series", Text, primary_key=True),
    Column("slot", Number, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule_number", Number, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("latch", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("detected_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("rule_number", "version", "latch", "episode", "n", name="uq_events_identity"),
)
Index("ix_events_of_user", events.c.user_id, events.c.id)
Index("ix_events_detected", events.c.detected_at)

outbox = Table(
    "outbox",
    metadata,
    # The order of deliveries of one rule is that of ``ordinal``. ``due_at`` is when somebody has to look after it: to
    # send it, or, once it is claimed, because whoever did is gone. It is empty when nobody has to: the delivery is
    # finished, or another of the same rule and channel comes first.
    Column("ordinal", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("event_id", Text, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("rule_number", Number, nullable=False),
    Column("status", Text, nullable=False),
    Column("due_at", Instant),
    Column("deliver_by", Instant, nullable=False),
    Column("holder", Text),
    Column("claims", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("may_have_arrived", Boolean, nullable=False),
    Column("last_outcome", Text),
    Column("last_detail", Text),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("event_id", "channel_id"),
    sqlite_autoincrement=True,
)
Index("ix_outbox_due", outbox.c.due_at, outbox.c.ordinal, sqlite_where=IS_DUE, postgresql_where=IS_DUE)
Index(
    "ix_outbox_line",
    outbox.c.rule_number,
    outbox.c.channel_id,
    outbox.c.ordinal,
    sqlite_where=IS_UNFINISHED,
    postgresql_where=IS_UNFINISHED,
)
Index("ix_outbox_of_user", outbox.c.user_id, outbox.c.ordinal)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Text, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", Number, nullable=False),
    Column("until", Instant, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Number, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("until", Instant, nullable=False),
)
Index("ix_idempotency_keys_until", idempotency_keys.c.until)
