//! The SQL, once. `$n` stands for parameters on both databases, first used in rising order, because SQLite
//! numbers them by their first appearance. What the two databases write differently (statements that carry
//! whole batches) stands in the modules [`sqlite`] and [`postgres`] under the same names.
//!
//! No statement is put together from text of a request; values travel as parameters only.

/// The columns of an entity, in the order the decoders read them.
macro_rules! columns {
    () => {
        "e.row, e.id, e.kind, e.home, e.version, e.created, e.updated, e.doc"
    };
}

/// The scans that the two databases write differently.
pub(super) struct Own {
    /// Who refers to any of a set of rows.
    pub(super) refers_to_any: Scan,
    /// Who refers into a subtree, by row: as many as the page holds from each organization, merged.
    pub(super) subtree: Scan,
    /// Who refers into a subtree, organization by organization: first the rest of the one last read.
    pub(super) by_organization: Scan,
}

/// A source of hits: how one page of it is read and how it is counted.
pub(super) struct Scan {
    /// Selects row and id, then what else tells the place; the last parameter is the limit.
    pub(super) page: &'static str,
    /// As `page`, selecting the columns of the entity in their stead; `None` where results are sorted or made
    /// distinct, which must not carry documents.
    pub(super) whole: Option<&'static str>,
    /// Counts hits; the parameters of `page` without the position, the last is the limit.
    pub(super) count: &'static str,
}

pub(super) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM entity e WHERE e.id = $1");
pub(super) const BY_ROW: &str = concat!("SELECT ", columns!(), " FROM entity e WHERE e.row = $1");
pub(super) const ENTITIES_AFTER: &str =
    concat!("SELECT ", columns!(), " FROM entity e WHERE e.row > $1 ORDER BY e.row LIMIT $2");
pub(super) const ANCESTRY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tree t JOIN entity e ON e.row = t.ancestor WHERE t.organization = $1 ORDER BY t.depth DESC"
);
pub(super) const HOLDER: &str =
    "SELECT u.row FROM attr_unique u WHERE u.attr = $1 AND u.scope = $2 AND u.key = $3";
pub(super) const CREDENTIAL: &str = "SELECT c.phc, c.set_at FROM credential c WHERE c.subject = $1";
pub(super) const SETTING: &str = "SELECT s.value FROM setting s WHERE s.name = $1";
pub(super) const CUSTOM_ATTRIBUTES: &str =
    "SELECT a.attr, a.kind, a.name, a.indexed, a.many, a.state = 'building' FROM attribute a ORDER BY a.attr";
pub(super) const MIGRATIONS_APPLIED: &str = "SELECT count(*) FROM _sqlx_migrations WHERE success";

/// The two statements of a page: `$keys` or the columns of the entity, then `$extra`, then the rest.
macro_rules! pages {
    ($keys:literal, $extra:literal, $rest:literal) => {
        (concat!("SELECT ", $keys, $extra, $rest), concat!("SELECT ", columns!(), $extra, $rest))
    };
}

const OF_KIND_PAGES: (&str, &str) =
    pages!("e.row, e.id", "", " FROM entity e WHERE e.kind = $1 AND e.row > $2 ORDER BY e.row LIMIT $3");
const KEYS_BETWEEN_PAGES: (&str, &str) = pages!(
    "i.row, e.id",
    ", i.key",
    " FROM attr_index i JOIN entity e ON e.row = i.row \
     WHERE i.attr = $1 AND (i.key, i.row) > ($2, $3) AND i.key < $4 ORDER BY i.key, i.row LIMIT $5"
);
const KEYS_FROM_PAGES: (&str, &str) = pages!(
    "i.row, e.id",
    ", i.key",
    " FROM attr_index i JOIN entity e ON e.row = i.row \
     WHERE i.attr = $1 AND (i.key, i.row) > ($2, $3) ORDER BY i.key, i.row LIMIT $4"
);
const REFERS_TO_ONE_PAGES: (&str, &str) = pages!(
    "r.from_row, e.id",
    "",
    " FROM reference r JOIN entity e ON e.row = r.from_row \
     WHERE r.attr = $1 AND r.to_row = $2 AND r.from_row > $3 ORDER BY r.from_row LIMIT $4"
);

// The ends are joined in the order written: the page is walked along the links of the known end.
const LINKED_PAGES: (&str, &str) = pages!(
    "e.row, e.id",
    ", f.from_row",
    " FROM reference f CROSS JOIN reference o CROSS JOIN entity e \
     WHERE f.attr = $1 AND f.to_row = $2 AND o.from_row = f.from_row AND o.attr = $3 AND e.row = o.to_row \
     AND f.from_row > $4 ORDER BY f.from_row LIMIT $5"
);
const CHANGED_PAGES: (&str, &str) = pages!(
    "e.row, e.id",
    ", e.updated",
    " FROM entity e WHERE e.kind = $1 AND (e.updated, e.row) > ($2, $3) AND e.updated < $4 \
     ORDER BY e.updated, e.row LIMIT $5"
);
const COUNT_SUBTREE: &str = "SELECT count(*) FROM (SELECT 1 FROM tree t CROSS JOIN reference r \
     WHERE r.attr = $1 AND t.ancestor = $2 AND r.to_row = t.organization LIMIT $3) AS found";

pub(super) const OF_KIND: Scan = Scan {
    page: OF_KIND_PAGES.0,
    whole: Some(OF_KIND_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM entity e WHERE e.kind = $1 LIMIT $2) AS found",
};
pub(super) const CHANGED: Scan = Scan {
    page: CHANGED_PAGES.0,
    whole: Some(CHANGED_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM entity e \
            WHERE e.kind = $1 AND e.updated >= $2 AND e.updated < $3 LIMIT $4) AS found",
};
pub(super) const KEYS_BETWEEN: Scan = Scan {
    page: KEYS_BETWEEN_PAGES.0,
    whole: Some(KEYS_BETWEEN_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM attr_index i \
            WHERE i.attr = $1 AND i.key >= $2 AND i.key < $3 LIMIT $4) AS found",
};
pub(super) const KEYS_FROM: Scan = Scan {
    page: KEYS_FROM_PAGES.0,
    whole: Some(KEYS_FROM_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM attr_index i WHERE i.attr = $1 AND i.key >= $2 LIMIT $3) AS found",
};
pub(super) const REFERS_TO_ONE: Scan = Scan {
    page: REFERS_TO_ONE_PAGES.0,
    whole: Some(REFERS_TO_ONE_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM reference r WHERE r.attr = $1 AND r.to_row = $2 LIMIT $3) AS found",
};
pub(super) const BELOW: Scan = Scan {
    whole: None,
    page: "SELECT t.organization, e.id FROM tree t JOIN entity e ON e.row = t.organization \
           WHERE t.ancestor = $1 AND t.organization > $2 AND t.depth > 0 ORDER BY t.organization LIMIT $3",
    count: "SELECT count(*) FROM (SELECT 1 FROM tree t WHERE t.ancestor = $1 AND t.depth > 0 LIMIT $2) AS found",
};
pub(super) const LINKED: Scan = Scan {
    page: LINKED_PAGES.0,
    whole: Some(LINKED_PAGES.1),
    count: "SELECT count(*) FROM (SELECT 1 FROM reference f CROSS JOIN reference o \
            WHERE f.attr = $1 AND f.to_row = $2 AND o.from_row = f.from_row AND o.attr = $3 LIMIT $4) AS found",
};

pub(super) const UPDATE_ENTITY: &str = "UPDATE entity SET version = version + 1, home = $1, updated = $2, doc = $3 WHERE row = $4 AND version = $5";
pub(super) const PLANT: &str = "INSERT INTO tree (ancestor, organization, depth) \
     SELECT t.ancestor, CAST($1 AS BIGINT), t.depth + 1 FROM tree t WHERE t.organization = $2 \
     UNION ALL SELECT CAST($1 AS BIGINT), CAST($1 AS BIGINT), 0";
pub(super) const UPROOT: &str = "DELETE FROM tree \
     WHERE organization IN (SELECT s.organization FROM tree s WHERE s.ancestor = $1) \
     AND ancestor IN (SELECT p.ancestor FROM tree p WHERE p.organization = $1 AND p.depth > 0)";
pub(super) const GRAFT: &str = "INSERT INTO tree (ancestor, organization, depth) \
     SELECT p.ancestor, s.organization, p.depth + s.depth + 1 FROM tree p CROSS JOIN tree s \
     WHERE p.organization = $1 AND s.ancestor = $2";
pub(super) const STANDS_BELOW: &str =
    "SELECT count(*) FROM tree t WHERE t.ancestor = $1 AND t.organization = $2";
pub(super) const COUNT_UP: &str = "INSERT INTO counter (name, value) VALUES ($1, 1) \
     ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
pub(super) const COUNT_PAST: &str = "INSERT INTO counter (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value";
pub(super) const SET_CREDENTIAL: &str = "INSERT INTO credential (subject, phc, set_at) VALUES ($1, $2, $3) \
     ON CONFLICT (subject) DO UPDATE SET phc = excluded.phc, set_at = excluded.set_at";
pub(super) const SET_SETTING: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(super) const KEEP_SETTING: &str =
    "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
pub(super) const DECLARED: &str =
    "SELECT a.attr, a.indexed, a.state = 'building' FROM attribute a WHERE a.kind = $1 AND a.name = $2";
pub(super) const DECLARE: &str = "INSERT INTO attribute (attr, kind, name, indexed, many, state) \
     VALUES ($1, $2, $3, $4, $5, 'ready')";
pub(super) const REDECLARE: &str = "UPDATE attribute SET indexed = $1, many = $2, state = $3 WHERE attr = $4";
pub(super) const INDEXES_READY: &str = "UPDATE attribute SET state = 'ready' WHERE state = 'building'";

pub(super) const PUT_SECRET: &str = "INSERT INTO secret (purpose, hash, subject, expires, uses_left, tries_left) \
     VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const PUT_SECRET_ONCE: &str = "INSERT INTO secret (purpose, hash, subject, expires, uses_left, tries_left) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (purpose, hash) DO NOTHING";
pub(super) const SECRET_SUBJECT: &str = "SELECT s.subject FROM secret s \
     WHERE s.purpose = $1 AND s.hash = $2 AND s.expires > $3 AND s.uses_left > 0 AND s.tries_left > 0";
pub(super) const CONSUME_SECRET: &str = "UPDATE secret SET uses_left = uses_left - 1 \
     WHERE purpose = $1 AND hash = $2 AND uses_left > 0 AND tries_left > 0 AND expires > $3 RETURNING subject";
pub(super) const MISS_SECRET: &str =
    "UPDATE secret SET tries_left = tries_left - 1 WHERE subject = $1 AND purpose = $2 AND tries_left > 0";
pub(super) const TRY_SECRET: &str = "UPDATE secret SET tries_left = tries_left - 1 \
     WHERE subject = $1 AND purpose = $2 AND expires > $3 AND uses_left > 0 AND tries_left > 1";
pub(super) const DROP_SECRETS: &str = "DELETE FROM secret WHERE subject = $1 AND purpose = $2";
pub(super) const DROP_EXPIRED_SECRETS: &str = "DELETE FROM secret WHERE expires <= $1";

pub(super) const ACQUIRE_JOB: &str = "INSERT INTO job (name, state, cursor, lease_owner, lease_until) \
     VALUES ($1, 'running', '', $2, $3) ON CONFLICT (name) DO UPDATE \
     SET state = 'running', lease_owner = excluded.lease_owner, lease_until = excluded.lease_until \
     WHERE job.lease_until <= $4 OR job.lease_owner = excluded.lease_owner RETURNING cursor";
pub(super) const RENEW_JOB: &str =
    "UPDATE job SET cursor = $1, lease_until = $2 WHERE name = $3 AND lease_owner = $4 AND lease_until > $5";
pub(super) const RELEASE_JOB: &str = "UPDATE job SET cursor = $1, state = 'idle', lease_owner = NULL, lease_until = 0 \
     WHERE name = $2 AND lease_owner = $3";

pub(super) const SWEEP_INDEX: &str = "SELECT i.attr, i.key, i.row FROM attr_index i \
     WHERE (i.attr, i.key, i.row) > ($1, $2, $3) ORDER BY i.attr, i.key, i.row LIMIT $4";
pub(super) const SWEEP_UNIQUE: &str = "SELECT u.attr, u.scope, u.key, u.row FROM attr_unique u \
     WHERE (u.attr, u.scope, u.key) > ($1, $2, $3) ORDER BY u.attr, u.scope, u.key LIMIT $4";
pub(super) const SWEEP_REFERENCE: &str = "SELECT r.to_row, r.attr, r.from_row FROM reference r \
     WHERE (r.to_row, r.attr, r.from_row) > ($1, $2, $3) ORDER BY r.to_row, r.attr, r.from_row LIMIT $4";
pub(super) const SWEEP_TREE: &str = "SELECT t.ancestor, t.organization, t.depth FROM tree t \
     WHERE (t.ancestor, t.organization) > ($1, $2) ORDER BY t.ancestor, t.organization LIMIT $3";

/// Batch statements for SQLite: the one parameter is a JSON array of rows, each an array of columns; byte
/// strings stand in it as hexadecimal digits. Those that insert what follows from entities, and records, run once a
/// row instead: an import writes twenty rows a record by them, and reading JSON costs more than stepping again.
pub(super) mod sqlite {
    pub(in crate::store) const BY_ROWS: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM json_each($1) j CROSS JOIN entity e ON e.row = j.value->>0 ORDER BY e.row"
    );
    pub(in crate::store) const BY_IDS: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM json_each($1) j CROSS JOIN entity e ON e.id = unhex(j.value->>0) ORDER BY e.row"
    );
    // A transaction holds the one writer: nobody else changes what it has read.
    pub(in crate::store) const LOAD_ROWS: &str = BY_ROWS;
    pub(in crate::store) const LOAD_IDS: &str = BY_IDS;
    pub(in crate::store) const SHARE_IDS: &str = BY_IDS;
    pub(in crate::store) const INSERT_ENTITIES: &str = "INSERT INTO entity (id, kind, home, version, created, updated, doc) \
         VALUES ($1, $2, $3, 1, $4, $4, $5) RETURNING row, id";
    pub(in crate::store) const INSERT_INDEX: &str =
        "INSERT INTO attr_index (attr, key, row) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    pub(in crate::store) const INSERT_UNIQUE: &str =
        "INSERT INTO attr_unique (attr, scope, key, row) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    pub(in crate::store) const INSERT_REFERENCE: &str =
        "INSERT INTO reference (to_row, attr, from_row) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    pub(in crate::store) const TAKEN: &str = "SELECT u.attr FROM json_each($1) j CROSS JOIN attr_unique u \
         ON u.attr = j.value->>0 AND u.scope = j.value->>1 AND u.key = unhex(j.value->>2) \
         WHERE u.row <> j.value->>3 ORDER BY u.attr LIMIT 1";
    pub(in crate::store) const INSERT_TREE: &str = "INSERT INTO tree (ancestor, organization, depth) \
         SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j";
    pub(in crate::store) const DELETE_INDEX: &str = "DELETE FROM attr_index WHERE (attr, key, row) IN \
         (SELECT j.value->>0, unhex(j.value->>1), j.value->>2 FROM json_each($1) j)";
    pub(in crate::store) const DELETE_UNIQUE: &str = "DELETE FROM attr_unique WHERE (attr, scope, key) IN \
         (SELECT j.value->>0, j.value->>1, unhex(j.value->>2) FROM json_each($1) j)";
    pub(in crate::store) const DELETE_REFERENCE: &str = "DELETE FROM reference WHERE (to_row, attr, from_row) IN \
         (SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j)";
    pub(in crate::store) const DELETE_TREE: &str = "DELETE FROM tree WHERE (ancestor, organization) IN \
         (SELECT j.value->>0, j.value->>1 FROM json_each($1) j)";
    pub(in crate::store) const UNIQUE_OF_ROWS: &str =
        "DELETE FROM attr_unique WHERE row IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const REFERENCE_OF_ROWS: &str =
        "DELETE FROM reference WHERE from_row IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const TREE_OF_ROWS: &str =
        "DELETE FROM tree WHERE organization IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const CREDENTIAL_OF_ROWS: &str =
        "DELETE FROM credential WHERE subject IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const SECRET_OF_ROWS: &str =
        "DELETE FROM secret WHERE subject IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const DELETE_ENTITIES: &str =
        "DELETE FROM entity WHERE row IN (SELECT j.value->>0 FROM json_each($1) j)";
    pub(in crate::store) const REFERRERS: &str = "SELECT r.from_row, r.attr, r.to_row FROM json_each($1) j \
         CROSS JOIN reference r ON r.to_row = j.value->>0 ORDER BY r.from_row, r.attr, r.to_row";
    pub(in crate::store) const A_REFERRER: &str = "SELECT r.attr FROM json_each($1) j \
         CROSS JOIN reference r ON r.to_row = j.value->>0 LIMIT 1";
    pub(in crate::store) const ROWS_OF_IDS: &str =
        "SELECT e.id, e.row FROM json_each($1) j CROSS JOIN entity e ON e.id = unhex(j.value->>0)";
    pub(in crate::store) const APPEND_AUDIT: &str = "INSERT INTO audit \
         (id, at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    pub(in crate::store) const MISSING_INDEX: &str = "SELECT CAST(j.key AS INTEGER) FROM json_each($1) j WHERE NOT EXISTS (SELECT 1 FROM attr_index i \
         WHERE i.attr = j.value->>0 AND i.key = unhex(j.value->>1) AND i.row = j.value->>2)";
    pub(in crate::store) const MISSING_UNIQUE: &str = "SELECT CAST(j.key AS INTEGER) FROM json_each($1) j WHERE NOT EXISTS (SELECT 1 FROM attr_unique u \
         WHERE u.attr = j.value->>0 AND u.scope = j.value->>1 AND u.key = unhex(j.value->>2) AND u.row = j.value->>3)";
    pub(in crate::store) const MISSING_REFERENCE: &str = "SELECT CAST(j.key AS INTEGER) FROM json_each($1) j WHERE NOT EXISTS (SELECT 1 FROM reference r \
         WHERE r.to_row = j.value->>0 AND r.attr = j.value->>1 AND r.from_row = j.value->>2)";
    pub(in crate::store) const OWN: super::Own = super::Own {
        refers_to_any: super::Scan {
            whole: None,
            page: "SELECT DISTINCT r.from_row, e.id FROM json_each($1) j CROSS JOIN reference r ON r.to_row = j.value->>0 \
               JOIN entity e ON e.row = r.from_row \
               WHERE r.attr = $2 AND r.from_row > $3 ORDER BY r.from_row LIMIT $4",
            count: "SELECT count(*) FROM (SELECT DISTINCT r.from_row FROM json_each($1) j CROSS JOIN reference r \
                ON r.to_row = j.value->>0 WHERE r.attr = $2 LIMIT $3) AS found",
        },
        subtree: super::Scan {
            whole: None,
            page: "SELECT e.row, e.id FROM (SELECT j.value AS row \
               FROM (SELECT o.organization, $1 AS attr FROM tree o WHERE o.ancestor = $2) AS t \
               CROSS JOIN json_each((SELECT json_group_array(few.from_row) FROM (SELECT r.from_row FROM reference r \
               WHERE r.attr = t.attr AND r.to_row = t.organization AND r.from_row > $3 \
               ORDER BY r.from_row LIMIT $4) AS few)) j ORDER BY j.value LIMIT $4) AS found \
               CROSS JOIN entity e WHERE e.row = found.row ORDER BY found.row",
            count: super::COUNT_SUBTREE,
        },
        by_organization: super::Scan {
            whole: None,
            page: "SELECT here.* FROM (SELECT r.from_row, e.id, r.to_row AS place FROM tree t CROSS JOIN reference r \
               CROSS JOIN entity e WHERE r.attr = $1 AND t.ancestor = $2 AND t.organization = $3 \
               AND r.to_row = t.organization AND r.from_row > $4 AND e.row = r.from_row \
               ORDER BY r.from_row LIMIT $5) AS here UNION ALL SELECT there.* FROM (\
               SELECT r.from_row, e.id, t.organization AS place FROM tree t CROSS JOIN reference r \
               CROSS JOIN entity e WHERE r.attr = $1 AND t.ancestor = $2 AND t.organization > $3 \
               AND r.to_row = t.organization AND e.row = r.from_row \
               ORDER BY t.organization, r.from_row LIMIT $5) AS there ORDER BY 3, 1 LIMIT $5",
            count: super::COUNT_SUBTREE,
        },
    };
}

/// Batch statements for PostgreSQL: one array parameter for each column.
pub(super) mod postgres {
    pub(in crate::store) const BY_ROWS: &str =
        concat!("SELECT ", columns!(), " FROM entity e WHERE e.row = ANY($1) ORDER BY e.row");
    // Weaker than FOR UPDATE: a new reference to the row (a foreign key check) need not wait, a change must.
    pub(in crate::store) const LOAD_ROWS: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM entity e WHERE e.row = ANY($1) ORDER BY e.row FOR NO KEY UPDATE"
    );
    pub(in crate::store) const LOAD_IDS: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM entity e WHERE e.id = ANY($1) ORDER BY e.row FOR NO KEY UPDATE"
    );
    pub(in crate::store) const SHARE_IDS: &str =
        concat!("SELECT ", columns!(), " FROM entity e WHERE e.id = ANY($1) ORDER BY e.row FOR SHARE");
    pub(in crate::store) const INSERT_ENTITIES: &str = "INSERT INTO entity (id, kind, home, version, created, updated, doc) \
         SELECT n.id, n.kind, n.home, 1, n.at, n.at, n.doc \
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) \
         WITH ORDINALITY AS n (id, kind, home, at, doc, place) ORDER BY n.place RETURNING row, id";
    pub(in crate::store) const INSERT_INDEX: &str = "INSERT INTO attr_index (attr, key, row) \
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) ON CONFLICT DO NOTHING";
    pub(in crate::store) const INSERT_UNIQUE: &str = "INSERT INTO attr_unique (attr, scope, key, row) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) ON CONFLICT DO NOTHING";
    pub(in crate::store) const TAKEN: &str = "SELECT u.attr \
         FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) AS n (attr, scope, key, row) \
         JOIN attr_unique u ON u.attr = n.attr AND u.scope = n.scope AND u.key = n.key \
         WHERE u.row <> n.row ORDER BY u.attr LIMIT 1";
    pub(in crate::store) const INSERT_REFERENCE: &str = "INSERT INTO reference (to_row, attr, from_row) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING";
    pub(in crate::store) const INSERT_TREE: &str = "INSERT INTO tree (ancestor, organization, depth) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])";
    pub(in crate::store) const DELETE_INDEX: &str = "DELETE FROM attr_index i \
         USING unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS n (attr, key, row) \
         WHERE i.attr = n.attr AND i.key = n.key AND i.row = n.row";
    pub(in crate::store) const DELETE_UNIQUE: &str = "DELETE FROM attr_unique u \
         USING unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) AS n (attr, scope, key, row) \
         WHERE u.attr = n.attr AND u.scope = n.scope AND u.key = n.key AND u.row = n.row";
    pub(in crate::store) const DELETE_REFERENCE: &str = "DELETE FROM reference r \
         USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (to_row, attr, from_row) \
         WHERE r.to_row = n.to_row AND r.attr = n.attr AND r.from_row = n.from_row";
    pub(in crate::store) const DELETE_TREE: &str = "DELETE FROM tree t \
         USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (ancestor, organization, depth) \
         WHERE t.ancestor = n.ancestor AND t.organization = n.organization";
    pub(in crate::store) const UNIQUE_OF_ROWS: &str = "DELETE FROM attr_unique WHERE row = ANY($1)";
    pub(in crate::store) const REFERENCE_OF_ROWS: &str = "DELETE FROM reference WHERE from_row = ANY($1)";
    pub(in crate::store) const TREE_OF_ROWS: &str = "DELETE FROM tree WHERE organization = ANY($1)";
    pub(in crate::store) const CREDENTIAL_OF_ROWS: &str = "DELETE FROM credential WHERE subject = ANY($1)";
    pub(in crate::store) const SECRET_OF_ROWS: &str = "DELETE FROM secret WHERE subject = ANY($1)";
    pub(in crate::store) const DELETE_ENTITIES: &str = "DELETE FROM entity WHERE row = ANY($1)";
    pub(in crate::store) const REFERRERS: &str = "SELECT r.from_row, r.attr, r.to_row FROM reference r \
         WHERE r.to_row = ANY($1) ORDER BY r.from_row, r.attr, r.to_row";
    pub(in crate::store) const A_REFERRER: &str =
        "SELECT r.attr FROM reference r WHERE r.to_row = ANY($1) LIMIT 1";
    pub(in crate::store) const ROWS_OF_IDS: &str = "SELECT e.id, e.row FROM entity e WHERE e.id = ANY($1)";
    pub(in crate::store) const APPEND_AUDIT: &str = "INSERT INTO audit \
         (id, at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical) \
         SELECT n.id, n.at, n.event, n.module, n.category, n.client, n.kind, n.entity, n.reference, n.canonical \
         FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], \
         $8::uuid[], $9::text[], $10::bytea[]) WITH ORDINALITY \
         AS n (id, at, event, module, category, client, kind, entity, reference, canonical, place) ORDER BY n.place";
    pub(in crate::store) const MISSING_INDEX: &str = "SELECT n.place - 1 \
         FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) WITH ORDINALITY AS n (attr, key, row, place) \
         WHERE NOT EXISTS (SELECT 1 FROM attr_index i WHERE i.attr = n.attr AND i.key = n.key AND i.row = n.row)";
    pub(in crate::store) const MISSING_UNIQUE: &str = "SELECT n.place - 1 \
         FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) WITH ORDINALITY \
         AS n (attr, scope, key, row, place) WHERE NOT EXISTS (SELECT 1 FROM attr_unique u \
         WHERE u.attr = n.attr AND u.scope = n.scope AND u.key = n.key AND u.row = n.row)";
    pub(in crate::store) const MISSING_REFERENCE: &str = "SELECT n.place - 1 \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS n (to_row, attr, from_row, place) \
         WHERE NOT EXISTS (SELECT 1 FROM reference r \
         WHERE r.to_row = n.to_row AND r.attr = n.attr AND r.from_row = n.from_row)";
    pub(in crate::store) const OWN: super::Own = super::Own {
        refers_to_any: super::Scan {
            whole: None,
            page: "SELECT DISTINCT r.from_row, e.id FROM reference r JOIN entity e ON e.row = r.from_row \
               WHERE r.to_row = ANY($1) AND r.attr = $2 AND r.from_row > $3 ORDER BY r.from_row LIMIT $4",
            count: "SELECT count(*) FROM (SELECT DISTINCT r.from_row FROM reference r \
                WHERE r.to_row = ANY($1) AND r.attr = $2 LIMIT $3) AS found",
        },
        subtree: super::Scan {
            whole: None,
            page: "SELECT e.row, e.id FROM tree t CROSS JOIN LATERAL (SELECT r.from_row FROM reference r \
               WHERE r.attr = $1 AND r.to_row = t.organization AND r.from_row > $3 \
               ORDER BY r.from_row LIMIT $4) AS few JOIN entity e ON e.row = few.from_row \
               WHERE t.ancestor = $2 ORDER BY few.from_row LIMIT $4",
            count: super::COUNT_SUBTREE,
        },
        by_organization: super::Scan {
            whole: None,
            page: "SELECT here.* FROM (SELECT r.from_row, e.id, r.to_row AS place FROM tree t CROSS JOIN reference r \
               CROSS JOIN entity e WHERE r.attr = $1 AND t.ancestor = $2 AND t.organization = $3 \
               AND r.to_row = t.organization AND r.from_row > $4 AND e.row = r.from_row \
               ORDER BY r.from_row LIMIT $5) AS here UNION ALL SELECT there.* FROM (\
               SELECT few.from_row, e.id, t.organization AS place FROM tree t CROSS JOIN LATERAL (\
               SELECT r.from_row FROM reference r WHERE r.attr = $1 AND r.to_row = t.organization \
               ORDER BY r.from_row LIMIT $5) AS few JOIN entity e ON e.row = few.from_row \
               WHERE t.ancestor = $2 AND t.organization > $3 \
               ORDER BY t.organization, few.from_row LIMIT $5) AS there ORDER BY 3, 1 LIMIT $5",
            count: super::COUNT_SUBTREE,
        },
    };
    pub(in crate::store) const MAKE_LOCKS: &str = "INSERT INTO lock (name) \
         SELECT n.name FROM unnest($1::text[]) AS n (name) ORDER BY n.name ON CONFLICT DO NOTHING";
    pub(in crate::store) const TAKE_LOCKS: &str =
        "SELECT l.name FROM lock l WHERE l.name = ANY($1) ORDER BY l.name FOR UPDATE";
    pub(in crate::store) const CHANGES: &str = "SELECT c.seq, c.touched, c.node, c.tx::text::bigint, \
         pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
         FROM (SELECT 1) AS one LEFT JOIN change c ON c.tx >= $1::text::xid8";
    pub(in crate::store) const FORGET_CHANGES: &str = "DELETE FROM change WHERE at < $1";
}

/// Which database a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Every statement that reads in the service of a request, so that tests can ask the database for its plan.
pub fn read_statements(engine: Engine) -> Vec<&'static str> {
    let Own { refers_to_any, subtree, by_organization } = match engine {
        Engine::Sqlite => &sqlite::OWN,
        Engine::Postgres => &postgres::OWN,
    };
    let scans = [&OF_KIND, &CHANGED, &KEYS_BETWEEN, &KEYS_FROM, &REFERS_TO_ONE, &BELOW, &LINKED];
    let scans = scans.into_iter().chain([refers_to_any, subtree, by_organization]);
    let own: &[&'static str] = match engine {
        Engine::Sqlite => &[
            sqlite::BY_ROWS,
            sqlite::BY_IDS,
            sqlite::TAKEN,
            sqlite::REFERRERS,
            sqlite::A_REFERRER,
            sqlite::ROWS_OF_IDS,
            super::trail::statements::sqlite::NUMBERED,
        ],
        Engine::Postgres => &[
            postgres::BY_ROWS,
            postgres::LOAD_ROWS,
            postgres::LOAD_IDS,
            postgres::SHARE_IDS,
            postgres::TAKEN,
            postgres::REFERRERS,
            postgres::A_REFERRER,
            super::trail::statements::postgres::NUMBERED,
        ],
    };
    let single = [
        BY_ID,
        BY_ROW,
        ENTITIES_AFTER,
        ANCESTRY,
        HOLDER,
        CREDENTIAL,
        SETTING,
        STANDS_BELOW,
        super::answers::KEPT,
    ];
    let whole = scans.clone().filter_map(|scan| scan.whole);
    let pages = scans.flat_map(|scan| [scan.page, scan.count]);
    pages
        .chain(whole)
        .chain(own.iter().copied())
        .chain(single)
        .chain(super::post_statements::READS)
        .chain(super::trail::statements::READS)
        .chain(super::ledger::READS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_first_appear_in_rising_order() {
        let shared = [
            UPDATE_ENTITY,
            PLANT,
            UPROOT,
            GRAFT,
            COUNT_UP,
            COUNT_PAST,
            SET_CREDENTIAL,
            SET_SETTING,
            DECLARED,
            DECLARE,
            REDECLARE,
            PUT_SECRET,
            CONSUME_SECRET,
            MISS_SECRET,
            TRY_SECRET,
            DROP_SECRETS,
            ACQUIRE_JOB,
            RENEW_JOB,
            RELEASE_JOB,
            SWEEP_INDEX,
            SWEEP_UNIQUE,
            SWEEP_REFERENCE,
            SWEEP_TREE,
        ];
        for sql in read_statements(Engine::Sqlite)
            .into_iter()
            .chain(shared)
            .chain(crate::store::post_statements::WRITES)
            .chain(crate::store::answers::WRITES)
            .chain(crate::store::trail::statements::WRITES)
        {
            let mut highest = 0;
            for part in sql.split('$').skip(1) {
                let number: String = part.chars().take_while(char::is_ascii_digit).collect();
                let number: i32 = number.parse().unwrap();
                assert!(number <= highest + 1, "${number} comes too early in {sql}");
                highest = highest.max(number);
            }
        }
    }
}
