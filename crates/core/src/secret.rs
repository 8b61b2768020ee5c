//! What never reaches a log or a message: the secrets of an address.

/// A text of somebody else, such as an error of a driver, without the secrets of this URL.
pub(crate) fn censor(url: &str, text: &str) -> String {
    let mut text = text.to_owned();
    for secret in secrets(url) {
        text = text.replace(secret, "***");
    }
    text
}

/// Passwords in the user part and in the query.
fn secrets(url: &str) -> Vec<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user_part = rest.rsplit_once('@').map(|(user, _)| user);
    let password = user_part.and_then(|user| user.split_once(':'));
    let in_query = rest.split(['?', '&']).filter_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.contains("password").then_some(value)
    });
    password
        .map(|(_, password)| password)
        .into_iter()
        .chain(in_query)
        .filter(|secret| !secret.is_empty())
        .collect()
}
