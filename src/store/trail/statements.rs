//! The SQL of the trail; the rules of `store/statements.rs` hold here too.

/// The columns of a record with its seal, in the order the decoder reads them.
macro_rules! trail_columns {
    () => {
        "a.row, a.id, a.at, a.event_id, a.module_id, a.category, a.client, a.kind, a.entity_id, a.reference_id, \
         a.canonical, s.seq, s.hash"
    };
}

pub(in crate::store) const RECORD: &str = concat!(
    "SELECT ",
    trail_columns!(),
    " FROM audit a LEFT JOIN audit_seal s ON s.audit_row = a.row WHERE a.id = $1"
);
pub(in crate::store) const RUN: &str = concat!(
    "SELECT ",
    trail_columns!(),
    " FROM audit_seal s JOIN audit a ON a.row = s.audit_row WHERE s.seq > $1 AND s.seq <= $2 ORDER BY s.seq LIMIT $3"
);
// The condition on the seal's own column keeps a merge of the two from beginning at the first seal.
pub(in crate::store) const UNSEALED: &str = concat!(
    "SELECT ",
    trail_columns!(),
    " FROM audit a LEFT JOIN audit_seal s ON s.audit_row = a.row AND s.audit_row > $1 \
     WHERE a.row > $1 AND s.audit_row IS NULL ORDER BY a.row LIMIT $2"
);
pub(in crate::store) const POSTINGS: &str = "SELECT p.term, p.block, p.bits FROM audit_posting p \
     WHERE p.term = $1 AND p.block >= $2 ORDER BY p.block LIMIT $3";
pub(in crate::store) const BLOCK_FROM: &str =
    "SELECT b.block FROM audit_block b WHERE b.latest >= $1 ORDER BY b.latest, b.block LIMIT 1";
pub(in crate::store) const BLOCK_TO: &str =
    "SELECT b.block FROM audit_block b WHERE b.floor < $1 ORDER BY b.floor DESC, b.block DESC LIMIT 1";
pub(in crate::store) const SEALED: &str = "SELECT \
     coalesce((SELECT max(s.seq) FROM audit_seal s), \
     (SELECT c.seq FROM audit_checkpoint c WHERE c.first = (SELECT max(d.first) FROM audit_checkpoint d)), 0), \
     coalesce((SELECT max(s.audit_row) FROM audit_seal s), \
     (SELECT c.audit_row FROM audit_checkpoint c WHERE c.first = (SELECT max(d.first) FROM audit_checkpoint d)), 0), \
     coalesce((SELECT CAST(NULLIF(j.cursor, '') AS BIGINT) FROM job j WHERE j.name = 'seal'), 0)";
pub(in crate::store) const BOUNDS: &str = "SELECT b.block, b.latest, b.floor FROM audit_block b \
     WHERE b.block >= $1 AND b.block <= $2 ORDER BY b.block";
pub(in crate::store) const LINKS: &str = concat!(
    "SELECT ",
    trail_columns!(),
    ", s.audit_row FROM audit_seal s LEFT JOIN audit a ON a.row = s.audit_row WHERE s.seq > $1 ORDER BY s.seq LIMIT $2"
);
pub(in crate::store) const CHECKPOINT: &str = "SELECT c.first, c.seq, c.hash, c.audit_row, c.records, c.at, c.digest \
     FROM audit_checkpoint c WHERE c.first = (SELECT max(d.first) FROM audit_checkpoint d)";
pub(in crate::store) const LAST_ROW: &str = "SELECT coalesce(max(a.row), 0) FROM audit a";
pub(in crate::store) const LAST_SEAL: &str =
    "SELECT s.seq, s.hash FROM audit_seal s ORDER BY s.seq DESC LIMIT 1";
pub(in crate::store) const LATEST: &str = "SELECT b.latest FROM audit_block b ORDER BY b.block DESC LIMIT 1";

/// Who holds the lock that every writer of the trail takes before its record gets a number, and keeps to its end.
pub(in crate::store) const WRITERS: &str = "SELECT DISTINCT l.virtualtransaction::text FROM pg_locks l \
     WHERE l.locktype = 'relation' AND l.relation = 'audit'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted \
     AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) \
     AND l.pid IS DISTINCT FROM pg_backend_pid()";

pub(in crate::store) const LOWER_FLOORS: &str =
    "UPDATE audit_block SET floor = $1 WHERE floor > $1 AND block < $2";
pub(in crate::store) const DROP_SEALS: &str = "DELETE FROM audit_seal WHERE seq >= $1 AND seq <= $2";
pub(in crate::store) const DROP_BLOCKS: &str = "DELETE FROM audit_block WHERE block < $1";
pub(in crate::store) const PUT_CHECKPOINT: &str = "INSERT INTO audit_checkpoint \
     (first, seq, hash, audit_row, records, at, digest) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (first) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, audit_row = excluded.audit_row, \
     records = excluded.records, at = excluded.at, digest = excluded.digest";

/// Batch statements for SQLite, shaped as in `store/statements.rs`.
pub(in crate::store) mod sqlite {
    pub(in crate::store) const NUMBERED: &str = concat!(
        "SELECT ",
        trail_columns!(),
        " FROM json_each($1) j CROSS JOIN audit_seal s ON s.seq = j.value->>0 \
         CROSS JOIN audit a ON a.row = s.audit_row ORDER BY s.seq"
    );
    pub(in crate::store) const PUT_SEALS: &str = "INSERT INTO audit_seal (seq, audit_row, hash) \
         SELECT j.value->>0, j.value->>1, unhex(j.value->>2) FROM json_each($1) j";
    pub(in crate::store) const ADD_POSTINGS: &str = "INSERT INTO audit_posting (term, block, bits) \
         SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j WHERE true \
         ON CONFLICT (term, block) DO UPDATE SET bits = audit_posting.bits | excluded.bits";
    pub(in crate::store) const PUT_BLOCKS: &str = "INSERT INTO audit_block (block, latest, floor) \
         SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j WHERE true \
         ON CONFLICT (block) DO UPDATE SET latest = max(audit_block.latest, excluded.latest), \
         floor = min(audit_block.floor, excluded.floor)";
    pub(in crate::store) const SET_BLOCKS: &str = "INSERT INTO audit_block (block, latest, floor) \
         SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j WHERE true \
         ON CONFLICT (block) DO UPDATE SET latest = excluded.latest, floor = excluded.floor";
    pub(in crate::store) const HELD_POSTINGS: &str = "SELECT p.term, p.block, p.bits FROM json_each($1) j \
         CROSS JOIN audit_posting p ON p.term = j.value->>0 AND p.block = j.value->>1";
    pub(in crate::store) const DROP_RECORDS: &str =
        "DELETE FROM audit WHERE row IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const DROP_POSTINGS: &str = "DELETE FROM audit_posting WHERE (term, block) IN \
         (SELECT j.value->>0, j.value->>1 FROM json_each($1) j)";
}

/// Batch statements for PostgreSQL, shaped as in `store/statements.rs`.
pub(in crate::store) mod postgres {
    pub(in crate::store) const NUMBERED: &str = concat!(
        "SELECT ",
        trail_columns!(),
        " FROM audit_seal s JOIN audit a ON a.row = s.audit_row WHERE s.seq = ANY($1) ORDER BY s.seq"
    );
    pub(in crate::store) const PUT_SEALS: &str = "INSERT INTO audit_seal (seq, audit_row, hash) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
    pub(in crate::store) const ADD_POSTINGS: &str = "INSERT INTO audit_posting (term, block, bits) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) \
         ON CONFLICT (term, block) DO UPDATE SET bits = audit_posting.bits | excluded.bits";
    pub(in crate::store) const PUT_BLOCKS: &str = "INSERT INTO audit_block (block, latest, floor) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) \
         ON CONFLICT (block) DO UPDATE SET latest = greatest(audit_block.latest, excluded.latest), \
         floor = least(audit_block.floor, excluded.floor)";
    pub(in crate::store) const SET_BLOCKS: &str = "INSERT INTO audit_block (block, latest, floor) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) \
         ON CONFLICT (block) DO UPDATE SET latest = excluded.latest, floor = excluded.floor";
    pub(in crate::store) const HELD_POSTINGS: &str = "SELECT p.term, p.block, p.bits \
         FROM unnest($1::bigint[], $2::bigint[]) AS n (term, block) \
         JOIN audit_posting p ON p.term = n.term AND p.block = n.block";
    pub(in crate::store) const DROP_RECORDS: &str = "DELETE FROM audit WHERE row = ANY($1)";
    pub(in crate::store) const DROP_POSTINGS: &str = "DELETE FROM audit_posting p \
         USING unnest($1::bigint[], $2::bigint[]) AS n (term, block) WHERE p.term = n.term AND p.block = n.block";
}

/// The statements that read in the service of a request.
pub(in crate::store) const READS: [&str; 8] =
    [RECORD, RUN, UNSEALED, POSTINGS, BLOCK_FROM, BLOCK_TO, SEALED, CHECKPOINT];
/// The statements that write, and are the same on both databases.
#[cfg(test)]
pub(in crate::store) const WRITES: [&str; 4] = [LOWER_FLOORS, DROP_SEALS, DROP_BLOCKS, PUT_CHECKPOINT];
