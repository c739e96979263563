//! The little of WebAssembly's binary format that the site build reads by itself: sections, and numbers.

use anyhow::{Context, Result, anyhow};

/// Magic number and version.
pub const HEADER: usize = 8;
pub const CUSTOM: u8 = 0;
pub const IMPORT: u8 = 2;
pub const CODE: u8 = 10;

/// A section within a module.
#[derive(Debug, Clone, Copy)]
pub struct Section<'m> {
    pub kind: u8,
    /// Of a custom section, otherwise empty.
    pub name: &'m str,
    /// Where its first byte is in the module.
    pub start: usize,
    /// Where its content begins, behind kind, length and name.
    pub content_start: usize,
    pub end: usize,
}

/// The sections in their order.
pub fn sections(module: &[u8]) -> Result<Vec<Section<'_>>> {
    let mut found = Vec::new();
    let mut at = HEADER;
    while at < module.len() {
        let start = at;
        let mut reader = Reader { bytes: module, at };
        let kind = reader.byte()?;
        let length = reader.number()?;
        let end = reader.at.checked_add(length).filter(|end| *end <= module.len()).context("a section is cut short")?;
        let name = if kind == CUSTOM { reader.text()? } else { "" };
        found.push(Section { kind, name, start, content_start: reader.at, end });
        at = end;
    }
    Ok(found)
}

/// Reads on from a place in a module.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'m> {
    pub bytes: &'m [u8],
    pub at: usize,
}

impl<'m> Reader<'m> {
    pub fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).context("a module ends too early")?;
        self.at += 1;
        Ok(byte)
    }

    /// An unsigned LEB128 number of 32 bits.
    pub fn number(&mut self) -> Result<usize> {
        let mut value = 0;
        for place in 0..5 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(anyhow!("a number has no end"))
    }

    pub fn skip(&mut self, count: usize) -> Result<()> {
        self.at = self.at.checked_add(count).filter(|at| *at <= self.bytes.len()).context("a module ends too early")?;
        Ok(())
    }

    pub fn text(&mut self) -> Result<&'m str> {
        let length = self.number()?;
        let start = self.at;
        self.skip(length)?;
        Ok(std::str::from_utf8(&self.bytes[start..self.at])?)
    }
}

/// Appends an unsigned LEB128 number.
pub fn put_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
