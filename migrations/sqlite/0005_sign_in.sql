-- Wrong passwords of users in a row, and how many are being verified at this moment, whatever the node.
CREATE TABLE sign_in (
    -- Goes with its user.
    subject  INTEGER PRIMARY KEY REFERENCES entity (row) ON DELETE CASCADE,
    failures INTEGER NOT NULL,
    pending  INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- Lists what was changed in a span of time, in the order of the changes.
CREATE INDEX entity_by_change ON entity (kind, updated, row);
