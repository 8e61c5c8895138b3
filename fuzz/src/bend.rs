//! Chance, and texts bent by it.

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!",
    "!vault |\n",
    "<<: ",
    "|",
    ">",
    "|2-\n",
    "\"",
    "'",
    "\\",
    "\\x",
    "\\u12",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ",",
    "~",
    "|default(",
    "is ",
    "not ",
    "if ",
    "else ",
    "for x in ",
    "endfor",
    "set x = ",
    "block b",
    "0x",
    "1e999",
    "-",
    "99999999999999999999",
    "1_000",
    ".inf",
    "2001-01-01",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "😀",
    "[1:3]",
    "[a-z]",
    ":children",
    ":vars]",
    "=",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "3",
    "0a",
    ".a",
    "[0]",
    "[-1:]",
    "[::-1]",
    "%s",
    "%5.2f",
    "{0:>10}",
];

/// A stream of numbers that a seed decides.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below the limit; 0 when that is 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }

    /// One of the texts, changed in some places.
    pub fn bent(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut text = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let (start, end) = (self.below(text.len() + 1), self.below(text.len() + 1));
            let (start, end) = (start.min(end), start.max(end));
            match self.below(8) {
                0 if start < text.len() => text[start] = self.next() as u8,
                1 if start < text.len() => text[start] ^= 1 << self.below(8),
                2 => drop(text.drain(start..end.min(start + 8))),
                3 if text.len() < 4096 => {
                    let again = text[start..end].to_vec();
                    text.splice(end..end, again);
                }
                4 if text.len() < 4096 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    text.splice(start..start, other[from..].iter().copied());
                }
                5 => text.truncate(end),
                _ => drop(text.splice(start..start, PIECES[self.below(PIECES.len())].bytes())),
            }
        }
        text
    }
}
