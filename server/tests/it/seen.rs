//! Who wrote is told when somebody else has read it: once, without who, and not of those who hide where they look.

use protocol::{Command, RoomId, Seq, ServerFrame, presence::SetViewing};

use crate::support::{
    Client, Nodes, PASSWORD, TestServer,
    socket::{GENERAL, Socket, read_up_to},
};

/// Connects, and waits until the server has found the rooms of the user.
async fn connect(client: &Client) -> Socket {
    let mut socket = client.connect().await;
    socket.wait(|frame| matches!(frame, ServerFrame::Heads { .. }).then_some(())).await;
    socket
}

async fn seen(socket: &mut Socket) -> (RoomId, Seq) {
    socket
        .wait(|frame| match frame {
            ServerFrame::Seen { room, up_to } => Some((*room, *up_to)),
            _ => None,
        })
        .await
}

/// What was told until now, and not waited for.
async fn told(socket: &mut Socket) -> Vec<ServerFrame> {
    socket.settle().await;
    socket.kept().into_iter().filter(|frame| matches!(frame, ServerFrame::Seen { .. })).collect()
}

#[tokio::test]
async fn all_devices_of_the_author_are_told_once_and_nobody_else_is() {
    let server = TestServer::start().await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let (mut desk, mut phone) = (connect(&ada).await, connect(&ada).await);
    let (mut bob, mut eve) = (connect(&bob).await, connect(&eve).await);
    let said = desk.say(GENERAL, "hi").await;

    phone.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();
    assert_eq!(told(&mut desk).await, [], "one's own reading is not another's");
    bob.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();
    assert_eq!(seen(&mut desk).await, (GENERAL, said));
    assert_eq!(seen(&mut phone).await, (GENERAL, said));
    eve.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();

    for socket in [&mut desk, &mut phone, &mut bob, &mut eve] {
        assert_eq!(told(socket).await, []);
    }
}

#[tokio::test]
async fn who_hides_where_they_look_reads_untold() {
    let server = TestServer::start().await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let (mut ada, mut bob, mut eve) = (connect(&ada).await, connect(&bob).await, connect(&eve).await);
    let said = ada.say(GENERAL, "hi").await;

    bob.ask(Command::SetViewing(SetViewing { shown: false })).await.unwrap();
    bob.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();
    assert_eq!(told(&mut ada).await, []);

    eve.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();
    assert_eq!(seen(&mut ada).await, (GENERAL, said));
}

#[tokio::test]
async fn reading_at_another_node_is_told() {
    let nodes = Nodes::start(2).await;
    let mut people = Vec::new();
    for (node, name) in ["ada", "bob"].into_iter().enumerate() {
        let mut client = nodes.visitor(node);
        client.post_form("/signup", &[("username", name), ("password", PASSWORD)]).await;
        people.push(connect(&client).await);
    }
    let said = people[0].say(GENERAL, "hi").await;
    let head = |frame: &ServerFrame| match frame {
        ServerFrame::Heads { rooms } => rooms.iter().any(|head| head.head.seq >= said).then_some(()),
        _ => None,
    };
    people[1].wait(head).await;

    people[1].ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();

    assert_eq!(seen(&mut people[0]).await, (GENERAL, said));
    drop(people);
    nodes.stop().await;
}
