-- The first schema. The same logical tables stand in the PostgreSQL folder under the same number.
-- entity.doc is the truth; attr_index, attr_unique, reference and tree follow from it and can be rebuilt.

CREATE TABLE entity (
    -- AUTOINCREMENT: a cursor that stands at a deleted last row must not meet a newer entity under its number.
    row     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    kind    INTEGER NOT NULL,
    home    INTEGER,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
-- Lists the ids of a kind in creation order without touching the documents.
CREATE INDEX entity_of_kind ON entity (kind, row, id);

CREATE TABLE attribute (
    attr    INTEGER PRIMARY KEY,
    kind    INTEGER NOT NULL,
    name    TEXT NOT NULL,
    indexed INTEGER NOT NULL,
    many    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('building', 'ready')),
    -- A name means one attribute of a kind.
    UNIQUE (kind, name)
) STRICT;

-- Its key is the search: an attribute's keys in order, then creation. No foreign key: checking one at a delete
-- would need a second index as large as the table.
CREATE TABLE attr_index (
    attr INTEGER NOT NULL,
    key  BLOB NOT NULL,
    row  INTEGER NOT NULL,
    PRIMARY KEY (attr, key, row)
) STRICT, WITHOUT ROWID;

-- Its key holds uniqueness; scope 0 is everywhere.
CREATE TABLE attr_unique (
    attr  INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    key   BLOB NOT NULL,
    row   INTEGER NOT NULL REFERENCES entity (row),
    PRIMARY KEY (attr, scope, key)
) STRICT, WITHOUT ROWID;
-- A delete takes an entity's keys out, and the foreign key is checked, by row.
CREATE INDEX attr_unique_of_row ON attr_unique (row);

-- Its key finds who refers to a row; the row leads, because a delete checks the foreign key by it alone.
CREATE TABLE reference (
    from_row INTEGER NOT NULL REFERENCES entity (row),
    attr     INTEGER NOT NULL,
    to_row   INTEGER NOT NULL REFERENCES entity (row),
    PRIMARY KEY (to_row, attr, from_row)
) STRICT, WITHOUT ROWID;
-- What a row refers to: links between two ends, and a delete of the referring entity.
CREATE INDEX reference_from ON reference (from_row, attr, to_row);

-- Every organization under each of its ancestors and under itself (depth 0). Its key lists a subtree by row.
CREATE TABLE tree (
    ancestor     INTEGER NOT NULL REFERENCES entity (row),
    organization INTEGER NOT NULL REFERENCES entity (row),
    depth        INTEGER NOT NULL,
    PRIMARY KEY (ancestor, organization)
) STRICT, WITHOUT ROWID;
-- The way from the root to an organization, in order.
CREATE INDEX tree_upwards ON tree (organization, depth);

CREATE TABLE credential (
    subject INTEGER PRIMARY KEY REFERENCES entity (row),
    phc     TEXT NOT NULL,
    set_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE secret (
    purpose    TEXT NOT NULL,
    hash       BLOB NOT NULL,
    subject    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    uses_left  INTEGER NOT NULL,
    tries_left INTEGER NOT NULL,
    PRIMARY KEY (purpose, hash)
) STRICT, WITHOUT ROWID;
-- Secrets go with their subject, and wrong attempts are counted on all of a subject's.
CREATE INDEX secret_of_subject ON secret (subject, purpose);
-- Retention drops what has expired.
CREATE INDEX secret_by_end ON secret (expires);

CREATE TABLE job (
    name        TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    cursor      TEXT NOT NULL,
    lease_owner BLOB,
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id         BLOB PRIMARY KEY,
    created    INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    recipient  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL,
    last_error TEXT NOT NULL
) STRICT;
-- The worker takes what is due.
CREATE INDEX outbox_due ON outbox (state, due);

CREATE TABLE idempotency (
    client       TEXT NOT NULL,
    key          TEXT NOT NULL,
    fingerprint  BLOB NOT NULL,
    status       INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    created      INTEGER NOT NULL,
    PRIMARY KEY (client, key)
) STRICT;
-- Retention drops answers older than a day.
CREATE INDEX idempotency_by_age ON idempotency (created);

-- Used between the nodes of a PostgreSQL installation; here data_version tells of other processes.
CREATE TABLE change (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    tx      INTEGER NOT NULL,
    node    BLOB NOT NULL,
    touched INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lock (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    row          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The one index beside the key: records are read by id, and listed in the order they were written.
    id           BLOB NOT NULL UNIQUE,
    at           INTEGER NOT NULL,
    event_id     TEXT NOT NULL,
    module_id    TEXT NOT NULL,
    category     TEXT NOT NULL,
    client       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    entity_id    BLOB,
    reference_id TEXT NOT NULL,
    canonical    BLOB NOT NULL
) STRICT;

CREATE TABLE audit_seal (
    seq       INTEGER PRIMARY KEY,
    -- A record is sealed once; the sealer looks for those that are not.
    audit_row INTEGER NOT NULL UNIQUE REFERENCES audit (row),
    hash      BLOB NOT NULL
) STRICT;
