//! The memory of one call: all linear memories and tables of the store together.

use wasmtime::ResourceLimiter;

/// A table element is a pointer in wasmtime.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

pub struct Limiter {
    used: usize,
    limit: usize,
    /// What the last granted growth added, taken back should wasmtime then fail to grow.
    last: usize,
    /// Set once a growth was refused: tells a trap that follows from any other.
    pub refused: bool,
}

impl Limiter {
    pub fn new(limit: usize) -> Self {
        Self { used: 0, limit, last: 0, refused: false }
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let fits = self.used.checked_add(bytes).is_some_and(|used| used <= self.limit);
        if fits {
            self.used += bytes;
            self.last = bytes;
        } else {
            self.last = 0;
            self.refused = true;
        }
        fits
    }

    fn undo(&mut self) {
        self.used = self.used.saturating_sub(std::mem::take(&mut self.last));
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_count_together_and_a_failed_growth_is_undone() {
        let mut limiter = Limiter::new(1000);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.memory_growing(0, 300, None).unwrap(), "a second memory");
        assert!(!limiter.table_growing(0, 13, None).unwrap(), "13 elements are 104 bytes");
        assert!(limiter.refused);
        assert!(limiter.memory_growing(300, 400, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("no pages")).unwrap();
        assert!(limiter.table_growing(0, 12, None).unwrap());
    }
}
