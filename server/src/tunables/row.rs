//! One row of the table: a key, what its value may be, and how an allowed value is put in force.

use super::Effective;
use crate::typed::whole_number;
use app::model::AllowedValues;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// One row of the table.
pub(super) struct Tunable {
    pub key: &'static str,
    pub allowed: Allowed,
    /// Puts an allowed value in force. It is of the kind that `allowed` says.
    pub put: fn(&mut Effective, &Chosen<'_>),
    pub built_in: fn(&Effective) -> Value,
}

pub(super) enum Allowed {
    OneOf(fn() -> Vec<&'static str>),
    /// Both ends included; the unit as people read it.
    Range {
        min: i64,
        max: i64,
        unit: &'static str,
    },
    /// `true` or `false`.
    Switch,
}

/// A value that was found to be allowed.
pub(super) enum Chosen<'a> {
    Name(&'a str),
    Number(u64),
    On(bool),
}

impl Chosen<'_> {
    /// So many units; zero for anything that is no number.
    pub fn duration(&self, unit: Duration) -> Duration {
        unit.saturating_mul(self.number())
    }

    /// 0 for anything that is no number; values that are larger than 32 bits are the largest such number.
    pub fn number(&self) -> u32 {
        match self {
            Self::Number(number) => u32::try_from(*number).unwrap_or(u32::MAX),
            Self::Name(_) | Self::On(_) => 0,
        }
    }

    pub fn is_on(&self) -> bool {
        matches!(self, Self::On(true))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(names) => write!(f, "one of {}", names().join(", ")),
            Self::Range { min, max, unit } => f.write_str(&whole_number(min, max, unit)),
            Self::Switch => f.write_str("true or false"),
        }
    }
}

impl Tunable {
    /// None: not allowed.
    pub fn read<'a>(&self, value: &'a Value) -> Option<Chosen<'a>> {
        match &self.allowed {
            Allowed::OneOf(names) => value.as_str().filter(|name| names().contains(name)).map(Chosen::Name),
            Allowed::Range { min, max, .. } => {
                let number = value.as_i64().filter(|number| (*min..=*max).contains(number))?;
                u64::try_from(number).ok().map(Chosen::Number)
            }
            Allowed::Switch => value.as_bool().map(Chosen::On),
        }
    }

    pub fn allowed_values(&self) -> AllowedValues {
        match &self.allowed {
            Allowed::OneOf(names) => AllowedValues::OneOf { values: names().into_iter().map(str::to_owned).collect() },
            Allowed::Range { min, max, .. } => AllowedValues::Range { min: *min, max: *max },
            Allowed::Switch => AllowedValues::Switch,
        }
    }
}
