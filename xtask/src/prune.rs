//! Takes out what no linker can see to be unused: functions that stand in tables of every view's methods but that this program never
//! calls. Their bodies become a trap and their relocations go, so that the split no longer finds what only they need.
//!
//! That is Leptos' asynchronous hydration. `hydrate_body`, which the browser crate calls, goes through the synchronous one; the other is
//! begun by `hydrate_lazy` alone.

use crate::wasm::{CODE, CUSTOM, IMPORT, Reader, Section, put_number, sections};
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::ops::Range;

/// The method of tachys' erased views that nothing calls, by the end of its path as it is mangled. It makes the future that hydrates
/// a view of its type, so that the compiler can't have merged it with any function that is called: no other makes that future.
const UNUSED: &str = "IntoAny$GT$8into_any13hydrate_async";

/// Whether a symbol is one of those. What they alone need, their futures above all, goes with them.
fn is_unused(name: &str) -> bool {
    // The hash of the instance comes last.
    name.rsplit_once("17h").is_some_and(|(path, _)| path.ends_with(UNUSED))
}

/// The module without those functions, and how many they were.
pub fn prune(module: &[u8]) -> Result<(Vec<u8>, usize)> {
    let all = sections(module)?;
    let custom = |name: &str| all.iter().find(|section| section.kind == CUSTOM && section.name == name);
    let standard = |kind: u8| all.iter().find(|section| section.kind == kind);
    let code = *standard(CODE).context("the program has no code")?;
    let relocations = *custom("reloc.CODE").context("the linker kept no relocations")?;
    let names = function_names(module, custom("name").context("the program has no names")?)?;
    let first = standard(IMPORT).map_or(Ok(0), |section| imported_functions(module, section))?;

    let mut out = module.to_vec();
    let mut gone: Vec<Range<usize>> = Vec::new();
    for (index, body) in bodies(module, &code)?.into_iter().enumerate() {
        if names.get(&(first + index)).is_some_and(|name| is_unused(name)) && body.len() >= 3 {
            // No locals, `unreachable`, and as many `nop` as it takes: nothing behind it moves.
            out[body.clone()].fill(0x01);
            out[body.start] = 0;
            out[body.start + 1] = 0;
            out[body.end - 1] = 0x0b;
            gone.push(body.start - code.content_start..body.end - code.content_start);
        }
    }
    let count = gone.len();
    let kept = without(module, &relocations, &gone)?;
    out.splice(relocations.start..relocations.end, kept);
    Ok((out, count))
}

/// Where the function bodies are.
fn bodies(module: &[u8], code: &Section) -> Result<Vec<Range<usize>>> {
    let mut reader = Reader { bytes: module, at: code.content_start };
    (0..reader.number()?)
        .map(|_| {
            let length = reader.number()?;
            let start = reader.at;
            reader.skip(length)?;
            Ok(start..reader.at)
        })
        .collect()
}

fn function_names<'m>(module: &'m [u8], names: &Section) -> Result<HashMap<usize, &'m str>> {
    let mut reader = Reader { bytes: module, at: names.content_start };
    while reader.at < names.end {
        let kind = reader.byte()?;
        let length = reader.number()?;
        if kind == 1 {
            return (0..reader.number()?).map(|_| Ok((reader.number()?, reader.text()?))).collect();
        }
        reader.skip(length)?;
    }
    Ok(HashMap::new())
}

/// How many functions are imported: the program's own are numbered behind them.
fn imported_functions(module: &[u8], imports: &Section) -> Result<usize> {
    let mut reader = Reader { bytes: module, at: imports.content_start };
    let mut count = 0;
    for _ in 0..reader.number()? {
        reader.text()?;
        reader.text()?;
        match reader.byte()? {
            0 => {
                reader.number()?;
                count += 1;
            }
            kind @ (1 | 2) => {
                // A table says what it holds before its limits.
                reader.skip(usize::from(kind == 1))?;
                let bounded = reader.byte()? & 1 == 1;
                reader.number()?;
                if bounded {
                    reader.number()?;
                }
            }
            3 => reader.skip(2)?,
            kind => anyhow::bail!("an import of the unknown kind {kind}"),
        }
    }
    Ok(count)
}

/// The section of relocations without those in `gone`, whole, header included.
fn without(module: &[u8], relocations: &Section, gone: &[Range<usize>]) -> Result<Vec<u8>> {
    /// Kinds with an addend: addresses in memory, and offsets into functions and sections.
    const WITH_ADDEND: [u8; 14] = [3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25];
    const KINDS: u8 = 26;
    let mut reader = Reader { bytes: module, at: relocations.content_start };
    let section = reader.number()?;
    let mut kept = Vec::new();
    let mut count = 0;
    for _ in 0..reader.number()? {
        let start = reader.at;
        let kind = reader.byte()?;
        ensure!(kind <= KINDS, "a relocation of the unknown kind {kind}");
        let offset = reader.number()?;
        reader.number()?;
        if WITH_ADDEND.contains(&kind) {
            while reader.byte()? & 0x80 != 0 {}
        }
        let next = gone.partition_point(|range| range.end <= offset);
        if gone.get(next).is_none_or(|range| offset < range.start) {
            kept.extend_from_slice(&module[start..reader.at]);
            count += 1;
        }
    }
    let mut content = Vec::new();
    put_number(&mut content, relocations.name.len());
    content.extend_from_slice(relocations.name.as_bytes());
    put_number(&mut content, section);
    put_number(&mut content, count);
    content.extend_from_slice(&kept);
    let mut whole = vec![CUSTOM];
    put_number(&mut whole, content.len());
    whole.extend_from_slice(&content);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_entry_is_unused() {
        let path = "_ZN53_$LT$T$u20$as$u20$tachys..view..any_view..IntoAny$GT$8into_any13hydrate_async";
        assert!(is_unused(&format!("{path}17h8ac0893b7c25ab5eE")));
        assert!(!is_unused(&format!("{path}28_$u7b$$u7b$closure$u7d$$u7d$17h8ac0893b7c25ab5eE")));
        assert!(!is_unused("_ZN53_$LT$T$u20$as$u20$tachys..view..any_view..IntoAny$GT$8into_any19hydrate_from_server17h8ac0893b7c25ab5eE"));
    }

    /// One imported function and two own ones, of which the second is named as unused; each calls the import.
    fn module() -> Vec<u8> {
        let section = |kind: u8, content: &[u8]| [&[kind, content.len() as u8], content].concat();
        let custom = |name: &str, content: &[u8]| section(0, &[&[name.len() as u8], name.as_bytes(), content].concat());
        let body = [8, 0, 0x10, 0x80, 0x80, 0x80, 0x80, 0, 0x0b];
        let name = format!("{UNUSED}17hE");
        let names = [&[3, 1, 3, b'o', b'n', b'e', 2, name.len() as u8][..], name.as_bytes()].concat();
        let counted = [&[2][..], &names[1..]].concat();
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(IMPORT, &[1, 1, b'm', 1, b'f', 0, 0]),
            section(CODE, &[&[2][..], &body, &body].concat()),
            custom("reloc.CODE", &[1, 2, 0, 4, 0, 0, 13, 0]),
            custom("name", &[&[1, counted.len() as u8][..], &counted].concat()),
        ]
        .concat()
    }

    #[test]
    fn bodies_and_relocations_of_what_is_unused_go() {
        let before = module();
        let (after, count) = prune(&before).expect("a module");
        assert_eq!(count, 1);
        let code = |module: &[u8]| {
            let section = *sections(module).expect("sections").iter().find(|section| section.kind == CODE).expect("code");
            module[section.content_start..section.end].to_vec()
        };
        assert_eq!(code(&before)[1..10], code(&after)[1..10], "the first function stays");
        assert_eq!(code(&after)[10..], [8, 0, 0, 1, 1, 1, 1, 1, 0x0b], "the second is a trap");
        let found = sections(&after).expect("sections");
        let relocations = found.iter().find(|section| section.name == "reloc.CODE").expect("relocations");
        assert_eq!(after[relocations.content_start..relocations.end], [1, 1, 0, 4, 0]);
        assert!(prune(&before[..40]).is_err());
    }
}
