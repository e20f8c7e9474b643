//! What is done with messages: posting and answering, editing, reacting.

use protocol::{
    ErrorCode, Event, Quote,
    limits::{REACTION_EMOJI_MAX, REACTIONS_MAX},
    messages::{EditMessage, MessageEdited, MessagePosted, PostMessage},
    reactions::{AddReaction, ReactionAdded, ReactionRemoved, RemoveReaction},
};

use super::{
    Refusal,
    authorize::{Action, authorize},
    decide::{Decision, allowed, one},
    facts::Facts,
};

pub(super) fn post(c: &PostMessage, facts: &Facts) -> Result<Decision, Refusal> {
    let room = allowed(Action::Post, facts)?;
    facts.mentions.check()?;
    let quote = c.reply_to.map(|_| quote(facts)).transpose()?;
    let (markup, mentions) = (facts.markup.clone(), facts.mentions.clone());
    let posted = MessagePosted { mentions, quote, ..MessagePosted::read(room.messages + 1, c.text.clone(), markup) };
    Ok(one(room, Event::MessagePosted(posted)))
}

/// What an answer quotes, if one may answer it.
fn quote(facts: &Facts) -> Result<Quote, Refusal> {
    let gone = |code| Refusal {
        code,
        message: "The message that you answer is not there any more. Send yours again, and it goes without it.".into(),
    };
    authorize(Action::React, facts).map_err(gone)?;
    facts.message.as_ref().map(|message| message.quote.clone()).ok_or_else(|| gone(ErrorCode::NotFound))
}

pub(super) fn edit(c: &EditMessage, facts: &Facts) -> Result<Decision, Refusal> {
    let room = allowed(Action::Edit, facts)?;
    if facts.message.as_ref().is_some_and(|message| message.is_same_text) {
        return Ok(Decision::Nothing);
    }
    facts.mentions.check()?;
    let (markup, mentions) = (facts.markup.clone(), facts.mentions.clone());
    let edited = MessageEdited { mentions, ..MessageEdited::read(c.message, c.text.clone(), markup) };
    Ok(one(room, Event::MessageEdited(edited)))
}

pub(super) fn react(c: &AddReaction, facts: &Facts) -> Result<Decision, Refusal> {
    let room = allowed(Action::React, facts)?;
    let there = facts.reaction.unwrap_or_default();
    if there.is_own {
        return Ok(Decision::Nothing);
    }
    let full = |message: String| Refusal { code: ErrorCode::TooLarge, message: message.into() };
    if !there.is_there && there.emoji_count >= REACTION_EMOJI_MAX {
        return Err(full(format!(
            "There are {REACTION_EMOJI_MAX} different emoji under this message already. Choose one of them."
        )));
    }
    if there.count >= REACTIONS_MAX {
        return Err(full(format!("This message has {REACTIONS_MAX} reactions already. It cannot have more.")));
    }
    Ok(one(room, Event::ReactionAdded(ReactionAdded { message: c.message, emoji: c.emoji.clone() })))
}

pub(super) fn unreact(c: &RemoveReaction, facts: &Facts) -> Result<Decision, Refusal> {
    let room = allowed(Action::React, facts)?;
    if !facts.reaction.is_some_and(|there| there.is_own) {
        return Ok(Decision::Nothing);
    }
    Ok(one(room, Event::ReactionRemoved(ReactionRemoved { message: c.message, emoji: c.emoji.clone() })))
}
