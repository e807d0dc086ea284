//! Types of problems, and the refusals that resources bring along.

/// A refusal that only one resource knows: its problem type and detail.
#[derive(Debug)]
pub struct Refusal {
    /// Status, code and title.
    pub problem_type: ProblemType,
    /// What is wrong, then what to do.
    pub detail: &'static str,
}

/// What all problems with the same code have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProblemType {
    /// The response's status.
    pub status: u16,
    /// Our stable name for it; API.
    pub code: &'static str,
    /// A few words for people.
    pub title: &'static str,
}

impl ProblemType {
    /// One row of the table of problems.
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title }
    }
}

impl Refusal {
    /// Status, code, title and detail.
    pub const fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        detail: &'static str,
    ) -> Self {
        let problem_type = ProblemType::new(status, code, title);
        Self { problem_type, detail }
    }
}
