//! The SQL of the outbox, once for both databases; the rules of `statements.rs` hold here too.

/// The columns of a mail, in the order the decoders read them.
macro_rules! mail_columns {
    () => {
        "o.id, o.created, o.recipient, o.subject, o.body, o.state, o.due, o.attempts, o.last_error"
    };
}

pub(super) const OUTBOX: &str = concat!(
    "SELECT ",
    mail_columns!(),
    " FROM outbox o WHERE o.id > $1 AND (CAST($2 AS TEXT) IS NULL OR o.state = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR o.recipient = $3) AND (CAST($4 AS TEXT) IS NULL OR substr(lower(o.recipient), 1, length(CAST($4 AS TEXT))) = $4) ORDER BY o.id LIMIT $5"
);
pub(super) const MAIL: &str = concat!("SELECT ", mail_columns!(), " FROM outbox o WHERE o.id = $1");
pub(super) const MAIL_DUE: &str = "SELECT min(o.due) FROM outbox o WHERE o.state = 'queued'";

pub(super) const PUT_MAIL: &str = "INSERT INTO outbox \
     (id, created, due, attempts, recipient, subject, body, state, last_error) \
     VALUES ($1, $2, $2, 0, $3, $4, $5, 'queued', '')";
// The outer conditions are looked at again when another transaction took the same mail meanwhile.
pub(super) const TAKE_MAIL: &str = concat!(
    "UPDATE outbox AS o SET due = $1, attempts = attempts + 1 WHERE o.state = 'queued' AND o.due <= $2 AND o.id = \
     (SELECT n.id FROM outbox n WHERE n.state = 'queued' AND n.due <= $2 ORDER BY n.due, n.id LIMIT 1) RETURNING ",
    "id, created, recipient, subject, body, state, due, attempts, last_error"
);
pub(super) const MAIL_SENT: &str = "UPDATE outbox SET state = 'sent', body = '', last_error = '', due = $1 \
     WHERE id = $2 AND attempts = $3 AND state = 'queued'";
pub(super) const MAIL_NOT_SENT: &str = "UPDATE outbox SET state = $1, due = $2, last_error = $3 \
     WHERE id = $4 AND attempts = $5 AND state = 'queued'";
pub(super) const DROP_SETTLED_MAIL: &str =
    "DELETE FROM outbox WHERE state IN ('sent', 'failed') AND due < $1";

/// What reads in the service of a request or of the worker.
pub(super) const READS: [&str; 3] = [OUTBOX, MAIL, MAIL_DUE];
/// What writes.
#[cfg(test)]
pub(super) const WRITES: [&str; 5] = [PUT_MAIL, TAKE_MAIL, MAIL_SENT, MAIL_NOT_SENT, DROP_SETTLED_MAIL];
