//! Addresses: what counts as an IP, a MAC, a UUID, an e-mail address; hosts with a port attached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether OCSF's `ip_t` admits the text.
pub(crate) fn is_ip(text: &str) -> bool {
    parse_ip(text).is_some() && text.len() <= 40
}

/// The address; a zone (`fe80::1%eth0`) is not part of it, and stands in the map only.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    if !text.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':') {
        return None;
    }
    text.parse::<Ipv4Addr>().map(IpAddr::V4).or_else(|_| text.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

/// Whether OCSF's `mac_t` admits the text.
pub(crate) fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i % 3 == 2 { b == b':' || b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Whether the text is a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Whether OCSF's `email_t` pattern matches: local part, `@`, domain with a dot.
pub(crate) fn is_email(text: &str) -> bool {
    // The pattern's class has the range `+` to `/`, hence the comma.
    let local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+,-./=?^_`{|}~".contains(&b);
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let Some((first, rest)) = domain.split_once('.') else {
        return false;
    };
    !name.is_empty()
        && name.bytes().all(local)
        && !first.is_empty()
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// A port that `port_t` admits.
pub(crate) fn port(number: i64) -> Option<i64> {
    (0..=65535).contains(&number).then_some(number)
}

/// What an address attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    Ip(&'a str),
    Name(&'a str),
    /// A Unix socket
    Path(&'a str),
}

/// Splits a port off (`web-api:8000`, `[::1]:8000`) and tells IPs, names and paths apart.
pub(crate) fn split_host(text: &str) -> (Option<Host<'_>>, Option<i64>) {
    if text.is_empty() {
        return (None, None);
    }
    if text.starts_with('/') {
        return (Some(Host::Path(text)), None);
    }
    let (host, port_text) = if let Some(rest) = text.strip_prefix('[') {
        match rest.split_once(']') {
            Some((host, tail)) if is_ip(host) && (tail.is_empty() || tail.starts_with(':')) => {
                (host, tail.strip_prefix(':'))
            }
            _ => (text, None),
        }
    } else {
        match text.split_once(':') {
            Some((host, tail)) if !host.is_empty() && !tail.contains(':') => (host, Some(tail)),
            _ => (text, None),
        }
    };
    let number = port_text
        .filter(|p| p.len() <= 5 && p.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|p| p.parse().ok())
        .and_then(port);
    let host = if port_text.is_some() && number.is_none() { text } else { host };
    (Some(if is_ip(host) { Host::Ip(host) } else { Host::Name(host) }), number)
}

/// The parts of an absolute URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlParts<'a> {
    pub scheme: Option<&'a str>,
    pub host: Option<&'a str>,
    pub port: Option<i64>,
    pub path: Option<&'a str>,
    pub query: Option<&'a str>,
}

/// Takes `scheme://[user@]host[:port]/path?query#fragment` apart; user information is not kept.
pub(crate) fn split_url(url: &str) -> UrlParts<'_> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return UrlParts::default();
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = split_host(authority);
    let host = match host {
        Some(Host::Ip(host) | Host::Name(host)) => Some(host),
        _ => None,
    };
    let (path, query) = split_target(tail);
    UrlParts { scheme: Some(scheme).filter(|s| !s.is_empty()), host, port, path, query }
}

/// Takes `/path?query` apart.
pub(crate) fn split_target(target: &str) -> (Option<&str>, Option<&str>) {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    (Some(path).filter(|p| !p.is_empty()), query.filter(|q| !q.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_cut_off_and_an_ipv6_address_is_not_cut() {
        assert_eq!(split_host("web-api:8000"), (Some(Host::Name("web-api")), Some(8000)));
        assert_eq!(split_host("127.0.0.1:80"), (Some(Host::Ip("127.0.0.1")), Some(80)));
        assert_eq!(split_host("[::1]:80"), (Some(Host::Ip("::1")), Some(80)));
        assert_eq!(split_host("::1"), (Some(Host::Ip("::1")), None));
        assert_eq!(split_host("/run/pg.sock"), (Some(Host::Path("/run/pg.sock")), None));
        assert_eq!(split_host("host:x"), (Some(Host::Name("host:x")), None));
        assert_eq!(split_host("host:99999"), (Some(Host::Name("host:99999")), None));
    }

    #[test]
    fn a_url_comes_apart_without_its_credentials() {
        let parts = split_url("https://user:secret@shop.example:8443/a/b?q=1#top");
        assert_eq!(
            parts,
            UrlParts {
                scheme: Some("https"),
                host: Some("shop.example"),
                port: Some(8443),
                path: Some("/a/b"),
                query: Some("q=1")
            }
        );
        assert_eq!(split_url("not a url"), UrlParts::default());
        assert_eq!(split_url("http://h").path, None);
    }

    #[test]
    fn what_the_schema_patterns_refuse_is_refused() {
        for bad in ["256.1.1.1", "1.2.3", "::g", "localhost", ""] {
            assert!(!is_ip(bad), "{bad}");
        }
        assert!(is_ip("2001:db8::1") && is_ip("10.0.0.1"));
        assert!(is_email("alice@company.com") && !is_email("alice@company") && !is_email("a b@c.d"));
        assert!(is_mac("18:36:F3:98:4F:9A") && !is_mac("18:36:F3:98:4F"));
        assert!(is_uuid("123e4567-e89b-12d3-a456-426614174000") && !is_uuid("123e4567"));
    }
}
