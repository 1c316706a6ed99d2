//! Chance that follows from a seed, the same on every machine: xorshift64*.

pub struct Random(u64);

impl Random {
    /// Of a seed and a name: two uses of one seed do not go alike.
    pub fn new(seed: u64, name: &str) -> Self {
        let mixed = name.bytes().fold(seed ^ 0x9E37_79B9_7F4A_7C15, |mixed, byte| {
            (mixed.rotate_left(7) ^ u64::from(byte)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        });
        // Of zero nothing but zero would come.
        Self(mixed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to before `end`; 0 where that is nothing.
    pub fn below(&mut self, end: usize) -> usize {
        let (next, end) = (self.next() >> 16, end.max(1) as u64);
        usize::try_from(next % end).unwrap_or(0)
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
