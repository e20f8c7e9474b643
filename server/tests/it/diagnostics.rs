//! The page of the diagnostics: for who is logged in.

use crate::support::TestServer;

#[tokio::test]
async fn the_diagnostics_are_for_who_is_logged_in() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    let inside = ada.get("/diagnostics").await;
    let outside = server.visitor().get("/diagnostics").await;

    assert_eq!(inside.status, 200);
    assert!(inside.body.contains(">Diagnostics</h1>"), "{}", inside.body);
    assert!(inside.body.contains("<title>Diagnostics · Parlor</title>"), "{}", inside.body);
    assert_eq!((outside.status, outside.header("location")), (303, "/login?next=/diagnostics"));
}
