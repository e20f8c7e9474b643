//! A browser without a window, or a program: raw requests with a cookie or a token.

use std::{fmt::Write as _, net::SocketAddr};

use protocol::ErrorCode;
use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::Value;

/// Somebody who sends requests. Like a browser it keeps the session cookie and names its origin.
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) cookie: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    /// Somebody without an account, at a server wherever it is.
    pub(crate) fn new(address: SocketAddr) -> Self {
        // A connection for each request: idle ones would outlive the server that a test drops.
        let http =
            reqwest::Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).no_proxy().build().unwrap();
        Self { http, base: format!("http://{address}"), cookie: None }
    }

    /// A request to be changed by hand. It has the cookie, and nothing else.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// Sends a form as our own page does, and keeps the cookie that comes back.
    pub(crate) async fn post_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = send(form(self.request(Method::POST, path), fields).header("origin", &self.base)).await;
        if let Some(cookie) = answer.cookie() {
            self.cookie = (!cookie.ends_with('=')).then_some(cookie);
        }
        answer
    }

    /// Sends JSON as our own page does.
    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        send(self.request(method, path).header("origin", &self.base).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path).header("origin", &self.base)).await
    }

    /// Whether the session is live: the address answers 401 to all others.
    pub(crate) async fn is_logged_in(&self) -> bool {
        let answer = self.get("/api/v1/invites").await;
        assert!([200, 403, 401].contains(&answer.status), "{answer:?}");
        answer.status != 401
    }
}

impl Answer {
    /// `name=value` of the cookie that is set.
    pub(crate) fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get("set-cookie")?.to_str().unwrap();
        Some(cookie.split(';').next().unwrap().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The code of a refusal, which has words too.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        assert!(body["message"].as_str().is_some_and(|words| words.len() > 10), "no words in {self:?}");
        body["code"].as_str().unwrap_or_else(|| panic!("no code in {self:?}")).to_owned()
    }

    /// Asserts that a page says why a form was refused.
    #[track_caller]
    pub(crate) fn shows(self, status: u16, code: ErrorCode) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.body.contains(code.message()), "{code:?} is not in words in {self:?}");
        assert!(self.cookie().is_none(), "a refused form got a session: {self:?}");
        self
    }

    /// Asserts a refusal, and returns it to look closer.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
        self
    }
}

/// Sends a request and reads all of the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

/// Makes a request carry a form.
pub(crate) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encode = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte));
            } else {
                write!(out, "%{byte:02X}").unwrap();
            }
            out
        })
    };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
}
