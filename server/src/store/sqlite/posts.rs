//! A run of plain posts, carried out together: what one command needs nine statements for, hundreds need ten for.
//!
//! A plain post bears on nothing but its room: it answers nothing and names nobody. What is known before is read for all
//! of them, `decide` is asked for each in its turn with what those before it have changed, and what they append is written
//! at the end. The answers, the log and the rows are those of the same commands one by one (`writer/tests.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::{
    ClientId, Command, Done, Epoch, ErrorCode, Record, RoomId, RoomInfo, Seq, StreamId, UserId, effect::Effect,
    mentions, messages::PostMessage, timeline::Change,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{
    append::{Cause, insert_events},
    execute::{Fingerprint, fingerprint},
    lines::{self, Line},
    many, rows,
};
use crate::{
    commands::{Decision, Facts, RoomFacts, decide},
    store::{ExecuteError, StoreError, writer::CommandJob},
};

/// What each is answered, and what is told of them.
pub(super) type Carried = (Vec<Result<Done, ExecuteError>>, Vec<Arc<Record>>);

/// The post, if it bears on nothing but its room.
pub(super) fn plain(job: &CommandJob) -> Option<&PostMessage> {
    let Command::PostMessage(post @ PostMessage { text, reply_to: None, .. }) = &job.command else { return None };
    mentions::names_in(text, &job.markup).is_empty().then_some(post)
}

/// Carries plain posts out, in order. After an error nothing of it holds, and they can be carried out one by one.
pub(super) async fn run(
    tx: &mut SqliteConnection,
    jobs: &[(&CommandJob, &PostMessage)],
) -> Result<Carried, StoreError> {
    let asked: Vec<_> = jobs.iter().map(|(job, post)| Asked::of(job, post)).collect();
    let mut before = earlier(tx, &asked).await?;
    let mut known = Known::of(tx, &asked).await?;
    let (mut answers, mut appended) = (Vec::with_capacity(jobs.len()), Vec::new());
    for ((job, _), asked) in jobs.iter().zip(&asked) {
        // Before permissions: who has left still learns the fate of what was stored.
        if let Some((stored, done)) = before.get(&(asked.actor, asked.client_id)) {
            let is_same = stored.is_none_or(|stored| stored == asked.fingerprint);
            answers.push(is_same.then_some(*done).ok_or(ExecuteError::Refused(ErrorCode::Conflict.into())));
            continue;
        }
        match known.decide(job, asked)? {
            Ok(one) => {
                let Record { stream, epoch, seq, .. } = *one.record;
                let done = Done::Appended { stream, epoch, seq };
                before.insert((asked.actor, asked.client_id), (Some(asked.fingerprint), done));
                appended.push(one);
                answers.push(Ok(done));
            }
            Err(refusal) => answers.push(Err(refusal)),
        }
    }
    if appended.is_empty() {
        return Ok((answers, Vec::new()));
    }
    let records = write(tx, appended).await?;
    known.write(tx).await?;
    Ok((answers, records))
}

/// What one post is known by.
struct Asked {
    actor: UserId,
    client_id: ClientId,
    fingerprint: Fingerprint,
    room: RoomId,
}

impl Asked {
    fn of(job: &CommandJob, post: &PostMessage) -> Self {
        let (actor, fingerprint) = (job.actor.user.id, fingerprint(&job.command));
        Self { actor, client_id: post.client_id, fingerprint, room: post.room }
    }
}

/// What a post appends: the event, and the line that it makes.
struct Appended {
    record: Arc<Record>,
    cause: Cause,
    line: Line,
}

async fn write(tx: &mut SqliteConnection, appended: Vec<Appended>) -> Result<Vec<Arc<Record>>, StoreError> {
    let events: Vec<_> = appended.iter().map(|one| (&*one.record, Some(one.cause))).collect();
    insert_events(tx, &events).await?;
    let (records, lines): (Vec<_>, Vec<_>) = appended.into_iter().map(|one| (one.record, one.line)).unzip();
    lines::insert(tx, &lines).await?;
    Ok(records)
}

/// What commands were answered before, and what tells them from others with the same id.
type Earlier = BTreeMap<(UserId, ClientId), (Option<Fingerprint>, Done)>;

pub(super) const EARLIER: &str = ") SELECT e.stream, s.epoch, e.seq, e.fingerprint, a.actor, a.client FROM asked a \
     CROSS JOIN events e INDEXED BY events_once ON e.actor_id = a.actor AND e.client_id = a.client \
     JOIN streams s ON s.name = e.stream";

async fn earlier(tx: &mut SqliteConnection, asked: &[Asked]) -> Result<Earlier, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH asked (actor, client) AS (");
    query.push_values(many::padded(asked), |mut row, asked| {
        row.push_bind(asked.actor.0.cast_signed()).push_bind(asked.client_id.0.into_bytes().to_vec());
    });
    let found = query.push(EARLIER).build().fetch_all(tx).await?;
    let found = found.iter().map(|row| {
        let stream: StreamId = row.try_get::<&str, _>(0)?.parse().map_err(StoreError::internal)?;
        let (epoch, seq) = (Epoch(row.try_get(1)?), rows::seq(row.try_get(2)?));
        let stored: Option<Vec<u8>> = row.try_get(3)?;
        // One of another length is not this one's either.
        let stored = stored.map(|stored| Fingerprint::try_from(stored).unwrap_or_default());
        let actor = UserId(row.try_get::<i64, _>(4)?.cast_unsigned());
        let client_id: Vec<u8> = row.try_get(5)?;
        let client_id = ClientId(uuid::Uuid::from_slice(&client_id).map_err(StoreError::internal)?);
        Ok(((actor, client_id), (stored, Done::Appended { stream, epoch, seq })))
    });
    found.collect()
}

/// A room, as what came before in this run has left it.
struct Room {
    info: RoomInfo,
    messages: u64,
    /// Where its log ends; `None` where it has none.
    head: Option<(Epoch, Seq)>,
    is_changed: bool,
}

/// What `decide` is to know.
struct Known {
    rooms: BTreeMap<RoomId, Room>,
    /// Since when, and whether it is muted.
    members: BTreeMap<(RoomId, UserId), (Seq, bool)>,
    owner: Option<UserId>,
}

impl Known {
    async fn of(tx: &mut SqliteConnection, asked: &[Asked]) -> Result<Self, StoreError> {
        let pairs: BTreeSet<_> = asked.iter().map(|asked| (asked.room, asked.actor)).collect();
        let pairs: Vec<_> = pairs.into_iter().collect();
        let mut numbers: Vec<_> = pairs.iter().map(|(room, _)| *room).collect();
        numbers.dedup();
        let owner: Option<i64> =
            sqlx::query_scalar("SELECT id FROM users WHERE role = 'owner'").fetch_optional(&mut *tx).await?;
        Ok(Self {
            rooms: rooms_of(tx, &numbers).await?,
            members: members_of(tx, &pairs).await?,
            owner: owner.map(|id| UserId(id.cast_unsigned())),
        })
    }

    /// What a post appends, or why it may not. The outer error is one after which they are to go one by one.
    fn decide(&mut self, job: &CommandJob, asked: &Asked) -> Result<Result<Appended, ExecuteError>, StoreError> {
        let mut facts = Facts { markup: job.markup.clone(), ..Facts::about(job.actor.clone()) };
        facts.actor.is_owner = self.owner == Some(asked.actor);
        let room = self.rooms.get_mut(&asked.room);
        facts.room = room.as_ref().map(|room| {
            let member = self.members.get(&(asked.room, asked.actor));
            let (info, messages) = (room.info.clone(), room.messages);
            let is_muted = member.is_some_and(|(_, is_muted)| *is_muted);
            RoomFacts { info, messages, actor_since: member.map(|(since, _)| *since), is_muted }
        });
        let events = match decide(&job.command, &facts) {
            Ok(Decision::Append(events)) => events,
            Ok(Decision::Nothing) => return Err(StoreError::internal(NotPlain)),
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let (Some(room), Ok([(stream, event)])) = (room, <[_; 1]>::try_from(events)) else {
            return Err(StoreError::internal(NotPlain));
        };
        let Some((epoch, head)) = room.head.filter(|_| stream == StreamId::Room(asked.room)) else {
            return Err(StoreError::internal(NotPlain));
        };
        let (seq, client_id) = (Seq(head.0 + 1), Some(asked.client_id));
        let record = Record { stream, epoch, seq, at: job.now, actor: job.actor.user.clone(), client_id, event };
        let Some(Effect { timeline: Some(Change::Insert(entry)), setting: None, membership: None, rooms: None }) =
            record.effect()
        else {
            return Err(StoreError::internal(NotPlain));
        };
        let line = Line::new(asked.room, entry);
        room.messages = line.ordinal().ok_or_else(|| StoreError::internal(NotPlain))?;
        (room.head, room.is_changed) = (Some((epoch, seq)), true);
        Ok(Ok(Appended { record: Arc::new(record), cause: (asked.client_id, asked.fingerprint), line }))
    }

    /// Writes where the logs end by now.
    async fn write(&self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        let changed: Vec<_> = self.rooms.iter().filter(|(_, room)| room.is_changed).collect();
        let mut query = QueryBuilder::<Sqlite>::new("WITH v (name, head) AS (");
        query.push_values(many::padded(&changed), |mut row, (id, room)| {
            row.push_bind(StreamId::Room(**id).to_string());
            row.push_bind(room.head.map(|(_, head)| head.0.cast_signed()));
        });
        query.push(") UPDATE streams SET head = v.head FROM v WHERE streams.name = v.name");
        query.build().execute(&mut *tx).await?;
        let mut query = QueryBuilder::<Sqlite>::new("WITH v (id, messages) AS (");
        query.push_values(many::padded(&changed), |mut row, (id, room)| {
            row.push_bind(id.0.cast_signed()).push_bind(room.messages.cast_signed());
        });
        query.push(") UPDATE rooms SET messages = v.messages FROM v WHERE rooms.id = v.id");
        query.build().execute(tx).await?;
        Ok(())
    }
}

async fn rooms_of(tx: &mut SqliteConnection, numbers: &[RoomId]) -> Result<BTreeMap<RoomId, Room>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH asked (room) AS (");
    query.push_values(many::padded(numbers), |mut row, room| {
        row.push_bind(room.0.cast_signed());
    });
    query.push(
        ") SELECT r.id, r.info, r.messages, s.epoch, s.head FROM asked a JOIN rooms r ON r.id = a.room \
         LEFT JOIN streams s ON s.name = 'room:' || r.id",
    );
    let found = query.build().fetch_all(tx).await?;
    let found = found.iter().map(|row| {
        let (info, messages) = (rows::parse_info(row.try_get(1)?)?, row.try_get::<i64, _>(2)?.cast_unsigned());
        let head = row.try_get::<Option<i64>, _>(4)?.map(rows::seq);
        let head = head.map(|head| Ok::<_, StoreError>((Epoch(row.try_get(3)?), head))).transpose()?;
        let id = RoomId(row.try_get::<i64, _>(0)?.cast_unsigned());
        Ok((id, Room { info, messages, head, is_changed: false }))
    });
    found.collect()
}

async fn members_of(
    tx: &mut SqliteConnection,
    pairs: &[(RoomId, UserId)],
) -> Result<BTreeMap<(RoomId, UserId), (Seq, bool)>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH asked (room, user) AS (");
    query.push_values(many::padded(pairs), |mut row, (room, user)| {
        row.push_bind(room.0.cast_signed()).push_bind(user.0.cast_signed());
    });
    query.push(
        ") SELECT m.room_id, m.user_id, m.since, m.is_muted FROM asked a \
         JOIN members m ON m.room_id = a.room AND m.user_id = a.user",
    );
    let found = query.build().fetch_all(tx).await?;
    let found = found.iter().map(|row| {
        let room = RoomId(row.try_get::<i64, _>(0)?.cast_unsigned());
        let user = UserId(row.try_get::<i64, _>(1)?.cast_unsigned());
        Ok(((room, user), (rows::seq(row.try_get(2)?), row.try_get(3)?)))
    });
    found.collect()
}

/// It is to be carried out by itself, which says what is the matter with it.
#[derive(Debug, thiserror::Error)]
#[error("a post appended something else than a line")]
struct NotPlain;
