//! Where heads of HTTP/1.1 end in a stream of bytes, so that no more of them are read than can be worked on.
//!
//! A head ends with an empty line, and the line end may be a line feed alone (RFC 9112, section 2.2). Bodies may hold
//! empty lines too: then too many ends are counted, and less is read at once, until the body is asked for.

use std::mem;

use memchr::memchr;
use tokio::io::ReadBuf;

/// The bytes that were read beyond what was wanted or had room, and the place in the line that the bytes before them ended at.
#[derive(Debug, Default)]
pub struct Heads {
    kept: Vec<u8>,
    line: Line,
}

/// What a line holds so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Something.
    #[default]
    Text,
    /// Nothing.
    Empty,
    /// A carriage return alone.
    Return,
}

impl Heads {
    /// The same as [`pass`](Self::pass), of what was kept; none where nothing was.
    pub fn pass_kept(&mut self, buffer: &mut ReadBuf<'_>, wanted: usize) -> Option<(usize, bool)> {
        let kept = mem::take(&mut self.kept);
        (!kept.is_empty()).then(|| self.pass(&kept, buffer, wanted))
    }

    /// Passes on as many heads as are wanted and `buffer` has room for, and keeps the rest. Returns how many heads end in
    /// what was passed on, and whether other bytes follow the last of them.
    pub fn pass(&mut self, bytes: &[u8], buffer: &mut ReadBuf<'_>, wanted: usize) -> (usize, bool) {
        let fitting = bytes.get(..buffer.remaining()).unwrap_or(bytes);
        let (mut ends, mut at) = (0, 0);
        while let Some(length) =
            fitting.get(at..).filter(|_| ends < wanted).and_then(|rest| self.next_end(rest))
        {
            ends += 1;
            at += length;
        }
        let within = ends < wanted && at < fitting.len();
        let (passed, kept) = bytes.split_at(if within { fitting.len() } else { at });
        buffer.put_slice(passed);
        self.kept.extend_from_slice(kept);
        (ends, within)
    }

    /// The bytes up to the end of a head; none: it does not end in them.
    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            self.line = match (byte, self.line) {
                (b'\n', Line::Empty | Line::Return) => {
                    self.line = Line::Text;
                    return Some(at + 1);
                }
                (b'\n', Line::Text) => Line::Empty,
                (b'\r', Line::Empty) => Line::Return,
                _ => {
                    self.line = Line::Text;
                    // On to the end of the line.
                    at += memchr(b'\n', bytes.get(at..)?)?;
                    continue;
                }
            };
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(heads: &mut Heads, bytes: &[u8], wanted: usize) -> (Vec<u8>, usize, bool) {
        read_into(&mut [0; 256], heads, bytes, wanted)
    }

    fn read_into(
        storage: &mut [u8],
        heads: &mut Heads,
        bytes: &[u8],
        wanted: usize,
    ) -> (Vec<u8>, usize, bool) {
        let mut buffer = ReadBuf::new(storage);
        buffer.put_slice(b"before");
        let passed = heads.pass_kept(&mut buffer, wanted);
        let (ends, within) = passed.unwrap_or_else(|| heads.pass(bytes, &mut buffer, wanted));
        (buffer.filled()[6..].to_vec(), ends, within)
    }

    #[test]
    fn heads_end_with_an_empty_line_however_lines_end_and_bytes_arrive() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\nHost: x\n\n",
            "A\r\n\n",
            "A\n\r\n",
        ] {
            let bytes = text.as_bytes();
            for split in 0..bytes.len() {
                let (first, second) = bytes.split_at(split);
                let mut heads = Heads::default();
                assert_eq!(read(&mut heads, first, 16), (first.to_vec(), 0, split > 0), "{text:?}");
                assert_eq!(
                    read(&mut heads, second, 16),
                    (second.to_vec(), 1, false),
                    "{text:?} {split}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_wanted_is_kept_until_it_is() {
        let mut heads = Heads::default();
        let all = b"A\r\n\r\nB\r\n\r\nC\r\n\r\nD\r\n";

        assert_eq!(read(&mut heads, all, 2), (b"A\r\n\r\nB\r\n\r\n".to_vec(), 2, false));
        assert_eq!(read(&mut heads, b"", 1), (b"C\r\n\r\n".to_vec(), 1, false));
        assert_eq!(read(&mut heads, b"", 1), (b"D\r\n".to_vec(), 0, true));
        assert_eq!(read(&mut heads, b"\r\nE", 16), (b"\r\nE".to_vec(), 1, true));
    }

    #[test]
    fn what_has_no_room_is_kept_until_there_is() {
        let mut heads = Heads::default();
        let mut read = |bytes: &[u8]| read_into(&mut [0; 10], &mut heads, bytes, 2);

        assert_eq!(read(b"AB\r\n\r\nC\r\n\r\n"), (b"AB\r\n".to_vec(), 0, true));
        assert_eq!(read(b""), (b"\r\nC\r".to_vec(), 1, true));
        assert_eq!(read(b""), (b"\n\r\n".to_vec(), 1, false));
    }
}
