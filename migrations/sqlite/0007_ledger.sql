-- What happened to contracts, appended and never changed: each record's canonical bytes name the hash of the record
-- before. The counter `ledger` says how many there are.
CREATE TABLE ledger (
    seq       INTEGER PRIMARY KEY,
    contract  BLOB NOT NULL,
    canonical BLOB NOT NULL,
    hash      BLOB NOT NULL UNIQUE
) STRICT;
-- What happened to one contract.
CREATE INDEX ledger_of_contract ON ledger (contract, seq);
