//! Filters that choose by chance, or by a seed exactly as Python does.

use std::cell::RefCell;

use ksplay_value::Value;

use super::args::iterate;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("random", random), ("shuffle", shuffle)];

/// An item of a list, or an integer below a number: `10 | random`, `['a', 'b'] | random(seed=inventory_hostname)`. For
/// numbers there are `start` and `step`. With a seed of text or a number the choice is that of Python; other seeds are
/// refused.
fn random(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (end, [start, step, seed]) = call.bind(["start", "step", "seed"])?;
    let (start, step) = (start.int()?, step.int()?);
    let mut generator = Generator::from_seed(seed.value().as_ref())?;
    let whole = match &end {
        Value::Bool(flag) => Some(i64::from(*flag)),
        other => other.as_int(),
    };
    if let Some(end) = whole {
        let (start, step) = (start.unwrap_or(0), step.unwrap_or(1));
        let width = end - start;
        let steps = match step {
            0 => return Err(Error::operation("zero step for randrange()")),
            1.. => (width + step - 1).div_euclid(step),
            _ => (width + step + 1) / step,
        };
        let steps = u64::try_from(steps).ok().filter(|steps| *steps > 0);
        let steps =
            steps.ok_or_else(|| Error::operation(format!("empty range for randrange() ({start}, {end}, {width})")))?;
        return Ok((start + step * generator.below(steps) as i64).into());
    }
    if start.is_some() || step.is_some() {
        return Err(Error::operation("start and step can only be used with integer values"));
    }
    let mut items = match &end {
        Value::Map(map) if !map.is_empty() => return Err(Error::operation("random cannot choose from a dict")),
        other => iterate(other).map_err(|_| Error::operation("random can only be used on sequences and integers"))?,
    };
    if items.is_empty() {
        return Err(Error::operation("Cannot choose from an empty sequence"));
    }
    Ok(items.swap_remove(generator.below(items.len() as u64) as usize))
}

/// The items in an order by chance: `[1, 2, 3] | shuffle`, or by a `seed`. What is no list stays as it is.
fn shuffle(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [seed]) = call.bind(["seed"])?;
    let Ok(mut items) = iterate(&value) else { return Ok(value) };
    // As ansible-core: a seed that counts as false is none, and one that cannot be leaves the list as it is.
    let seed = seed.value().filter(Value::is_true);
    let Ok(mut generator) = Generator::from_seed(seed.as_ref()) else { return Ok(items.into()) };
    for at in (1..items.len()).rev() {
        items.swap(at, generator.below(at as u64 + 1) as usize);
    }
    Ok(items.into())
}

thread_local! {
    static ENTROPY: RefCell<Option<Generator>> = const { RefCell::new(None) };
}

/// A choice among so many, by chance.
pub(crate) fn below(limit: u64) -> u64 {
    ENTROPY.with_borrow_mut(|generator| generator.get_or_insert_with(Generator::from_entropy).below(limit))
}

/// So many letters of an alphabet, by chance, from the operating system: fit for secrets.
pub(crate) fn letters(count: usize, alphabet: &[u8]) -> String {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        for byte in entropy(2 * count + 16) {
            // Bytes above the largest multiple would favour the first letters.
            let limit = 256 / alphabet.len() * alphabet.len();
            if usize::from(byte) < limit && text.len() < count {
                text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    text
}

fn entropy(count: usize) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = vec![0; count];
    match std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)) {
        Ok(()) => bytes,
        Err(error) => panic!("no random numbers from /dev/urandom: {error}"),
    }
}

/// Python's hash of a float: its value as a fraction, modulo the prime 2⁶¹ - 1.
fn hash_of(number: f64) -> i64 {
    const BITS: u32 = 61;
    const PRIME: u64 = (1 << BITS) - 1;
    if !number.is_finite() {
        return if number.is_nan() { 0 } else { 314_159 * number.signum() as i64 };
    }
    let bits = number.abs().to_bits();
    let (exponent, fraction) = ((bits >> 52) as i64, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    // Multiplying by 2 rotates the bits.
    let shift = exponent.rem_euclid(i64::from(BITS)) as u32;
    let hash = (mantissa << shift & PRIME) | mantissa >> (BITS - shift);
    let hash = if hash == PRIME { 0 } else { hash as i64 };
    match number < 0.0 {
        // -1 means an error in CPython.
        true if hash == 1 => -2,
        true => -hash,
        false => hash,
    }
}

/// Python's generator: the Mersenne Twister MT19937, seeded as `random.Random(seed)` does.
pub(crate) struct Generator {
    state: [u32; 624],
    at: usize,
}

impl Generator {
    fn from_entropy() -> Self {
        let words = entropy(64);
        let key: Vec<u32> =
            words.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        Self::from_key(&key)
    }

    /// The generator for a seed of text or a number; for none, one by chance.
    pub(crate) fn from_seed(seed: Option<&Value>) -> Result<Self, Error> {
        use sha1::Digest;
        let bytes = match seed {
            None => return Ok(Self::from_entropy()),
            Some(Value::String(text)) => {
                let mut bytes = text.as_bytes().to_vec();
                bytes.extend_from_slice(&sha2::Sha512::digest(text.as_bytes()));
                bytes
            }
            Some(Value::Int(number)) => number.unsigned_abs().to_be_bytes().to_vec(),
            Some(Value::BigInt(number)) => number.magnitude().to_bytes_be(),
            Some(Value::Bool(flag)) => vec![u8::from(*flag)],
            Some(Value::Float(number)) => (hash_of(*number) as u64).to_be_bytes().to_vec(),
            Some(_) => {
                let message = "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.";
                return Err(Error::operation(message));
            }
        };
        let mut key: Vec<u32> =
            bytes.rchunks(4).map(|word| word.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))).collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        Ok(Self::from_key(&key))
    }

    fn from_key(key: &[u32]) -> Self {
        let mut state = [0u32; 624];
        state[0] = 19_650_218;
        for at in 1..624 {
            let last = state[at - 1];
            state[at] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(at as u32);
        }
        let (mut at, mut word) = (1, 0);
        for _ in 0..key.len().max(624) {
            let last = state[at - 1];
            state[at] = (state[at] ^ (last ^ (last >> 30)).wrapping_mul(1_664_525))
                .wrapping_add(key[word])
                .wrapping_add(word as u32);
            at += 1;
            word = (word + 1) % key.len();
            if at == 624 {
                state[0] = state[623];
                at = 1;
            }
        }
        for _ in 0..623 {
            let last = state[at - 1];
            state[at] = (state[at] ^ (last ^ (last >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(at as u32);
            at += 1;
            if at == 624 {
                state[0] = state[623];
                at = 1;
            }
        }
        state[0] = 0x8000_0000;
        Self { state, at: 624 }
    }

    fn word(&mut self) -> u32 {
        if self.at == 624 {
            for at in 0..624 {
                let bits = (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % 624] & 0x7fff_ffff);
                let twist = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[at] = self.state[(at + 397) % 624] ^ (bits >> 1) ^ twist;
            }
            self.at = 0;
        }
        let mut word = self.state[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn bits(&mut self, count: u32) -> u64 {
        if count <= 32 {
            return u64::from(self.word() >> (32 - count));
        }
        let low = u64::from(self.word());
        low | u64::from(self.word() >> (64 - count)) << 32
    }

    /// A number below the limit, which must not be 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let bits = 64 - limit.leading_zeros();
        loop {
            let number = self.bits(bits);
            if number < limit {
                return number;
            }
        }
    }
}
