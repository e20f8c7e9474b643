//! What `decide` has to know, read from the simulated database.

use protocol::{
    Body, Command, EntryKind, Mentions, Quote, RoomId, Seq, UserId,
    mentions::names_in,
    messages::{EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
    replies::plain_excerpt,
    rooms::{History, Visibility},
};
use server::{
    commands::{Facts, MessageFacts, ReactionFacts, RoomFacts, TargetFacts},
    store::writer::CommandJob,
};

use super::tables::Tables;

impl Tables {
    /// All that bears on a command.
    pub(super) fn facts_of(&self, job: &CommandJob) -> Facts {
        let CommandJob { actor, command, markup, rooms_per_user, .. } = job;
        let me = actor.user.id;
        let mut facts = Facts { markup: markup.clone(), ..Facts::about(actor.clone()) };
        if let Some(name) = command.room_name() {
            facts.is_name_taken = self.is_name_taken(name, command.room());
        }
        let Some(id) = command.room() else {
            facts.next_room = Some(RoomId(self.rooms.len() as u64 + 1));
            let made = self.rooms.values().filter(|kept| kept.room.info().creator.id == me).count();
            facts.rooms_left = rooms_per_user.saturating_sub(u32::try_from(made).unwrap());
            return facts;
        };
        facts.room = self.room_facts(me, id);
        let Some(kept) = self.rooms.get(&id) else { return facts };
        facts.message = command.about().and_then(|seq| self.message_facts(id, seq, command));
        if let Command::AddReaction(AddReaction { message, emoji, .. })
        | Command::RemoveReaction(RemoveReaction { message, emoji, .. }) = command
        {
            facts.reaction = Some(self.reaction_facts(id, *message, emoji, me));
        }
        if let Command::PostMessage(PostMessage { text, .. }) | Command::EditMessage(EditMessage { text, .. }) = command
        {
            let members = kept.room.members().map(|member| &member.user);
            facts.mentions = Mentions::among(&names_in(text, markup), members);
        }
        facts.target = command.target().and_then(|name| {
            let user = self.users.values().find(|user| user.name.folded() == name.folded())?.clone();
            let is_member = self.room_of(user.id, id).is_some();
            Some(TargetFacts { user, is_member, is_disabled: false })
        });
        facts
    }

    /// A room as somebody stands to it.
    pub(super) fn room_facts(&self, actor: UserId, id: RoomId) -> Option<RoomFacts> {
        let kept = self.rooms.get(&id)?;
        let me = kept.room.members().find(|member| member.user.id == actor);
        Some(RoomFacts {
            info: kept.room.info().clone(),
            messages: kept.messages,
            actor_since: me.map(|member| member.since),
            is_muted: self.muted.contains(&(actor, id)),
        })
    }

    fn message_facts(&self, id: RoomId, seq: Seq, command: &Command) -> Option<MessageFacts> {
        let room = &self.rooms.get(&id)?.room;
        let line = room.timeline().get(seq)?;
        let EntryKind::Message { body, .. } = &line.kind else { return None };
        let said = command.message().and_then(|(_, text)| text).unwrap_or_default();
        let (is_deleted, text, markup) = match body {
            Body::Text { text, markup, .. } => (false, text.as_str(), markup.as_slice()),
            Body::Deleted => (true, "", &[][..]),
        };
        let is_before_some = matches!(command, Command::PostMessage(_))
            && room.info().history == History::SinceJoining
            && room.members().any(|member| member.since > seq);
        let quote = if is_before_some {
            Quote::hidden(seq)
        } else {
            let plain = plain_excerpt(text, markup);
            Quote::of(seq, line.actor.clone(), plain.as_deref().unwrap_or(text))
        };
        Some(MessageFacts { seq, author: line.actor.id, is_deleted, is_same_text: text == said, quote })
    }

    fn reaction_facts(&self, id: RoomId, seq: Seq, emoji: &str, me: UserId) -> ReactionFacts {
        let line = self.rooms.get(&id).and_then(|kept| kept.room.timeline().get(seq));
        let Some(EntryKind::Message { reactions, .. }) = line.map(|line| &line.kind) else {
            return ReactionFacts::default();
        };
        let mut kinds: Vec<&str> = reactions.iter().map(|there| there.emoji.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        ReactionFacts {
            is_own: reactions.iter().any(|there| there.user.id == me && there.emoji == emoji),
            is_there: kinds.contains(&emoji),
            emoji_count: u32::try_from(kinds.len()).unwrap(),
            count: u32::try_from(reactions.len()).unwrap(),
        }
    }

    fn is_name_taken(&self, name: &str, except: Option<RoomId>) -> bool {
        let key = name.to_lowercase();
        self.rooms.values().map(|kept| kept.room.info()).any(|info| {
            info.visibility == Visibility::Public && info.name.to_lowercase() == key && Some(info.id) != except
        })
    }
}
