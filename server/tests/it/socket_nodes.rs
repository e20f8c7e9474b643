//! Two nodes on one database: what one commits, the other tells; in order, once.

use protocol::{ReadCursor, Seq, ServerFrame, StreamId};

use crate::support::{
    Nodes,
    socket::{GENERAL, read_up_to, seqs},
};

const STREAM: StreamId = StreamId::Room(GENERAL);

#[tokio::test]
async fn what_one_node_commits_followers_at_the_other_receive_in_order_and_once() {
    let nodes = Nodes::start(2).await;
    let (ada, bob) = (nodes.user(0, "ada").await, nodes.user(1, "bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    ada.follow(STREAM).await;
    let from = bob.follow(STREAM).await;

    // Both write at the same time, so that their tellings cross.
    let write = async |socket: &mut crate::support::socket::Socket| {
        for n in 0..100 {
            socket.say(GENERAL, &format!("{n}")).await;
        }
    };
    tokio::join!(write(&mut ada), write(&mut bob));

    for reader in [&mut ada, &mut bob] {
        let mut frames = Vec::new();
        for _ in 0..200 {
            frames.push(reader.of_stream(STREAM).await);
        }
        reader.settle().await;
        frames.extend(reader.kept());
        let expected: Vec<u64> = seqs(&frames).iter().enumerate().map(|(i, _)| seqs(&frames)[0] + i as u64).collect();
        assert_eq!(seqs(&frames), expected, "no hole, nothing twice");
        assert_eq!(seqs(&frames).last(), Some(&(from.seq.0 + 200)));
    }
    drop((ada, bob));
    nodes.stop().await;
}

#[tokio::test]
async fn heads_and_cursors_cross_nodes() {
    let nodes = Nodes::start(2).await;
    let (ada, bob) = (nodes.user(0, "ada").await, nodes.user(1, "bob").await);
    let mut ada_0 = ada.connect().await;
    let mut ada_1 = nodes.at(1, &ada).connect().await;
    let mut bob_1 = bob.connect().await;

    let said = ada_0.say(GENERAL, "hi").await;
    let head = |frame: &ServerFrame| match frame {
        ServerFrame::Heads { rooms } => rooms.iter().find(|head| head.head.seq >= said).cloned(),
        _ => None,
    };
    assert_eq!(bob_1.wait(head).await.messages, 1);

    ada_0.ask(read_up_to(GENERAL, 0, said.0)).await.unwrap();
    let cursor = |frame: &ServerFrame| match frame {
        ServerFrame::Cursor { cursor, .. } if cursor.seq >= said => Some(*cursor),
        _ => None,
    };
    assert_eq!(ada_1.wait(cursor).await, ReadCursor { version: 0, seq: Seq(said.0) });
    drop((ada_0, ada_1, bob_1));
    nodes.stop().await;
}

#[tokio::test]
async fn a_retry_at_another_node_gets_the_first_answer() {
    let nodes = Nodes::start(2).await;
    let ada = nodes.user(0, "ada").await;
    let (mut here, mut there) = (ada.connect().await, nodes.at(1, &ada).connect().await);
    let command = crate::support::socket::post(GENERAL, "once");

    let first = here.append(command.clone()).await;
    let again = there.append(command).await;

    assert_eq!(first, again);
    drop((here, there));
    nodes.stop().await;
}
