//! axum's extractors for JSON, paths and queries, with our errors instead of axum's plain text.

use axum::{
    extract::{
        FromRequest, FromRequestParts,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::ErrorCode;
use serde::Serialize;

use crate::error::ApiError;

/// A JSON body, in either direction.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Json<T>(pub T);

/// The variable parts of a path.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// The part of an address after `?`.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                return Self::from(ErrorCode::Malformed)
                    .status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
                    .message("This address takes JSON only: send it with `Content-Type: application/json`.");
            }
            _ => ErrorCode::Malformed,
        };
        Self::from(code).message(rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        // What is no id names nothing: the same answer as for an id that nothing has.
        ErrorCode::NotFound.into()
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::from(ErrorCode::Malformed).message(rejection.body_text())
    }
}
