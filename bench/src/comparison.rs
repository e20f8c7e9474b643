//! The WebSocket layers side by side, and Parlor beside them: the same room, the same load, one after the other in
//! each round, in another order each time.
//!
//! The layers only carry, from memory. Parlor carries with everything that it does: sessions, rights, and each message
//! on disk before anybody is told.

use anyhow::Result;
use clap::ValueEnum as _;

use crate::{
    fanout::{Fanout, Figures},
    report::{Report, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
    transport::LayerName,
};

/// Members of the room, and messages on their way.
const SIZES: [(usize, usize); 3] = [(1_000, 1), (1_000, 8), (10_000, 8)];
/// The one that is measured where it has to be quick.
const QUICK: [(usize, usize); 1] = [(1_000, 8)];

/// What to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct Comparison {
    #[command(flatten)]
    setting: Setting,
}

/// Seconds for which each is counted in a round, and where it has to be quick.
const SECONDS: u64 = 20;
const SECONDS_QUICK: u64 = 5;

impl Comparison {
    /// Measures all of them.
    ///
    /// # Errors
    /// The report could not be written. Who could not be measured is named in it.
    pub async fn run(&self) -> Result<()> {
        let mut carriers: Vec<Option<LayerName>> =
            LayerName::value_variants().iter().copied().map(Some).chain([None]).collect();
        let round = async |report: &mut Report| {
            self.round(&carriers, report).await;
            carriers.rotate_left(1);
            Ok(())
        };
        self.setting.rounds(round).await
    }

    async fn round(&self, carriers: &[Option<LayerName>], report: &mut Report) {
        report.notes("the server has one processor, the load another".to_owned());
        for (members, in_flight) in if self.setting.quick { &QUICK[..] } else { &SIZES } {
            let size = format!("{members} members, {in_flight} in flight");
            let mut costs = Vec::new();
            for carrier in carriers {
                match self.fanout(*carrier, *members, *in_flight).run().await {
                    Ok(figures) => {
                        costs.push((*carrier, figures.cpu_ns_per_delivery));
                        add(report, &size, &figures);
                    }
                    Err(error) => report.leaves_out(format!("{size}, {}: {error:#}", name(*carrier))),
                }
            }
            compare(report, &size, &costs);
        }
    }

    fn fanout(&self, carrier: Option<LayerName>, members: usize, in_flight: usize) -> Fanout {
        Fanout {
            parlor: carrier.is_none().then(|| self.setting.parlor.clone()),
            layer: carrier,
            peer: None,
            programs: None,
            rooms: 1,
            members,
            in_flight,
            per_second: None,
            seconds: if self.setting.quick { SECONDS_QUICK } else { SECONDS },
            server_cpu: Some(SERVER_CPU),
            cpu: Some(LOAD_CPU),
        }
    }
}

fn name(carrier: Option<LayerName>) -> String {
    let layer = carrier.and_then(|layer| layer.to_possible_value());
    layer.map_or_else(|| "Parlor".to_owned(), |layer| layer.get_name().to_owned())
}

fn add(report: &mut Report, size: &str, figures: &Figures) {
    let who = name(figures.layer);
    if !figures.raised.is_empty() {
        report.notes(format!("limits raised: {}", figures.raised.join(" ")));
    }
    let mut adds = |what: &str, unit, value| report.adds(format!("{size}: {who}, {what}"), unit, value);
    adds("CPU a delivery", Unit::Ns, figures.cpu_ns_per_delivery);
    adds("events a read", Unit::Score, figures.events_per_read);
    adds("resident memory an idle socket", Unit::Bytes, figures.idle_bytes_per_socket);
    if let Some(latency) = figures.latency {
        adds("to the last one, p50", Unit::Ms, latency.p50_ms);
        adds("to the last one, p99", Unit::Ms, latency.p99_ms);
    }
}

/// How much dearer the best library is than framing of our own, and than Parlor with everything.
fn compare(report: &mut Report, size: &str, costs: &[(Option<LayerName>, f64)]) {
    let cost = |of: Option<LayerName>| costs.iter().find(|(carrier, _)| *carrier == of).map(|(_, ns)| *ns);
    let libraries = costs.iter().filter(|(carrier, _)| carrier.is_some_and(|layer| layer != LayerName::Own));
    let Some(best) = libraries.map(|(_, ns)| *ns).min_by(f64::total_cmp) else { return };
    for (of, what) in [(Some(LayerName::Own), "own framing"), (None, "Parlor")] {
        if let Some(ns) = cost(of) {
            report.adds(format!("{size}: deliveries a CPU second, {what} ÷ best library"), Unit::Score, best / ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_against_the_best_library_of_the_round() {
        let mut report = Report::default();
        let costs = [
            (Some(LayerName::Axum), 300.0),
            (Some(LayerName::Own), 100.0),
            (Some(LayerName::Tungstenite), 200.0),
            (None, 400.0),
        ];

        compare(&mut report, "few", &costs);

        let report = serde_json::to_value(report).unwrap();
        assert_eq!(report["rows"][0]["values"][0], 2.0, "{report}");
        assert_eq!(report["rows"][1]["values"][0], 0.5, "{report}");
    }
}
