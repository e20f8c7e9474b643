//! What goes over HTTP.

use std::time::Duration;

use protocol::ErrorBody;
use reqwest::header::RETRY_AFTER;

use super::{Error, Session};
use crate::{Answer, Fetch, FetchFailure, PROBE_PATH, Probe};

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Opens a session.
pub(super) async fn log_in(base: &str, username: &str, password: &str) -> Result<Session, Error> {
    let body = serde_json::json!({ "username": username, "password": password });
    let request = reqwest::Client::new().post(format!("{base}/api/v1/sessions")).json(&body);
    let response = request.timeout(ANSWER_WITHIN).send().await.map_err(unreachable)?;
    if response.status().is_success() {
        response.json().await.map_err(unreachable)
    } else {
        Err(Error::Refused(response.json::<ErrorBody>().await.map_err(unreachable)?))
    }
}

fn unreachable(source: reqwest::Error) -> Error {
    Error::Unreachable(Box::new(source))
}

/// Requests of one session.
#[derive(Clone, Debug)]
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(super) fn new(base: &str, token: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), token: token.to_owned() }
    }

    async fn get(&self, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        request.timeout(ANSWER_WITHIN).send().await
    }

    pub(super) async fn fetch(&self, request: &Fetch) -> Result<Answer, FetchFailure> {
        let response = self.get(&request.path()).await.map_err(|_| FetchFailure(None))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        let body = response.text().await.map_err(|_| FetchFailure(None))?;
        request.read(status, retry_after.as_deref(), &body)
    }

    pub(super) async fn probe(&self) -> Probe {
        match self.get(PROBE_PATH).await {
            Ok(response) => Probe::read(response.status().as_u16(), retry_after(&response).as_deref()),
            Err(_) => Probe::Unreachable,
        }
    }
}

fn retry_after(response: &reqwest::Response) -> Option<String> {
    Some(response.headers().get(RETRY_AFTER)?.to_str().ok()?.to_owned())
}
