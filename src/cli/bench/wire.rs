//! A client's side of HTTP/1.1 with as little work as possible: requests are bytes made beforehand, and of an answer
//! only status and length are understood. Must not be used for anything but measuring.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const READ: usize = 64 * 1024;
const HEAD: usize = 64 * 1024;
/// No answer takes longer than this.
const PATIENCE: Duration = Duration::from_mins(1);

/// One connection that is kept alive.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
}

/// What is known of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// From sending the request to the first byte of the answer.
    pub first: Duration,
    /// From sending the request to the last byte of the answer.
    pub whole: Duration,
}

enum Length {
    Known(u64),
    Chunked,
}

impl Wire {
    /// Connects; errors are the system's.
    pub async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(2 * READ), start: 0 })
    }

    /// Sends `request` and reads the answer to its end; hands every piece of the body to `taken`.
    pub async fn ask(&mut self, request: &[u8], taken: &mut impl FnMut(&[u8])) -> Result<Answer, Error> {
        tokio::time::timeout(PATIENCE, self.exchange(request, taken)).await?
    }

    async fn exchange(&mut self, request: &[u8], taken: &mut impl FnMut(&[u8])) -> Result<Answer, Error> {
        let sent = Instant::now();
        self.stream.write_all(request).await?;
        self.fill().await?;
        let first = sent.elapsed();
        let (status, length) = self.head().await?;
        let bytes = match length {
            Length::Known(bytes) => {
                self.body(bytes, taken).await?;
                bytes
            }
            Length::Chunked => self.chunks(taken).await?,
        };
        Ok(Answer { status, bytes, first, whole: sent.elapsed() })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    async fn fill(&mut self) -> Result<(), Error> {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.reserve(READ);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }

    /// Takes bytes up to and including `end`, and returns what stands before it.
    async fn until(&mut self, end: &[u8]) -> Result<Vec<u8>, Error> {
        loop {
            if let Some(at) = self.rest().windows(end.len()).position(|bytes| bytes == end) {
                let found = self.rest().get(..at).unwrap_or_default().to_vec();
                self.start += at + end.len();
                return Ok(found);
            }
            if self.rest().len() > HEAD {
                return Err(bad("an endless head"));
            }
            self.fill().await?;
        }
    }

    async fn head(&mut self) -> Result<(u16, Length), Error> {
        let head = self.until(b"\r\n\r\n").await?;
        let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let status = status.ok_or_else(|| bad("no status"))?;
        let mut length = Length::Known(0);
        for line in head.split(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"content-length") {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                length = Length::Known(number.ok_or_else(|| bad("a length that is no number"))?);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                length = Length::Chunked;
            }
        }
        Ok((status, length))
    }

    async fn body(&mut self, bytes: u64, taken: &mut impl FnMut(&[u8])) -> Result<(), Error> {
        let mut left = usize::try_from(bytes).map_err(|_| bad("an answer beyond all bounds"))?;
        while left > 0 {
            if self.rest().is_empty() {
                self.fill().await?;
            }
            let here = left.min(self.rest().len());
            taken(self.rest().get(..here).unwrap_or_default());
            self.start += here;
            left -= here;
        }
        Ok(())
    }

    async fn chunks(&mut self, taken: &mut impl FnMut(&[u8])) -> Result<u64, Error> {
        let mut bytes = 0;
        loop {
            let line = self.until(b"\r\n").await?;
            let size = std::str::from_utf8(&line).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
            let size = size.ok_or_else(|| bad("a chunk without a size"))?;
            self.body(size, taken).await?;
            if !self.until(b"\r\n").await?.is_empty() {
                return Err(bad("a chunk longer than its size"));
            }
            if size == 0 {
                return Ok(bytes);
            }
            bytes += size;
        }
    }
}

fn bad(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Answers every connection with `pieces`, one write each, after the first bytes of a request.
    async fn server(pieces: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut request = [0; 64];
            while stream.read(&mut request).await.unwrap_or(0) > 0 {
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        });
        address
    }

    async fn ask(pieces: &'static [&'static str]) -> Result<(Answer, String), Error> {
        let mut wire = Wire::connect(server(pieces).await).await.unwrap();
        wire.ask(b"GET / HTTP/1.1\r\n\r\n", &mut |_| ()).await?;
        // The second answer on the connection shows that the first was read to its end and no further.
        let mut body = String::new();
        let taken = &mut |bytes: &[u8]| body.push_str(std::str::from_utf8(bytes).unwrap());
        let answer = wire.ask(b"GET / HTTP/1.1\r\n\r\n", taken).await?;
        Ok((answer, body))
    }

    #[tokio::test]
    async fn an_answer_of_known_length_is_read_to_its_end() {
        let (answer, body) =
            ask(&["HTTP/1.1 200 OK\r\nConTent-Length: 5", "\r\n\r\nab", "cde"]).await.unwrap();
        assert_eq!((answer.status, answer.bytes, body.as_str()), (200, 5, "abcde"));
        assert!(answer.first < answer.whole);
    }

    #[tokio::test]
    async fn a_chunked_answer_is_put_together() {
        let pieces = &[
            "HTTP/1.1 207 X\r\ntransfer-encoding: chunked\r\n\r\n",
            "a\r\n01234",
            "56789\r",
            "\n1\r\nz\r\n0\r\n\r\n",
        ];
        let (answer, body) = ask(pieces).await.unwrap();
        assert_eq!((answer.status, answer.bytes, body.as_str()), (207, 11, "0123456789z"));
    }

    #[tokio::test]
    async fn an_answer_that_makes_no_sense_is_an_error() {
        for pieces in [
            &["nonsense\r\n\r\n"][..],
            &["HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
        ] {
            assert!(ask(pieces).await.is_err(), "{pieces:?}");
        }
    }
}
