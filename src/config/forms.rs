//! The forms of calls on which the guide's editions differ: `upstream.user_update`, `upstream.no_end_date`.

/// The path of the user's PUT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserUpdate {
    /// `with-id`: with the user's id, as documented.
    #[default]
    WithId,
    /// `without-id`: that of the GET.
    WithoutId,
}

/// What is sent for a greeting or transfer option that is enabled without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoEndDate {
    /// `empty`: an empty `TimeExpires`.
    #[default]
    Empty,
    /// `empty-and-enabled`: the same, and `Enabled` behind it.
    EmptyAndEnabled,
    /// `far-future`: the last second of 2199.
    FarFuture,
}
