//! Reads objects from objects only. What serde derives for a struct also takes a list of its fields in their order, at any depth, which no
//! document of ours promises: `"credentials": ["admin", "…"]` would be one more spelling for whoever filters requests before us to overlook.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::fmt;

/// A deserializer, seed, visitor or access that passes everything on but lists in place of structs.
pub struct Objects<T>(pub T);

/// A visitor of a struct: lists are not offered to it.
struct Fields<V>(V);

/// Reads as asked, and goes on with a visitor of its own.
macro_rules! forward {
    ($($wrap:ident: $($method:ident($($name:ident: $kind:ty),*))*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, $($name: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* $wrap(visitor))
        }
    )*)*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    forward! {
        Objects:
            deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
            deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128() deserialize_f32() deserialize_f64()
            deserialize_char() deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_option()
            deserialize_unit() deserialize_seq() deserialize_map() deserialize_identifier() deserialize_ignored_any()
            deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
            deserialize_tuple(length: usize) deserialize_tuple_struct(name: &'static str, length: usize)
            deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        Fields: deserialize_struct(name: &'static str, fields: &'static [&'static str]);
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Objects(map))
    }
}

macro_rules! values {
    ($($method:ident: $kind:ty,)*) => {$(
        fn $method<E: serde::de::Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Objects<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    values! {
        visit_bool: bool, visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128, visit_u8: u8, visit_u16: u16, visit_u32: u32,
        visit_u64: u64, visit_u128: u128, visit_f32: f32, visit_f64: f64, visit_char: char, visit_str: &str, visit_borrowed_str: &'de str,
        visit_string: String, visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Objects(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Objects(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Objects(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Objects(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Objects(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        // Keys are texts.
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<A> {
    type Error = A::Error;
    type Variant = Objects<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Objects(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Objects(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Objects(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Fields(visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::Objects;
    use app::model::{CameraPatch, InstallationPatch, UserPatch};
    use serde::de::DeserializeOwned;
    use serde_json::{Deserializer, Value, from_str};

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
        T::deserialize(Objects(&mut Deserializer::from_str(text))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        for text in [
            r#"[null]"#,
            r#"{"credentials":["admin","secret"]}"#,
            r#"{"sources":[null]}"#,
            r#"{"sources":{"main":["rtsp://cam.lan/1","tcp"]}}"#,
        ] {
            assert!(read::<CameraPatch>(text).is_err_and(|error| error.contains("expected an object")), "{text}");
        }
        for text in [r#"{"grants":[["all",["live"]]]}"#, r#"{"grants":[{"target":"all","actions":["live"]},["all",["live"]]]}"#] {
            assert!(read::<UserPatch>(text).is_err_and(|error| error.contains("expected an object")), "{text}");
        }
    }

    #[test]
    fn whatever_else_was_read_is_read_as_before() {
        for text in [
            "{}",
            r#"{"name":"Gate","enabled":true,"group":null,"tags":["a","b"],"profile":"ffmpeg"}"#,
            r#"{"sources":{"main":{"url":"rtsp://cam.lan/1","transport":"tcp"},"sub":null},"credentials":{"username":"a","password":null}}"#,
            r#"{"overrides":{"stream.linger_s":5,"x":[1,{"y":[2.5,-1,null,"z"]}]}}"#,
        ] {
            assert_eq!(read::<CameraPatch>(text).ok(), from_str(text).ok(), "{text}");
        }
        let grants = r#"{"role":"viewer","grants":[{"target":{"camera":3},"actions":["live","audio"]},{"target":{"group":"Yard"},"actions":[]},{"target":"all","actions":["live"]}]}"#;
        assert_eq!(read::<UserPatch>(grants), Ok(from_str(grants).expect("a change")));
        assert!(read::<InstallationPatch>(r#"{"defaults":{"stream.linger_s":7}}"#).is_ok());
        let any = r#"{"a":[1,-2,3.5,true,null,"b",{"c":[]}]}"#;
        assert_eq!(read::<Value>(any), Ok(from_str(any).expect("JSON")));
    }
}
