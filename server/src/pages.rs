//! The pages, as the server sends them: what each needs to know is read here, `app` draws it.
//!
//! There is no HTML in this file. Every page has a policy (CSP) under which only its own scripts run, by a nonce that
//! is drawn for it, and is kept by nobody.

use app::{AuthForm, Form, Inside, Me, Open, Page, Place};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use protocol::{ErrorBody, ErrorCode, RoomId, command::Cost, limits::DIRECTORY_ROOMS_MAX};

use crate::{
    api::{authorize_read, directory_at},
    auth::{
        extract::session_of,
        forms::{AuthPage, FormFailure},
        sign_up::admit,
    },
    config::Registration,
    error::{self, ApiError},
    state::AppState,
    store::{
        WindowAt,
        accounts::{Role, Session},
    },
};

mod answer;
pub(crate) mod cookies;
mod join;
mod visit;

pub(crate) use answer::Pages;
pub(crate) use visit::{OwnerVisit, Visit};

/// The addresses of the pages.
pub(crate) fn routes() -> Router<AppState> {
    let routes = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/signup", get(signup))
        .route("/rooms", get(inside))
        .route("/rooms/{slug}", get(inside))
        .route("/rooms/{slug}/join", post(join::join))
        .route("/diagnostics", get(inside));
    // For who works on the looks; a release answers that there is no such page.
    if cfg!(debug_assertions) { routes.route("/style", get(style)) } else { routes }
}

/// A form that was refused, shown again with the error in words.
pub(crate) async fn auth_page(app: AppState, headers: &HeaderMap, failure: FormFailure) -> Response {
    let FormFailure { page, error, username, next, invite } = failure;
    let pages = Pages::new(&app, headers);
    let form = match page {
        AuthPage::LogIn => Form::LogIn,
        AuthPage::SignUp => Form::SignUp,
    };
    let correlation = error::correlation(&app);
    // Only what is a fault of the server has a number worth telling.
    let number = (error.code() == ErrorCode::Internal).then(|| correlation.clone());
    let body = ErrorBody { correlation: number, ..error.body().clone() };
    error.log(&correlation, "POST", "form");
    match auth_form(&app, form).await {
        Ok(empty) => {
            let form = AuthForm { username, invite, next, error: Some(body), ..empty };
            let mut response = pages.page(error.http_status(), Page::Auth(form));
            error.wait(&mut response);
            response
        }
        Err(error) => pages.failure(&error, &Method::POST, "form"),
    }
}

/// What no other address answers: a file of the front end, or that there is nothing.
pub(crate) async fn fallback(State(app): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if path.starts_with("/api/") || path == "/ws" || path.starts_with("/ws/") || !is_read {
        return ApiError::from(ErrorCode::NotFound).into_response();
    }
    match app.assets.answer(path, request.headers()) {
        Some(response) => response,
        None => Pages::new(&app, request.headers()).failure(&ErrorCode::NotFound.into(), request.method(), path),
    }
}

/// Every part of the pages in each of its states.
async fn style(State(app): State<AppState>, headers: HeaderMap) -> Response {
    Pages::new(&app, &headers).page(StatusCode::OK, Page::Style)
}

/// `/`: on to the room that was open last, or the first one.
async fn home(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let pages = Pages::new(&app, &headers);
    answer_or_failure(&pages, "/", async {
        let Some(session) = session_of(&app, &headers).await? else { return Ok(see_other("/login")) };
        app.rates.check(Cost::Read, session.user.id)?;
        let inbox = app.store.inbox(session.user.id).await?;
        let last = cookies::get(&headers, "room").and_then(|id| id.parse().ok()).map(RoomId);
        let room = inbox.rooms.iter().find(|room| Some(room.room.id) == last).or(inbox.rooms.first());
        Ok(match room {
            Some(summary) => see_other(&Place::room_path(summary.room.id, &summary.room.name)),
            None => see_other("/rooms"),
        })
    })
    .await
}

async fn login(State(app): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    form_page(app, Form::LogIn, &uri, &headers).await
}

async fn signup(State(app): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    form_page(app, Form::SignUp, &uri, &headers).await
}

/// An empty form; who is logged in has no use for it.
async fn form_page(app: AppState, form: Form, uri: &Uri, headers: &HeaderMap) -> Response {
    let pages = Pages::new(&app, headers);
    answer_or_failure(&pages, uri.path(), async {
        if session_of(&app, headers).await?.is_some() {
            return Ok(see_other("/"));
        }
        let query = uri.query().unwrap_or_default();
        let empty = auth_form(&app, form).await?;
        if form == Form::LogIn && empty.first {
            return Ok(see_other("/signup"));
        }
        let filled =
            AuthForm { next: cookies::parameter(query, "next"), invite: cookies::parameter(query, "invite"), ..empty };
        // Who cannot sign up hears so before they have thought of a name and a password.
        let refusal = match form {
            Form::LogIn => None,
            Form::SignUp => match admit(&app, filled.invite.as_deref()).await.map_err(ApiError::from) {
                Ok(_) => None,
                Err(failure) if failure.http_status().is_server_error() => return Err(failure),
                Err(refusal) => Some(refusal),
            },
        };
        let error = refusal.map(|refusal| refusal.body().clone());
        Ok(pages.page(StatusCode::OK, Page::Auth(AuthForm { error, ..filled })))
    })
    .await
}

async fn auth_form(app: &AppState, form: Form) -> Result<AuthForm, ApiError> {
    let registration = registration(app).await?;
    let first = app.store.accounts_count().await? == 0;
    Ok(AuthForm { form, username: String::new(), invite: None, next: None, registration, first, error: None })
}

/// Who may sign up now.
pub(crate) async fn registration(app: &AppState) -> Result<app::Registration, ApiError> {
    Ok(match app.config.registration(app.store.registration().await?) {
        Registration::Open => app::Registration::Open,
        Registration::Invite => app::Registration::Invite,
        Registration::Closed => app::Registration::Closed,
    })
}

/// The pages for who is logged in.
async fn inside(State(app): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let pages = Pages::new(&app, &headers);
    answer_or_failure(&pages, uri.path(), async {
        let Some(session) = session_of(&app, &headers).await? else {
            return Ok(see_other(&log_in_first(&uri)));
        };
        app.rates.check(Cost::Read, session.user.id)?;
        // Before the room: a message that is counted in the list is never missing from the room's page.
        let inbox = app.store.inbox(session.user.id).await?;
        let open = open(&app, &session, Place::of_path(uri.path()), uri.query().unwrap_or_default()).await?;
        let status = match &open {
            Open::Missing => StatusCode::NOT_FOUND,
            Open::Room(_) | Open::Doorstep(_) | Open::Directory { .. } | Open::Diagnostics => StatusCode::OK,
        };
        let presence = match &open {
            Open::Room(snapshot) => {
                let room = snapshot.info.id;
                Some(Box::new(app.hub.presence().picture(room, &app.store.roster(room).await?)))
            }
            Open::Doorstep(_) | Open::Directory { .. } | Open::Diagnostics | Open::Missing => None,
        };
        let shows_viewing = app.store.shows_viewing(session.user.id).await?;
        let mut profiles = app.store.profiles(&[session.user.id]).await?;
        let me = Me { called: profiles.pop().and_then(|(_, profile)| profile.name), ..me_of(&session) };
        Ok(pages.page_at(&uri, status, Page::Inside(Inside { me, inbox, open, presence, shows_viewing })))
    })
    .await
}

/// What the place shows this user. What may not be seen is answered like what does not exist.
async fn open(app: &AppState, session: &Session, place: Place, query: &str) -> Result<Open, ApiError> {
    let room = match place {
        Place::Room(room) => room,
        Place::Directory => return directory(app, session, query).await,
        Place::Diagnostics => return Ok(Open::Diagnostics),
        Place::Home | Place::LogIn | Place::SignUp | Place::Unknown => return Ok(Open::Missing),
    };
    let window = Place::at_of_query(query).map_or(WindowAt::Unread, WindowAt::Line);
    match authorize_read(app, session, room).await {
        Ok(()) => {
            if let Some(snapshot) = app.store.room(session.user.id, room, window).await? {
                return Ok(Open::Room(snapshot));
            }
        }
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Forbidden) => {}
        Err(error) => return Err(error),
    }
    Ok(app.store.doorstep(room).await?.map_or(Open::Missing, Open::Doorstep))
}

/// A page of the public rooms, and the address of the next one.
async fn directory(app: &AppState, session: &Session, query: &str) -> Result<Open, ApiError> {
    let at = directory_at(cookies::parameter(query, "name"), cookies::parameter(query, "after"))?;
    // One more than is shown tells whether there are more.
    let mut rooms = app.store.directory(session.user.id, &at, DIRECTORY_ROOMS_MAX + 1).await?;
    let has_more = rooms.len() > DIRECTORY_ROOMS_MAX as usize;
    rooms.truncate(DIRECTORY_ROOMS_MAX as usize);
    let more = rooms
        .last()
        .filter(|_| has_more)
        .map(|last| format!("/rooms?name={}&after={}", cookies::encode(&at.name), cookies::encode(&last.room.name)));
    Ok(Open::Directory { rooms, name: at.name, more })
}

/// Runs what makes an answer; a failure becomes a page of its own.
async fn answer_or_failure(
    pages: &Pages<'_>,
    path: &str,
    answer: impl Future<Output = Result<Response, ApiError>>,
) -> Response {
    match answer.await {
        Ok(response) => response,
        Err(error) => pages.failure(&error, &Method::GET, path),
    }
}

/// Whose page it is.
pub(crate) fn me_of(session: &Session) -> Me {
    let owner = match session.role {
        Role::Owner => true,
        Role::Member => false,
    };
    Me { user: session.user.clone(), owner, called: None }
}

/// Where to log in, to come back to this page.
pub(crate) fn log_in_first(page: &impl std::fmt::Display) -> String {
    format!("/login?next={}", cookies::encode(&page.to_string()))
}

/// A redirect to a path of ours: the browser follows with a GET.
pub(crate) fn see_other(to: &str) -> Response {
    // Slugs may have letters beyond ASCII; a header may not.
    let to = HeaderValue::try_from(cookies::encode_path(to)).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
