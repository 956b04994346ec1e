//! Shapes of JSON that are taken where they stand: no tree, no copies.
//!
//! A reader of an object is a [`Fields`], which is handed each name with the map at its value. A
//! value of another shape than the one asked for is passed over: what it should have filled stays
//! absent, and that is what gets refused. So an odd value costs its transaction, not its block.

use serde::de::{self, Deserialize, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Passes over a value of each of the kinds named.
macro_rules! pass {
    ($($kind:ident)+) => { $(pass!(@ $kind);)+ };
    (@ scalars) => { pass!(null bool float number); };
    (@ null) => {
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
    };
    (@ bool) => {
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ float) => {
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ number) => {
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ text) => {
        fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ object) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

/// What serde asks a visitor for besides its values.
macro_rules! expecting {
    ($what:literal) => {
        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str($what)
        }
    };
}

/// Makes `$Seed` the seed of itself as a visitor.
macro_rules! seed {
    ([$($generics:tt)*] $Seed:ty => $Value:ty) => {
        impl<'de, $($generics)*> DeserializeSeed<'de> for $Seed {
            type Value = $Value;
            fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<$Value, D::Error> {
                from.deserialize_any(self)
            }
        }
    };
}

/// A name in an object. One with escapes is none that is known here, and reads as empty.
struct Name<'de>(&'de str);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Known<'de>(PhantomData<&'de ()>);
        impl<'de> Visitor<'de> for Known<'de> {
            type Value = Name<'de>;
            expecting!("a name");
            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(name))
            }
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Name<'de>, E> {
                Ok(Name(""))
            }
        }
        from.deserialize_str(Known(PhantomData))
    }
}

/// Takes the fields of an object one by one.
pub(super) trait Fields<'de> {
    /// Takes the value of field `name`, which `map` stands at; [`skip`] passes over it.
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Passes over the value that `map` stands at.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// An object, whose fields `T` takes; whether it was one.
pub(super) struct Object<'a, T>(pub(super) &'a mut T);

impl<'de, T: Fields<'de>> Visitor<'de> for Object<'_, T> {
    type Value = bool;
    expecting!("an object");
    pass!(scalars text list);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.0.field(name, &mut map)?;
        }
        Ok(true)
    }
}
seed!(['a, T: Fields<'de>] Object<'a, T> => bool);

/// Takes the elements of a list one by one.
pub(super) trait Elements<'de> {
    /// Takes the next element; `None` at the end.
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error>;
}

/// A list, whose elements `T` takes; whether it was one.
pub(super) struct List<'a, T>(pub(super) &'a mut T);

impl<'de, T: Elements<'de>> Visitor<'de> for List<'_, T> {
    type Value = bool;
    expecting!("a list");
    pass!(scalars text object);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while self.0.element(&mut list)?.is_some() {}
        Ok(true)
    }
}
seed!(['a, T: Elements<'de>] List<'a, T> => bool);

/// A text, handed to `F`; whether it was one.
pub(super) struct Text<F>(F);

/// A text, handed to `take`; whether it was one.
pub(super) fn text<F: FnOnce(&str)>(take: F) -> Text<F> {
    Text(take)
}

impl<'de, F: FnOnce(&str)> Visitor<'de> for Text<F> {
    type Value = bool;
    expecting!("a text");
    pass!(scalars list object);

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        (self.0)(text);
        Ok(true)
    }
}
seed!([F: FnOnce(&str)] Text<F> => bool);

/// A list of texts, each handed to `F`; whether it was one, or null.
pub(super) struct Texts<F>(F);

/// A list of texts, each handed to `take`; whether it was one, or null.
pub(super) fn texts<F: FnMut(&str)>(take: F) -> Texts<F> {
    Texts(take)
}

impl<'de, F: FnMut(&str)> Visitor<'de> for Texts<F> {
    type Value = bool;
    expecting!("a list of texts");
    pass!(bool float number text object);

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<bool, A::Error> {
        let mut all = true;
        while let Some(text) = list.next_element_seed(Text(&mut self.0))? {
            all &= text;
        }
        Ok(all)
    }
}
seed!([F: FnMut(&str)] Texts<F> => bool);

/// A number, or the text of one, as some servers write large ones; `None` for anything else.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number(pub(super) Option<u64>);

impl Number {
    /// The number, if it is of the narrower type.
    pub(super) fn fit<T: TryFrom<u64>>(self) -> Option<T> {
        self.0.and_then(|number| T::try_from(number).ok())
    }
}

impl<'de> Visitor<'de> for Number {
    type Value = Self;
    expecting!("a number");
    pass!(null bool float list object);

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self, E> {
        Ok(Self(Some(number)))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self, E> {
        Ok(Self(None))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self, E> {
        Ok(Self(text.parse().ok()))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self(None))
    }
}

/// A list of numbers, each handed to `F`; whether it was one.
pub(super) struct Numbers<F>(F);

/// A list of numbers, each handed to `take`; whether it was one.
pub(super) fn numbers<F: FnMut(Number)>(take: F) -> Numbers<F> {
    Numbers(take)
}

impl<'de, F: FnMut(Number)> Visitor<'de> for Numbers<F> {
    type Value = bool;
    expecting!("a list of numbers");
    pass!(scalars text object);

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<bool, A::Error> {
        while let Some(number) = list.next_element()? {
            (self.0)(number);
        }
        Ok(true)
    }
}
seed!([F: FnMut(Number)] Numbers<F> => bool);

/// Whether a value is anything but null.
pub(super) fn is_some<'de, A: MapAccess<'de>>(map: &mut A) -> Result<bool, A::Error> {
    Ok(map.next_value::<Option<IgnoredAny>>()?.is_some())
}

/// What the seed `S` makes of a value, or nothing of null.
pub(super) struct Maybe<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Maybe<S> {
    type Value = Option<S::Value>;
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Maybe<S> {
    type Value = Option<S::Value>;
    expecting!("a value or null");

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: de::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(from).map(Some)
    }
}
