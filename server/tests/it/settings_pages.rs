//! The pages under `/settings`: who may see them, what their forms do, and what they refuse.

use std::time::Duration;

use protocol::{ErrorCode, limits::INVITE_USES_MAX};
use reqwest::Method;
use serde_json::json;
use server::config::Registration;
use tokio::time::timeout;

use crate::support::{Answer, Client, PASSWORD, TestServer, form, send};

/// Every page, and whether it is for the owner alone.
const PAGES: [(&str, bool); 7] = [
    ("/settings", false),
    ("/settings/profile", false),
    ("/settings/password", false),
    ("/settings/sessions", false),
    ("/settings/invites", true),
    ("/settings/members", true),
    ("/settings/registration", true),
];

/// The path of a form, fields that it takes, and whether it is for the owner alone.
type PageForm = (&'static str, &'static [(&'static str, &'static str)], bool);

/// Every form, with fields that it takes, and whether it is for the owner alone.
const FORMS: [PageForm; 13] = [
    ("/settings/profile", &[("zone", "Europe/Berlin")], false),
    ("/settings/profile/name", &[("name", "Robert")], false),
    ("/settings/profile/status", &[("emoji", "🌴"), ("text", "On holiday"), ("end", "week")], false),
    ("/settings/profile/status/clear", &[], false),
    (
        "/settings/password",
        &[("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("repeated_password", NEW_PASSWORD)],
        false,
    ),
    ("/settings/sessions/1/end", &[], false),
    ("/settings/sessions/end-others", &[], false),
    ("/settings/invites", &[("uses", "1"), ("expires_in_s", "3600")], true),
    ("/settings/invites/1/revoke", &[], true),
    ("/settings/members/2/disable", &[], true),
    ("/settings/members/2/enable", &[], true),
    ("/settings/members/2/hand-over", &[], true),
    ("/settings/registration", &[("mode", "open")], true),
];

const NEW_PASSWORD: &str = "ten even saucers";

/// The link that a page shows.
fn link(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let (_, rest) = answer.body.split_once("id=\"invite-link\"").expect("a link is shown");
    let (_, rest) = rest.split_once("value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

async fn sign_up(server: &TestServer, name: &str, link: &str) -> Answer {
    let token = link.split_once("invite=").map_or("", |(_, token)| token);
    server.visitor().post_form("/signup", &[("username", name), ("password", PASSWORD), ("invite", token)]).await
}

async fn another_session(server: &TestServer, name: &str, agent: &str) -> Client {
    let mut client = server.visitor();
    let fields = [("username", name), ("password", PASSWORD)];
    let request = form(client.request(Method::POST, "/login"), &fields).header("origin", &client.base);
    let answer = send(request.header("user-agent", agent)).await;
    client.cookie = Some(answer.cookie().expect("logged in"));
    client
}

#[tokio::test]
async fn each_page_and_form_is_for_whom_it_is() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut bob = server.user("bob").await;
    let mut visitor = server.visitor();

    for (path, for_owner) in PAGES {
        let seen = bob.get(path).await;
        assert_eq!(seen.status, if for_owner { 403 } else { 200 }, "{path}");
        assert_eq!(seen.body.contains("Only the owner of this server may do that."), for_owner, "{path}");
        assert_eq!(seen.header("cache-control"), "no-store", "{path}");
        assert!(!seen.body.contains("hydrate()"), "{path} starts a program");
        assert!(!seen.body.contains("href=\"/settings/members\""), "{path} leads a member to the owner's pages");
        let door = visitor.get(path).await;
        assert_eq!((door.status, door.header("location")), (303, format!("/login?next={path}").as_str()));
    }
    for (path, fields, for_owner) in FORMS {
        let door = visitor.post_form(path, fields).await;
        assert_eq!(door.status, 303, "{path}");
        assert!(door.header("location").starts_with("/login?next="), "{path}");
        if for_owner {
            assert_eq!(bob.post_form(path, fields).await.status, 403, "{path}");
        }
    }
    assert_eq!(server.names().await, ["ada", "bob"]);
    assert_eq!(server.account("bob").await.disabled_at, None);
}

#[tokio::test]
async fn who_sends_a_form_without_a_session_comes_back_to_its_page() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut visitor = server.visitor();
    let rooms = ["rename", "transfer", "delete"].map(|action| format!("/settings/rooms/1/{action}"));

    for path in FORMS.iter().map(|(path, ..)| *path).chain(rooms.iter().map(String::as_str)) {
        let door = visitor.post_form(path, &[]).await;
        let page = door.header("location").strip_prefix("/login?next=").expect("to log in first");
        assert_eq!(ada.get(page).await.status, 200, "{page} for {path}");
        assert!(path.starts_with(page), "{page} for {path}");
    }
}

#[tokio::test]
async fn forms_from_another_site_change_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let bob = server.user("bob").await;
    another_session(&server, "ada", "curl/8").await;

    for (path, fields, _) in FORMS {
        for origin in ["https://evil.test", "null"] {
            let request = form(ada.request(Method::POST, path), fields).header("origin", origin);
            send(request).await.refused(403, "cross_site");
        }
        send(form(ada.request(Method::POST, path), fields)).await.refused(403, "cross_site");
        // GET changes nothing.
        let read = ada.get(path).await;
        assert!([200, 405].contains(&read.status), "{path}: {read:?}");
    }

    assert!(bob.is_logged_in().await);
    assert_eq!(ada.get("/api/v1/sessions").await.json()["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(ada.get("/api/v1/invites").await.json()["invites"], json!([]));
    assert!(ada.get("/settings/members").await.status == 200, "ada owns the server");
}

#[tokio::test]
async fn forms_with_other_fields_are_refused_in_words() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    server.user("bob").await;

    for (path, fields, _) in FORMS.into_iter().filter(|(_, fields, _)| !fields.is_empty()) {
        let more: Vec<_> = fields.iter().copied().chain([("role", "owner")]).collect();
        for wrong in [&more[..], &fields[1..]] {
            let answer = ada.post_form(path, wrong).await;
            assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
            assert!(answer.body.contains("role=\"alert\""), "{path}: {answer:?}");
        }
    }
    for path in ["/settings/members/x/disable", "/settings/invites/-1/revoke", "/settings/sessions/1'--/end"] {
        assert!((400..500).contains(&ada.post_form(path, &[]).await.status), "{path}");
    }
    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn writing_too_often_is_refused_with_the_time_to_wait() {
    let server = TestServer::with(|config| {
        config.limits.writes_per_second = 1;
        config.limits.writes_burst = 1;
    })
    .await;
    let mut ada = server.user("ada").await;
    let path = "/settings/sessions/end-others";

    assert_eq!(ada.post_form(path, &[]).await.status, 303);
    let refused = ada.post_form(path, &[]).await;

    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    server.advance(Duration::from_secs(1));
    assert_eq!(ada.post_form(path, &[]).await.header("location"), "/settings/sessions?done=sessions");
}

#[tokio::test]
async fn the_owner_makes_a_link_in_the_page_and_revokes_it() {
    let server = TestServer::with(|config| config.registration = Some(Registration::Invite)).await;
    let mut ada = server.user("ada").await;

    let made = link(&ada.post_form("/settings/invites", &[("uses", "2"), ("expires_in_s", "3600")]).await);
    let listed = ada.get("/settings/invites").await.body;

    assert!(made.starts_with(&format!("{}/signup?invite=", ada.base)), "{made}");
    assert!(
        listed.contains("For 2 people, 0 came") && listed.contains("Until Thursday, 1 January 2026, 01:00"),
        "{listed}"
    );
    assert!(!listed.contains(&made), "the link is shown once");
    assert_eq!(sign_up(&server, "bob", &made).await.status, 303);
    assert!(ada.get("/settings/invites").await.body.contains("For 2 people, 1 came"));

    let revoked = ada.post_form("/settings/invites/1/revoke", &[]).await;
    assert_eq!((revoked.status, revoked.header("location")), (303, "/settings/invites?done=revoked"));
    assert!(ada.get(revoked.header("location")).await.body.contains("The invitation is revoked."));
    sign_up(&server, "cid", &made).await.shows(403, ErrorCode::InviteInvalid);
    assert_eq!(ada.post_form("/settings/invites/1/revoke", &[]).await.status, 303, "twice is as well as once");
}

#[tokio::test]
async fn the_form_of_an_invitation_has_bounds() {
    let server = TestServer::with(|config| config.limits.invites = 1).await;
    let mut ada = server.user("ada").await;
    let over = (INVITE_USES_MAX + 1).to_string();

    for (uses, expires) in [("0", "60"), (&*over, "60"), ("1", "0"), ("1", "31536001"), ("many", "60"), ("1.5", "60")] {
        let answer = ada.post_form("/settings/invites", &[("uses", uses), ("expires_in_s", expires)]).await;
        assert_eq!(answer.status, 422, "{uses} {expires}");
        assert!(answer.body.contains("role=\"alert\""), "{answer:?}");
    }
    let at_the_limit =
        [("uses", &*INVITE_USES_MAX.to_string()), ("expires_in_s", "31536000")].map(|(a, b)| (a, b.to_owned()));
    let fields: Vec<_> = at_the_limit.iter().map(|(name, value)| (*name, value.as_str())).collect();
    link(&ada.post_form("/settings/invites", &fields).await);
    let full = ada.post_form("/settings/invites", &fields).await;
    assert!(full.status == 422 && full.body.contains("too many open invitations"), "{full:?}");
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_ends_the_other_sessions() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let other = another_session(&server, "ada", "curl/8").await;
    let socket = server.socket_of(&other).await;
    let change = |current: &'static str, new: &'static str, again: &'static str| {
        [("current_password", current), ("new_password", new), ("repeated_password", again)]
    };

    for (fields, status, words) in [
        (change("wrong password", NEW_PASSWORD, NEW_PASSWORD), 403, "The current password is wrong."),
        (change(PASSWORD, NEW_PASSWORD, "other saucers"), 422, "The two new passwords are not the same."),
        (change(PASSWORD, "short", "short"), 422, ErrorCode::PasswordTooShort.message()),
        (change(PASSWORD, "password1", "password1"), 422, ErrorCode::PasswordCommon.message()),
    ] {
        let refused = ada.post_form("/settings/password", &fields).await;
        assert_eq!(refused.status, status, "{words}: {refused:?}");
        assert!(refused.body.contains(words), "{refused:?}");
        assert!(!refused.body.contains("saucers"), "a password comes back");
    }
    assert!(other.is_logged_in().await);

    let done = ada.post_form("/settings/password", &change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)).await;

    assert_eq!((done.status, done.header("location")), (303, "/settings/password?done=password"));
    timeout(Duration::from_secs(5), socket.ended()).await.expect("the other session's socket goes on");
    assert!(!other.is_logged_in().await && ada.is_logged_in().await);
    let log_in = json!({ "username": "ada", "password": NEW_PASSWORD });
    assert_eq!(server.visitor().post("/api/v1/sessions", &log_in).await.status, 201);
}

#[tokio::test]
async fn guessing_the_old_password_is_slowed_down_as_at_the_door() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let guess =
        [("current_password", "a wrong guess"), ("new_password", NEW_PASSWORD), ("repeated_password", NEW_PASSWORD)];

    for _ in 0..5 {
        assert_eq!(ada.post_form("/settings/password", &guess).await.status, 403);
    }
    let sixth = ada.post_form("/settings/password", &guess).await;

    assert_eq!((sixth.status, sixth.header("retry-after")), (429, "900"));
    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn sessions_are_listed_with_their_device_and_ended_one_by_one() {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let mut eve = server.user("eve").await;
    server.advance(Duration::from_hours(1));
    let firefox = another_session(&server, "ada", FIREFOX).await;
    let hostile = another_session(&server, "ada", "<script>alert(1)</script>").await;
    let socket = server.socket_of(&firefox).await;

    let page = ada.get("/settings/sessions").await.body;
    let list = firefox.get("/api/v1/sessions").await.json();

    assert!(page.contains("Firefox on Linux") && page.contains("This session"), "{page}");
    assert!(page.contains("Last used Thursday, 1 January 2026, 01:00"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    let sessions = list["sessions"].as_array().unwrap();
    let of_firefox = sessions.iter().find(|session| session["device"] == "Firefox on Linux").unwrap();
    assert_eq!((sessions.len(), &of_firefox["current"]), (3, &json!(true)));
    assert!(of_firefox.get("token_hash").is_none() && of_firefox.get("token").is_none());

    let end = format!("/settings/sessions/{}/end", of_firefox["id"]);
    assert_eq!(eve.post_form(&end, &[]).await.status, 303, "as for one that does not exist");
    eve.delete(&format!("/api/v1/sessions/{}", of_firefox["id"])).await.refused(404, "not_found");
    assert!(firefox.is_logged_in().await, "another's session was ended");
    assert_eq!(ada.post_form(&end, &[]).await.header("location"), "/settings/sessions?done=session");
    timeout(Duration::from_secs(5), socket.ended()).await.expect("its socket goes on");
    assert!(!firefox.is_logged_in().await && hostile.is_logged_in().await);

    assert_eq!(ada.post_form("/settings/sessions/end-others", &[]).await.status, 303);
    assert!(!hostile.is_logged_in().await && ada.is_logged_in().await && eve.is_logged_in().await);
}

#[tokio::test]
async fn the_owner_disables_and_enables_accounts_but_not_the_own_one() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let bob = server.user("bob").await;
    let socket = server.socket_of(&bob).await;

    assert_eq!(
        ada.post_form("/settings/members/2/disable", &[]).await.header("location"),
        "/settings/members?done=disabled"
    );
    timeout(Duration::from_secs(5), socket.ended()).await.expect("his socket goes on");
    assert!(!bob.is_logged_in().await);
    assert!(ada.get("/settings/members").await.body.contains("Enable bob"));
    server
        .visitor()
        .post_form("/login", &[("username", "bob"), ("password", PASSWORD)])
        .await
        .shows(401, ErrorCode::WrongLogin);

    assert_eq!(ada.post_form("/settings/members/2/enable", &[]).await.status, 303);
    assert_eq!(server.visitor().post_form("/login", &[("username", "bob"), ("password", PASSWORD)]).await.status, 303);
    for nobody in [1, 99] {
        let refused = ada.post_form(&format!("/settings/members/{nobody}/disable"), &[]).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("cannot be disabled"), "{refused:?}");
    }
    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn there_is_exactly_one_owner_whatever_is_handed_over() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let mut bob = server.user("bob").await;
    let owners = async || {
        let accounts = server.accounts().await;
        let owners = accounts.into_iter().filter(|account| account.role == server::store::accounts::Role::Owner);
        owners.map(|account| account.user.name.to_string()).collect::<Vec<_>>()
    };

    assert_eq!(ada.post_form("/settings/members/2/disable", &[]).await.status, 303);
    for nobody in [2, 99] {
        let refused = ada.post_form(&format!("/settings/members/{nobody}/hand-over"), &[]).await;
        assert_eq!((refused.status, owners().await), (403, vec!["ada".to_owned()]), "{refused:?}");
    }
    assert_eq!(ada.post_form("/settings/members/1/hand-over", &[]).await.status, 303, "to oneself: nothing changes");
    assert_eq!(owners().await, ["ada"]);
    assert_eq!(ada.post_form("/settings/members/2/enable", &[]).await.status, 303);
    assert_eq!(bob.post_form("/login", &[("username", "bob"), ("password", PASSWORD)]).await.status, 303);

    assert_eq!(
        ada.post_form("/settings/members/2/hand-over", &[]).await.header("location"),
        "/settings?done=handed-over"
    );

    assert_eq!(owners().await, ["bob"]);
    assert_eq!(ada.get("/settings/members").await.status, 403, "ada is a member");
    assert_eq!(bob.get("/settings/members").await.status, 200);
    assert_eq!(ada.post_form("/settings/members/1/hand-over", &[]).await.status, 403);
    assert_eq!(bob.post_form("/settings/members/1/disable", &[]).await.status, 303);
}

#[tokio::test]
async fn accounts_are_listed_by_pages() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    for number in 2..=51 {
        server.user(&format!("user{number}")).await;
    }

    let first = ada.get("/settings/members").await.body;
    let second = ada.get("/settings/members?after=50").await.body;

    assert!(first.contains("Disable user50") && !first.contains("Disable user51"), "{first}");
    assert!(first.contains("href=\"/settings/members?after=50\""), "{first}");
    assert!(second.contains("Disable user51") && !second.contains("More accounts"), "{second}");
}

#[tokio::test]
async fn the_owner_decides_who_may_sign_up_unless_the_operator_has() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    assert_eq!(sign_up(&server, "bob", "").await.status, 303, "open while it listens on loopback");

    let closed = ada.post_form("/settings/registration", &[("mode", "closed")]).await;
    assert_eq!(closed.header("location"), "/settings/registration?done=registration");
    sign_up(&server, "cid", "").await.shows(403, ErrorCode::RegistrationClosed);
    assert!(server.visitor().get("/login").await.body.contains("New accounts are made by the owner"));
    ada.post_form("/settings/registration", &[("mode", "invite")]).await;
    sign_up(&server, "cid", "").await.shows(403, ErrorCode::InviteNeeded);
    assert_eq!(ada.post_form("/settings/registration", &[("mode", "anyone")]).await.status, 422);
    ada.post_form("/settings/registration", &[("mode", "open")]).await;
    assert_eq!(sign_up(&server, "cid", "").await.status, 303);

    let fixed = TestServer::with(|config| config.registration = Some(Registration::Closed)).await;
    let mut eve = fixed.user("eve").await;
    assert_eq!(eve.post_form("/settings/registration", &[("mode", "open")]).await.status, 403);
    let page = eve.get("/settings/registration").await.body;
    assert!(page.contains("This was set where the server was started") && !page.contains("name=\"mode\""), "{page}");
    sign_up(&fixed, "fay", "").await.shows(403, ErrorCode::RegistrationClosed);
}

#[tokio::test]
async fn a_time_zone_that_was_chosen_comes_before_that_of_the_device() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let session = ada.cookie.clone().unwrap();
    let with = |cookies: &str| {
        let mut client = ada.clone();
        client.cookie = Some(format!("{session}; {cookies}"));
        client
    };
    let fields = [("zone", "Asia/Tokyo")];
    let save = form(ada.request(Method::POST, "/settings/profile"), &fields).header("origin", &ada.base);

    let chosen = send(save).await;
    let page = with("zone=Europe/Berlin; zone_chosen=Asia%2FTokyo").get("/settings/sessions").await.body;
    let device = with("zone=Europe/Berlin; zone_chosen=No/Where").get("/settings/sessions").await.body;
    let profile = with("zone_chosen=Asia%2FTokyo").get("/settings/profile").await.body;

    assert_eq!(chosen.status, 303);
    assert!(chosen.header("set-cookie").starts_with("zone_chosen=Asia/Tokyo; Path=/; Max-Age=31536000"), "{chosen:?}");
    assert!(page.contains("1 January 2026, 09:00"), "{page}");
    assert!(device.contains("1 January 2026, 01:00"), "{device}");
    assert!(profile.contains("value=\"Asia/Tokyo\" selected"), "{profile}");
    let mut ada = ada;
    assert_eq!(ada.post_form("/settings/profile", &[("zone", "No/Where\r\nX: y")]).await.status, 422);
}
