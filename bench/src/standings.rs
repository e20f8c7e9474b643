//! Parlor beside its peers: the same rooms, the same texts, the same receiver, one after the other in each round, in
//! another order each time.
//!
//! The peers carry, from memory, and the frames of most hold the text alone. Parlor carries with everything that it does:
//! sessions, rights, and each message on disk before anybody is told; its frames say by whom and when, too.

use std::{collections::HashMap, fmt, path::PathBuf};

use anyhow::Result;
use clap::ValueEnum as _;

use crate::{
    fanout::{Fanout, Figures},
    figures::exponent,
    peer::Peer,
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
};

/// What is measured: the last one only to see how cost grows.
const SIZES: [Size; 6] = [
    Size { rooms: 1, members: 1_000, load: Load::InFlight(1) },
    Size { rooms: 1, members: 1_000, load: Load::InFlight(8) },
    Size { rooms: 1, members: 10_000, load: Load::InFlight(8) },
    Size { rooms: 50, members: 5_000, load: Load::InFlight(8) },
    Size { rooms: 1, members: 1_000, load: Load::PerSecond(RATE) },
    Size { rooms: 1, members: 100, load: Load::InFlight(8) },
];
/// What is measured where it has to be quick.
const SIZES_QUICK: [Size; 1] = [Size { rooms: 1, members: 1_000, load: Load::InFlight(8) }];
/// Messages a second that the slowest can bring to 1,000 as well, and by how many people they are posted.
const RATE: u32 = 5;
const RATE_POSTERS: usize = 8;
/// Members of a room below which nothing is compared with a target: there, what Parlor does for each message weighs more
/// than what it does for each delivery.
const MEMBERS_COMPARED_MIN: usize = 1_000;

/// Seconds for which each is counted in a round, and where it has to be quick.
const SECONDS: u64 = 10;
const SECONDS_QUICK: u64 = 5;

/// Rooms, and who is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    rooms: usize,
    /// Of all rooms together.
    members: usize,
    load: Load,
}

/// How much is posted, in all rooms together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// So many messages are always on their way.
    InFlight(usize),
    /// So many are posted a second.
    PerSecond(u32),
}

impl Size {
    /// The most members of a room with whom somebody is measured, and why, where these are more.
    fn beyond(self, carrier: Carrier) -> Option<(usize, &'static str)> {
        carrier.and_then(Peer::room_max).filter(|(most, _)| self.members / self.rooms > *most)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rooms, members, load } = self;
        match rooms {
            1 => write!(f, "{members} members, ")?,
            _ => write!(f, "{rooms} rooms of {}, ", members / rooms)?,
        }
        match load {
            Load::InFlight(count) => write!(f, "{count} in flight"),
            Load::PerSecond(rate) => write!(f, "{rate} a second"),
        }
    }
}

/// Who carries: Parlor, where it is nobody else.
type Carrier = Option<Peer>;

/// What to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct Standings {
    #[command(flatten)]
    setting: Setting,
    /// Beside whom, with commas between them
    #[arg(long, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// The folder with the peers' programs
    #[arg(long)]
    programs: PathBuf,
}

impl Standings {
    /// Measures all of them.
    ///
    /// # Errors
    /// The report could not be written. Who could not be measured is named in it.
    pub async fn run(&self) -> Result<()> {
        let mut carriers: Vec<Carrier> = std::iter::once(None).chain(self.peers.iter().copied().map(Some)).collect();
        let round = async |report: &mut Report| {
            self.round(&carriers, report).await;
            carriers.rotate_left(1);
            Ok(())
        };
        self.setting.rounds(round).await
    }

    async fn round(&self, carriers: &[Carrier], report: &mut Report) {
        let sizes = if self.setting.quick { &SIZES_QUICK[..] } else { &SIZES };
        report.notes("the server has one processor, the load another".to_owned());
        report.notes("peers carry from memory; Parlor asks who one is, and stores before it tells".to_owned());
        let mut growth: HashMap<Carrier, Vec<(f64, f64)>> = HashMap::new();
        for size in sizes {
            let mut rates = Vec::new();
            for carrier in carriers {
                if let Some((most, why)) = size.beyond(*carrier) {
                    report.notes(format!("{}: not with more than {most} in a room: {why}", name(*carrier)));
                    continue;
                }
                match self.fanout(*carrier, *size).run().await {
                    Ok(figures) => {
                        rates.push((*carrier, figures.deliveries_per_cpu_second));
                        if size.rooms == 1 && size.load == Load::InFlight(8) {
                            let cost = (figures.members as f64, figures.cpu_ns_per_message);
                            growth.entry(*carrier).or_default().push(cost);
                        }
                        add(report, *size, *carrier, &figures);
                    }
                    Err(error) => report.leaves_out(format!("{size}, {}: {error:#}", name(*carrier))),
                }
            }
            compare(report, *size, &rates);
        }
        for carrier in carriers {
            let costs = growth.get(carrier).map(Vec::as_slice).unwrap_or_default();
            if let Some(exponent) = exponent(costs) {
                let what = format!("{}: exponent of the CPU a message over {} sizes", name(*carrier), costs.len());
                report.adds(what, Unit::Score, exponent);
            }
        }
    }

    fn fanout(&self, carrier: Carrier, size: Size) -> Fanout {
        let (in_flight, per_second) = match size.load {
            Load::InFlight(count) => (count, None),
            Load::PerSecond(rate) => (RATE_POSTERS, Some(rate)),
        };
        Fanout {
            parlor: carrier.is_none().then(|| self.setting.parlor.clone()),
            layer: None,
            peer: carrier,
            programs: Some(self.programs.clone()),
            rooms: size.rooms,
            members: size.members,
            in_flight,
            per_second,
            seconds: if self.setting.quick { SECONDS_QUICK } else { SECONDS },
            server_cpu: Some(SERVER_CPU),
            cpu: Some(LOAD_CPU),
        }
    }
}

fn name(carrier: Carrier) -> String {
    let peer = carrier.and_then(|peer| Some((peer.to_possible_value()?, peer.is_resumable())));
    peer.map_or_else(
        || "Parlor".to_owned(),
        |(peer, is_resumable)| format!("{}{}", peer.get_name(), if is_resumable { " (tier S)" } else { "" }),
    )
}

fn add(report: &mut Report, size: Size, carrier: Carrier, figures: &Figures) {
    if !figures.raised.is_empty() {
        report.notes(format!("limits raised: {}", figures.raised.join(" ")));
    }
    let who = name(carrier);
    if !carrier.is_none_or(|peer| peer.dialect().is_ordered()) {
        report.notes(format!("{who}: one connection a room posts all, since only what one posts has an order there"));
    }
    let mut adds = |what: &str, unit, value| report.adds(format!("{size}: {who}, {what}"), unit, value);
    adds("deliveries a CPU second", Unit::Rate, figures.deliveries_per_cpu_second);
    adds("CPU a delivery", Unit::Ns, figures.cpu_ns_per_delivery);
    adds("events a read", Unit::Score, figures.events_per_read);
    adds("resident memory an idle socket", Unit::Bytes, figures.idle_bytes_per_socket);
    if let Some(latency) = figures.latency {
        adds("to the last one, p50", Unit::Ms, latency.p50_ms);
        adds("to the last one, p99", Unit::Ms, latency.p99_ms);
    }
}

/// Whom Parlor is to reach, how many times over, with so many on their way: the best of those who were measured counts.
struct Aim {
    what: &'static str,
    among: &'static [Peer],
    /// With one on its way, and with more.
    least: (Option<f64>, Option<f64>),
}

const AIMS: [Aim; 8] = [
    Aim {
        what: "the best of tokio-websockets, tokio-tungstenite and Bun",
        among: &[Peer::TokioWebsockets, Peer::TokioTungstenite, Peer::Bun],
        least: (None, Some(1.0)),
    },
    Aim { what: "tokio-tungstenite", among: &[Peer::TokioTungstenite], least: (Some(0.8), None) },
    // The faster way counts, documented or not.
    Aim { what: "Node ws", among: &[Peer::Ws, Peer::WsFramed], least: (Some(1.0), Some(5.0)) },
    Aim { what: "Socket.IO", among: &[Peer::SocketIo], least: (None, Some(10.0)) },
    Aim { what: "Socket.IO with recovery (tier S)", among: &[Peer::SocketIoRecovery], least: (None, None) },
    Aim { what: "Prosody (tier S)", among: &[Peer::Prosody], least: (None, None) },
    Aim { what: "Go gorilla", among: &[Peer::Gorilla], least: (None, None) },
    Aim { what: "NATS", among: &[Peer::Nats], least: (None, None) },
];

/// How many times as much Parlor delivers in a CPU second as others in the same round.
fn compare(report: &mut Report, size: Size, rates: &[(Carrier, f64)]) {
    let of = |carrier: Carrier| rates.iter().find(|(other, _)| *other == carrier).map(|(_, rate)| *rate);
    let Some(parlor) = of(None) else { return };
    if size.rooms == 1 && size.members < MEMBERS_COMPARED_MIN {
        return;
    }
    for Aim { what, among, least } in AIMS {
        let rates = among.iter().filter_map(|peer| of(Some(*peer)));
        let Some(best) = rates.max_by(f64::total_cmp) else { continue };
        let what = format!("{size}: deliveries a CPU second, Parlor ÷ {what}");
        let missing: Vec<String> =
            among.iter().filter(|peer| of(Some(**peer)).is_none()).map(|peer| name(Some(*peer))).collect();
        if !missing.is_empty() {
            // It is not known who would have been the best.
            report.adds(format!("{what}, without {}", missing.join(" and ")), Unit::Score, parlor / best);
            continue;
        }
        let least = match size.load {
            Load::InFlight(1) => least.0,
            Load::InFlight(_) => least.1,
            Load::PerSecond(_) => None,
        };
        match least {
            Some(least) => report.aims(what, Unit::Score, parlor / best, Target::Least(least)),
            None => report.adds(what, Unit::Score, parlor / best),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_the_round_counts_against_its_target() {
        let mut report = Report::default();
        let rates = [
            (None, 300.0),
            (Some(Peer::TokioTungstenite), 200.0),
            (Some(Peer::TokioWebsockets), 100.0),
            (Some(Peer::Bun), 400.0),
            (Some(Peer::Ws), 50.0),
            (Some(Peer::WsFramed), 60.0),
        ];

        compare(&mut report, SIZES[1], &rates);

        let report = serde_json::to_value(report).unwrap();
        let row = |of: &str| {
            let mut rows = report["rows"].as_array().unwrap().iter();
            rows.find(|row| row["what"].as_str().unwrap().ends_with(of)).unwrap_or_else(|| panic!("{of} in {report}"))
        };
        assert_eq!((&row("and Bun")["values"][0], &row("and Bun")["target"]), (&0.75.into(), &1.0.into()));
        assert_eq!((&row("Node ws")["values"][0], &row("Node ws")["target"]), (&5.0.into(), &5.0.into()));
        assert_eq!(row("Node ws")["is_least"], true);
        assert!(row("÷ tokio-tungstenite")["target"].is_null(), "only with one on its way");
    }

    #[test]
    fn nothing_is_reached_where_one_of_the_best_was_not_there() {
        let mut report = Report::default();

        compare(
            &mut report,
            SIZES[1],
            &[(None, 300.0), (Some(Peer::TokioTungstenite), 200.0), (Some(Peer::Bun), 100.0)],
        );

        let report = serde_json::to_value(report).unwrap();
        assert_eq!(report["rows"][0]["values"][0], 1.5, "{report}");
        assert!(report["rows"][0]["what"].as_str().unwrap().ends_with(", without tokio-websockets"), "{report}");
        assert!(report["rows"][0]["target"].is_null(), "{report}");
    }

    #[test]
    fn at_a_fixed_rate_nothing_is_to_be_reached() {
        let mut report = Report::default();

        compare(&mut report, SIZES[4], &[(None, 300.0), (Some(Peer::TokioTungstenite), 200.0)]);

        let report = serde_json::to_value(report).unwrap();
        let row = report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["what"].as_str().unwrap().ends_with("÷ tokio-tungstenite"));
        assert!(row.unwrap()["target"].is_null(), "{report}");
    }

    #[test]
    fn rooms_that_are_too_large_for_somebody_are_left_to_the_others() {
        assert!(SIZES[2].beyond(Some(Peer::Prosody)).is_some());
        assert!(SIZES[3].beyond(Some(Peer::Prosody)).is_none(), "5,000, in rooms of 100");
        assert!(SIZES[2].beyond(Some(Peer::Nats)).is_none() && SIZES[2].beyond(None).is_none());
    }

    #[test]
    fn a_size_says_what_it_is() {
        assert_eq!(SIZES[1].to_string(), "1000 members, 8 in flight");
        assert_eq!(SIZES[3].to_string(), "50 rooms of 100, 8 in flight");
        assert_eq!(SIZES[4].to_string(), "1000 members, 5 a second");
    }
}
