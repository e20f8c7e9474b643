//! The ephemeral lane of one connection.

use protocol::{Command, CommandId, UserId, presence::SetViewing};

use super::*;
use crate::{
    bus::{Bus as _, BusMessage, Received},
    hub::{Registration, fake::ROOM},
    presence::PresenceNews,
    socket::commands::{Context as Doer, carry_out},
    store::Roster,
};

const ME: UserId = UserId(1);

impl Bench {
    /// Whether others see which room the user looks at.
    fn is_shown(&self) -> bool {
        let roster = Roster { members: vec![(ME, None)], ..Roster::default() };
        self.hub.presence().picture(ROOM, &roster).of(ME).is_some_and(|me| me.here)
    }

    /// The connection says that its user looks at the room.
    async fn look(&mut self) {
        self.send(r#"{"id":1,"command":{"type":"set_presence","away":false,"room":1}}"#);
        assert!(matches!(self.frame().await, ServerFrame::Ack { .. }));
    }

    /// What the client is told until nothing more comes, of whether others see it.
    async fn viewing(&mut self) -> Vec<bool> {
        let mut told = Vec::new();
        loop {
            if let Message::Text(text) = self.any_message().await {
                match serde_json::from_str(&text).unwrap() {
                    ServerFrame::Viewing { shown } => told.push(shown),
                    // By then everything that was to be sent has been sent.
                    ServerFrame::Heartbeat { .. } => return told,
                    _ => {}
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_hides_while_a_connection_opens_stays_hidden() {
    let store = Arc::new(FakeStore::default());
    let hold = store.hold_viewing();
    let mut bench = Bench::on(store).await;
    bench.look().await;
    hold.reached().await;

    bench.hub.viewing_set(ME, false);
    hold.release();

    assert_eq!(bench.viewing().await, [false]);
    assert!(!bench.is_shown());
}

#[tokio::test(start_paused = true)]
async fn what_is_set_last_of_two_at_once_is_what_is_stored_and_told() {
    let mut bench = Bench::new().await;
    bench.look().await;
    bench.viewing().await;
    let registration = Arc::new(Registration::new(&bench.hub, ME));
    let set = |shown| {
        let actor = Actor { user: user(1), is_owner: false };
        let doer = Doer { sockets: bench.sockets.clone(), registration: registration.clone(), actor };
        tokio::spawn(carry_out(doer, CommandId(1), Command::SetViewing(SetViewing { shown })))
    };
    let hold = bench.store.hold_viewing();

    let first = set(true);
    hold.reached().await;
    let second = set(false);
    // Time passes only when nobody can do anything more.
    sleep(Duration::from_secs(1)).await;
    hold.release();
    first.await.unwrap();
    second.await.unwrap();

    assert_eq!((bench.is_shown(), *bench.store.is_hidden.lock().unwrap()), (false, true));
}

#[tokio::test(start_paused = true)]
async fn of_writing_in_a_room_that_is_not_theirs_nobody_is_told() {
    let mut bench = Bench::new().await;
    let elsewhere = bench.network.join();
    let mut heard = elsewhere.subscribe();
    tokio::spawn(Arc::clone(bench.hub.presence()).run(bench.store.clone(), bench.stopping.clone()));
    let typing = |room| format!(r#"{{"id":9,"command":{{"type":"set_typing","room":{room},"typing":true}}}}"#);

    for room in 2..100 {
        bench.send(&typing(room));
        assert!(matches!(bench.frame().await, ServerFrame::Ack { .. }));
    }
    bench.follow().await;
    bench.send(&typing(1));

    let told = loop {
        let Some(Received::Message(message)) = heard.recv().await else { panic!("the bus is there") };
        if let BusMessage::Presence(PresenceNews::Typing(told)) = message {
            break told;
        }
    };
    assert_eq!(*told, [(ROOM, user(1), true)], "only of the one that is followed");
}
