-- What makes the sealed trail quick to search, and what an archive leaves behind. Sequence numbers are those of
-- audit_seal; block n holds the 64 numbers from 64 n on.

-- Which records of a block have a value: bit i stands for number 64 * block + i. The term is a hash of field and
-- value. Written by the sealer alone, so that changes pay for no index; can be rebuilt (valtuus reindex).
CREATE TABLE audit_posting (
    term  BIGINT NOT NULL,
    block BIGINT NOT NULL,
    bits  BIGINT NOT NULL,
    PRIMARY KEY (term, block)
);

-- Bounds in time that rise with the blocks: the latest instant up to the end of a block, the earliest from its
-- beginning on. Rebuilt like the postings.
CREATE TABLE audit_block (
    block  BIGINT PRIMARY KEY,
    latest BIGINT NOT NULL,
    floor  BIGINT NOT NULL
);
-- Where a span of time begins, and where it ends.
CREATE INDEX audit_block_latest ON audit_block (latest, block);
CREATE INDEX audit_block_floor ON audit_block (floor, block);

-- What was archived and removed: the numbers from first to seq, and how the chain stood at their end. The first
-- record that is still there follows the last of these.
CREATE TABLE audit_checkpoint (
    first     BIGINT PRIMARY KEY,
    seq       BIGINT NOT NULL UNIQUE,
    hash      BYTEA NOT NULL,
    audit_row BIGINT NOT NULL,
    records   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    digest    BYTEA NOT NULL
);
