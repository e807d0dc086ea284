//! What a request's route is called, and how its place among the others is found without comparing it with all.
//!
//! A path with a parameter is a regular expression, and each that is tried costs as much as the rest of a request. So the
//! resources stand in scopes by the first words of their paths, which are compared as they are.

use std::rc::Rc;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Scope};

/// How many words the path of a scope has, as `/api/v1/accounts`.
const WORDS: usize = 3;

/// The path of a route as the API's document has it: one of a resource's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route(Rc<str>);

impl Route {
    /// Names the route of this pattern: `{type:a|b}` is `{type}`.
    pub fn new(pattern: &str) -> Self {
        let segments = pattern.split('/').map(|segment| match segment.split_once(':') {
            Some((name, _)) if segment.starts_with('{') => format!("{name}}}"),
            _ => segment.to_owned(),
        });
        Self(segments.collect::<Vec<_>>().join("/").into())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Registers resources.
pub type Routes = fn(&mut ServiceConfig);

/// A resource at a whole path, to be registered within the [`scope`] of its first words.
pub fn resource(pattern: &str) -> Resource {
    web::resource(split(pattern).1).app_data(Route::new(pattern))
}

/// All that lies at this path of `WORDS` words or below it.
pub fn scope(path: &str, routes: &[Routes]) -> Scope {
    routes.iter().fold(web::scope(path), |scope, routes| scope.configure(routes))
}

/// The path of a scope, and what follows it.
fn split(path: &str) -> (&str, &str) {
    let ends = path.match_indices('/').nth(WORDS).map_or(path.len(), |(end, _)| end);
    path.split_at(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_no_expressions() {
        let pattern = "/api/v1/greetings/{greetingType:busy|error}/recordings/{languageCode:[1-9]}";
        let route = "/api/v1/greetings/{greetingType}/recordings/{languageCode}";
        assert_eq!(Route::new(pattern).name(), route);
    }

    #[test]
    fn a_scope_has_the_first_words_of_a_path() {
        assert_eq!(split("/api/v1/user"), ("/api/v1/user", ""));
        assert_eq!(split("/api/v1/user/pin"), ("/api/v1/user", "/pin"));
        assert_eq!(split("/api/v1/a/{b}/c"), ("/api/v1/a", "/{b}/c"));
    }
}
