//! Event names as words: what an `eventName`, `event.name` or `event.action` says happened.
//!
//! Names are compared in lower case and split at punctuation and case changes; a word matches when it is the listed one
//! or an inflection of it. Free text is never looked at.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::remembered::{Remembered, remembered};
use crate::semconv::ShortText;

/// The words that decide a class, each with its inflections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Login,
    Logout,
    Token,
    Validate,
    Issue,
    Refresh,
    Mfa,
    Password,
    Check,
    Config,
    Flag,
    Change,
    Deploy,
    Undeploy,
    Install,
    Service,
    Start,
    Stop,
    Restart,
}

/// The one table of inflections. Two words together are written with a space.
const TABLE: &[(Word, &[&str])] = &[
    (
        Word::Login,
        &[
            "login",
            "logins",
            "logon",
            "logons",
            "signin",
            "signins",
            "log in",
            "logged in",
            "log on",
            "logged on",
            "sign in",
            "signed in",
            "authenticate",
            "authenticates",
            "authenticated",
            "authenticating",
            "authentication",
            "authentications",
        ],
    ),
    (
        Word::Logout,
        &[
            "logout",
            "logouts",
            "logoff",
            "logoffs",
            "signout",
            "signouts",
            "log out",
            "logged out",
            "log off",
            "logged off",
            "sign out",
            "signed out",
        ],
    ),
    (Word::Token, &["token", "tokens"]),
    (
        Word::Validate,
        &[
            "validate",
            "validates",
            "validated",
            "validating",
            "validation",
            "validations",
            "verify",
            "verifies",
            "verified",
            "verifying",
            "verification",
            "verifications",
            "introspect",
            "introspects",
            "introspected",
            "introspecting",
            "introspection",
            "introspections",
        ],
    ),
    (Word::Issue, &["issue", "issues", "issued", "issuing", "issuance"]),
    (Word::Refresh, &["refresh", "refreshes", "refreshed", "refreshing"]),
    (Word::Mfa, &["mfa"]),
    (Word::Password, &["password", "passwords"]),
    (Word::Check, &["check", "checks", "checked", "checking"]),
    (Word::Config, &["config", "configs", "configuration", "configurations"]),
    (Word::Flag, &["flag", "flags"]),
    (
        Word::Change,
        &[
            "change",
            "changes",
            "changed",
            "changing",
            "update",
            "updates",
            "updated",
            "updating",
            "reload",
            "reloads",
            "reloaded",
            "reloading",
        ],
    ),
    (
        Word::Deploy,
        &[
            "deploy",
            "deploys",
            "deployed",
            "deploying",
            "deployment",
            "deployments",
            "undeploy",
            "undeploys",
            "undeployed",
            "undeploying",
            "undeployment",
        ],
    ),
    (
        Word::Undeploy,
        &[
            "undeploy",
            "undeploys",
            "undeployed",
            "undeploying",
            "undeployment",
            "uninstall",
            "uninstalled",
            "remove",
            "removed",
        ],
    ),
    (Word::Install, &["install", "installs", "installed", "installing", "installation"]),
    (Word::Service, &["service", "services", "process", "processes"]),
    (Word::Start, &["start", "starts", "started", "starting", "startup", "ready", "readiness"]),
    (
        Word::Stop,
        &[
            "stop",
            "stops",
            "stopped",
            "stopping",
            "shutdown",
            "shutdowns",
            "shut down",
            "shutting down",
            "exit",
            "exits",
            "exited",
            "exiting",
        ],
    ),
    (Word::Restart, &["restart", "restarts", "restarted", "restarting"]),
];

/// Each form of [`TABLE`] with the set of words that it is a form of.
static FORMS: LazyLock<HashMap<&'static str, u32, BuildHasherDefault<ShortText>>> = LazyLock::new(|| {
    let mut forms = HashMap::default();
    for (word, list) in TABLE {
        for form in *list {
            *forms.entry(*form).or_default() |= 1 << *word as u32;
        }
    }
    forms
});

/// The words of a name that the table knows, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(u32);

thread_local! {
    static KNOWN: Remembered<Words> = Remembered::default();
}

impl Words {
    /// The words of a name.
    pub fn of(name: &str) -> Self {
        if name.is_empty() { Self::default() } else { remembered(&KNOWN, name, Self::split) }
    }

    /// Splits a name and looks its words up.
    fn split(name: &str) -> Self {
        // The words in lower case with a space between, and where each begins.
        let mut text = String::with_capacity(name.len() + 8);
        let mut starts = vec![0];
        let mut lower_before = false;
        for character in name.chars() {
            let is_word = character.is_alphanumeric();
            let ends_word = !is_word || (character.is_uppercase() && lower_before);
            if ends_word && starts.last() != Some(&text.len()) {
                text.push(' ');
                starts.push(text.len());
            }
            lower_before = is_word && (character.is_lowercase() || character.is_numeric());
            if is_word {
                text.extend(character.to_lowercase());
            }
        }
        if starts.last() != Some(&text.len()) {
            text.push(' ');
            starts.push(text.len());
        }
        let mut words = 0;
        for (index, start) in starts.iter().enumerate() {
            for end in starts[index + 1..].iter().take(2) {
                words |= FORMS.get(&text[*start..end - 1]).copied().unwrap_or(0);
            }
        }
        Self(words)
    }

    /// Whether the word occurs.
    pub fn has(self, word: Word) -> bool {
        self.0 & (1 << word as u32) != 0
    }

    /// Both sets together.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a name says of authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    Logon,
    Logoff,
    TokenValidation,
    TokenIssue,
    TokenRefresh,
    Preauth,
}

impl Words {
    /// Row 2 of the classifier; logout is tested before login.
    pub fn authentication(self) -> Option<Authentication> {
        if self.has(Word::Logout) {
            return Some(Authentication::Logoff);
        }
        if self.has(Word::Token) {
            if self.has(Word::Validate) {
                return Some(Authentication::TokenValidation);
            }
            if self.has(Word::Refresh) {
                return Some(Authentication::TokenRefresh);
            }
            if self.has(Word::Issue) {
                return Some(Authentication::TokenIssue);
            }
        }
        if self.has(Word::Mfa) || (self.has(Word::Password) && self.has(Word::Check)) {
            return Some(Authentication::Preauth);
        }
        self.has(Word::Login).then_some(Authentication::Logon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_punctuation_and_case_changes() {
        for name in ["user.login", "USER_LOGIN", "userLogin", "user-logged-in", "auth.SignIn", "Authentication"] {
            assert_eq!(Words::of(name).authentication(), Some(Authentication::Logon), "{name}");
        }
        assert_eq!(Words::of("user.logout").authentication(), Some(Authentication::Logoff));
        assert_eq!(Words::of("token_verified").authentication(), Some(Authentication::TokenValidation));
        assert_eq!(Words::of("password.check").authentication(), Some(Authentication::Preauth));
        assert_eq!(Words::of("blogging.started").authentication(), None);
    }

    #[test]
    fn only_whole_words_match() {
        assert!(!Words::of("kickstarter").has(Word::Start));
        assert!(Words::of("service.restarted").has(Word::Restart));
        assert!(!Words::of("service.restarted").has(Word::Start));
    }
}
