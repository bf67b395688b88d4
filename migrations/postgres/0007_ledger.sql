-- What happened to contracts, appended and never changed: each record's canonical bytes name the hash of the record
-- before. The counter `ledger` says how many there are.
CREATE TABLE ledger (
    seq       BIGINT PRIMARY KEY,
    contract  UUID NOT NULL,
    canonical BYTEA NOT NULL,
    hash      BYTEA NOT NULL UNIQUE
);
-- What happened to one contract.
CREATE INDEX ledger_of_contract ON ledger (contract, seq);
