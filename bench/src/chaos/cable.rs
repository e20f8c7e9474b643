//! A cable between people and the server that can be pulled: then nothing passes in either direction, and neither end is
//! told that the other one is gone.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

/// Bytes that are dropped at once.
const PIECE_BYTES: usize = 16 * 1024;
/// How often is looked whether the server has given up.
const LOOK: Duration = Duration::from_millis(100);

/// The cable. Dropping it ends all that goes through it.
pub(crate) struct Cable {
    address: SocketAddr,
    pulled: watch::Sender<bool>,
    /// Connections that the server has open on the other side.
    open: Rc<Cell<usize>>,
    _carrier: JoinSet<()>,
}

impl Cable {
    /// Lays one to a server.
    pub(crate) async fn lay(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, (pulled, is_pulled)) = (listener.local_addr()?, watch::channel(false));
        let open = Rc::<Cell<usize>>::default();
        let mut carrier = JoinSet::new();
        let count = Rc::clone(&open);
        carrier.spawn_local(async move {
            let mut lines = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                lines.spawn_local(carry(near, server, is_pulled.clone(), Rc::clone(&count)));
            }
        });
        Ok(Self { address, pulled, open, _carrier: carrier })
    }

    /// What clients call the server at its end.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nothing passes any more.
    pub(crate) fn pull(&self) {
        self.pulled.send_replace(true);
    }

    /// New connections pass again. Those that were there when it was pulled are gone for good.
    pub(crate) fn mend(&self) {
        self.pulled.send_replace(false);
    }

    /// Waits until the server has given up everything behind the cable, for so long at most. Whether it has.
    pub(crate) async fn is_given_up(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.open.get() > 0 && Instant::now() < until {
            sleep(LOOK).await;
        }
        self.open.get() == 0
    }
}

/// Carries one connection, and where the cable is pulled meanwhile, lies between its ends until the server gives up.
async fn carry(mut near: TcpStream, server: SocketAddr, mut pulled: watch::Receiver<bool>, open: Rc<Cell<usize>>) {
    // Who comes while it is pulled is heard by nobody.
    if pulled.wait_for(|pulled| !pulled).await.is_err() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(server).await else { return };
    open.set(open.get() + 1);
    tokio::select! {
        // However it ends: both ends are told.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = pulled.wait_for(|pulled| *pulled) => {
            // The system goes on saying that it has got all of it. What comes is dropped.
            let mut piece = vec![0; PIECE_BYTES];
            while let Ok(1..) = far.read(&mut piece).await {}
        }
    }
    open.set(open.get() - 1);
}
