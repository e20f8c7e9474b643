// Pictures of every page and dialog, on a desk and on a phone, in both themes, in end2end/screenshots/: to be looked at
// before a change of the looks is called done. Each is taken once the page shows what it is a picture of.
import { type Chat, PASSWORD, type Person, expect, test } from "./chat.ts";

const DEVICES = [
  { device: "desktop", visit: { viewport: { width: 1440, height: 900 } } },
  { device: "phone", visit: { viewport: { width: 390, height: 844 }, hasTouch: true } },
];

// Its pictures are what it leaves; a trace would take a second one of each.
test.use({ trace: "off", screenshot: "off", flags: ["--posts-per-second", "1000", "--posts-burst", "1000"] });

const LONG =
  "I have gone through the notes of last week, and most of what we wanted is there. Three things are left: the search " +
  "still finds messages of rooms that were archived, the export writes times in UTC instead of the reader’s zone, and " +
  "nobody has tried the restore on the new machine. I would take the last one tomorrow morning, if somebody looks at " +
  "the other two before Thursday.";

// A team that knows each other: rooms of every kind, and a morning's talk in `general`.
async function furnish(chat: Chat): Promise<{ ada: Person; rooms: Record<string, number> }> {
  const ada = await chat.signUp("ada");
  const [bob, cid, dora] = await Promise.all(["bob", "cid.lindqvist", "dora"].map((name) => chat.signUp(name)));
  const make = (name: string, visibility = "public") => ({
    type: "create_room",
    name,
    visibility,
    history: "everything",
  });
  const names = ["design", "garden", "reading circle", "Sommerfest und Weihnachtsfeier, Vorbereitung 2026", "quiet corner"];
  const streams = await ada.commands([...names.map((name) => make(name)), make("release", "private")]);
  const ids = streams.map((stream) => Number(stream.split(":")[1]));
  const [design, garden, reading, party, quiet, release] = ids as [number, number, number, number, number, number];
  const join = (room: number) => ({ type: "join_room", room });
  const say = (room: number, ...texts: string[]) => texts.map((text) => ({ type: "post_message", room, text }));

  await ada.commands([
    { type: "set_topic", room: 1, topic: "What concerns all of us. Lunch is at half past twelve." },
    { type: "set_topic", room: design, topic: "Screens, words and the space between them" },
    { type: "add_member", room: release, username: "bob" },
    { type: "mute_room", room: reading, muted: true },
  ]);
  await bob!.commands([join(design), join(garden), join(reading), join(party)]);
  await dora!.commands([make("kitchen"), make("music for work"), make("running"), make("swap shop")]);
  await cid!.commands([join(design), join(garden), join(reading)]);

  await cid!.puts("/api/v1/profile/name", { name: "Cecilia Lindqvist" });
  await bob!.puts("/api/v1/profile/status", { emoji: "🎧", text: "Focusing" });
  await dora!.puts("/api/v1/profile/status", { emoji: "🌴", text: "On holiday until the first pears are ripe" });
  await ada.puts("/api/v1/profile/name", { name: "Ada Marie Adler-Östergaard" });
  await ada.puts("/api/v1/profile/status", { emoji: "🏡", text: "Working from home", until: Date.now() + 3_600_000 });

  await ada.commands(say(1, "Good morning, everybody", "The new machine is here. It is quieter than the old one was."));
  await bob!.commands(say(1, "Finally!", "Who moves the backups?"));
  await dora!.commands(say(1, LONG, "See https://example.org/a/rather/long/address/of/a/page?with=parameters&and=more#part"));
  await ada.commands(say(1, "I can look at the search.\n\n- today: find out why\n- tomorrow: mend it"));
  await cid!.commands(say(1, "Guten Morgen die Zeiten im Export übernehme ich", "Sounds good"));
  await ada.sees("Sounds good");
  await ada.opens("quiet corner");
  await ada.hasUnread("general", 0);
  await bob!.commands([...say(design, "Two drafts are on the wall"), ...say(release, "Tagged.", "Notes?", "Notes!")]);
  await dora!.turnsAway();
  await bob!.commands(say(1, "Restore is done: 41 seconds, and all of it is there", "I will write down how"));
  await dora!.commands(say(1, "Lovely. Cake at three, then."));
  await cid!.commands(say(reading, "Chapter four by Sunday"));
  return { ada, rooms: { design, garden, reading, party, quiet, release } };
}

for (const { device, visit } of DEVICES) {
  test(`every page and dialog on a ${device}`, async ({ chat }) => {
    test.slow();
    const named = (name: string): string => `${name}.${device}`;
    const visitor = await chat.visitor("zoe", visit);
    const heading = (person: Person, name: string | RegExp) => person.page.getByRole("heading", { name, exact: true });
    const dialog = (person: Person, name: string) => person.page.getByRole("dialog", { name });
    const button = (person: Person, name: string | RegExp) => person.page.getByRole("button", { name, exact: true });

    await visitor.goesTo("/signup");
    await visitor.isPictured(named("sign-up-first"), heading(visitor, "Open the house"));
    const { rooms } = await furnish(chat);

    // --- every part of the pages in each of its states
    await visitor.goesTo("/style");
    await visitor.isPictured(named("style"), heading(visitor, "Style"), { whole: true });
    await visitor.isAccessible();

    // --- the door
    await visitor.goesTo("/signup");
    await visitor.isPictured(named("sign-up"), heading(visitor, "Come on in"));
    visitor.expects(/POST .*: 4\d\d/);
    await visitor.submits("Create account", "ada", "correct horse battery");
    await visitor.isPictured(named("sign-up-refused"), visitor.page.getByRole("alert").filter({ hasText: /\w/ }));
    await visitor.goesTo("/login");
    await visitor.isPictured(named("log-in"), heading(visitor, "Welcome back"));
    await visitor.submits("Log in", "ada", "not the password");
    await visitor.isPictured(named("log-in-refused"), visitor.page.getByRole("alert").filter({ hasText: /wrong/ }));

    // --- rooms
    const ada = await chat.visitor("ada", visit);
    await ada.hasRefused("does not go", "You may not do that here. Ask the room’s creator or the owner of this server.");
    await ada.logsIn();
    await ada.isIn("general");
    await ada.isConnected();
    await ada.hasNewLineAbove("Restore is done: 41 seconds, and all of it is there");
    const reaches = async (text: string): Promise<void> =>
      device === "phone" ? ada.message(text).tap() : ada.message(text).hover();
    await reaches("Lovely. Cake at three, then.");
    await ada.isPictured(named("room"), ada.newLine);
    await ada.scrollsTo("Good morning, everybody");
    await ada.isPictured(named("room-beginning"), ada.message("Good morning, everybody"));
    await reaches("Good morning, everybody");
    await ada.action("Good morning, everybody", "Edit").click();
    await ada.isPictured(named("message-edit"), ada.log.getByRole("textbox", { name: "Edit message" }));
    await ada.page.keyboard.press("Escape");
    await reaches("Good morning, everybody");
    await ada.action("Good morning, everybody", "Delete").click();
    await ada.isPictured(named("message-delete"), dialog(ada, "Delete message"));
    await button(ada, "Keep").click();

    // The question gives the focus back, so the toolbar is still there.
    await ada.action("Good morning, everybody", "Add reaction").click();
    await ada.action("Good morning, everybody", "More emoji").click();
    await ada.emoji("thumbs up").hover();
    await ada.isPictured(named("picker-reaction"), ada.picker);
    await ada.emoji("rocket").click();
    await ada.emojiButton.click();
    await expect(ada.emoji("rocket", "Used last")).toBeVisible();
    await ada.isPictured(named("picker"), ada.picker);
    await ada.pickerSearch.fill("party");
    await ada.emoji("party popper", "Found").hover();
    await ada.isPictured(named("picker-found"), ada.picker);
    await ada.page.keyboard.press("Escape");

    if (device === "phone") {
      await button(ada, "Show rooms").click();
      await ada.isPictured(named("rooms"), ada.rooms);
      await button(ada, "Close rooms").click();
      await button(ada, /^Show members/).click();
    }
    await ada.isPictured(named("members"), ada.members);
    if (device === "phone") await button(ada, "Close members").click();

    await ada.page.keyboard.press("Control+k");
    await expect(ada.switcher.getByRole("option").first()).toBeVisible();
    await ada.isPictured(named("switcher"), ada.switcher);
    await ada.page.keyboard.press("Escape");
    await ada.log.focus();
    await ada.page.keyboard.press("?");
    await ada.isPictured(named("shortcuts"), dialog(ada, "Keyboard shortcuts"));
    await ada.page.keyboard.press("Escape");

    if (device === "phone") await button(ada, "Show rooms").click();
    await button(ada, "New room").click();
    await ada.isPictured(named("room-new"), dialog(ada, "New room"));
    await button(ada, "Create room").click();
    await ada.isPictured(named("room-new-refused"), dialog(ada, "New room").getByRole("alert"));
    await button(ada, "Cancel").click();

    await ada.goesTo(`/rooms/${rooms["quiet"]}`);
    await ada.isConnected();
    await ada.isPictured(named("room-empty"), ada.page.getByText("Nobody has said anything yet."));
    await ada.goesTo(`/rooms/${rooms["party"]}`);
    await ada.isConnected();
    await ada.isPictured(named("room-long-name"), heading(ada, /^Sommerfest/));

    // --- without a connection
    await ada.goesTo("/rooms/1-general");
    await ada.isIn("general");
    await ada.isConnected();
    await ada.says("This one does not go");
    await expect(ada.log.getByText(/^Not sent/)).toBeVisible();
    await ada.goesOffline();
    await ada.says("Written in a tunnel", "And another one");
    await ada.hasQueued("Written in a tunnel");
    await ada.isPictured(named("room-offline"), ada.connection);
    if (device === "phone") await button(ada, "Show rooms").click();
    await button(ada, "Log out").click();
    await ada.isPictured(named("log-out-unsent"), dialog(ada, "Log out with unsent messages?"));
    await button(ada, "Stay").click();
    await ada.page.reload();
    await ada.isPictured(named("offline"), heading(ada, "No connection"));
    await ada.comesBack();
    await ada.hasStored("And another one");

    // --- places that are no rooms of one's own
    await ada.goesTo("/rooms");
    await ada.isConnected();
    await ada.isPictured(named("directory"), heading(ada, "Public rooms"));
    await ada.goesTo("/rooms?name=zebra");
    await ada.isConnected();
    await ada.isPictured(named("directory-nothing"), ada.page.getByText("No public room has “zebra” in its name."));
    ada.expects(/: 40[34]/);
    await ada.goesTo("/diagnostics");
    await ada.page.getByRole("button", { name: "Start measuring" }).click();
    await expect(ada.page.getByRole("region", { name: "Round trips" }).getByRole("img")).toBeVisible();
    await ada.isPictured(named("diagnostics"), ada.page.getByRole("region", { name: "Last messages" }), { whole: true });
    await ada.goesTo("/rooms/999");
    await ada.isConnected();
    await ada.isPictured(named("not-found"), heading(ada, "There is nothing here"));
    await ada.goesTo("/nowhere/at/all");
    await ada.isPictured(named("not-found-page"), heading(ada, "There is nothing here"));

    const bob = await chat.visitor("bob", visit);
    bob.expects(/: 40[34]/);
    await bob.logsIn();
    await bob.isIn("general");
    await bob.goesTo(`/rooms/${rooms["quiet"]}`);
    await bob.isConnected();
    await bob.isPictured(named("doorstep"), button(bob, "Join quiet corner"));
    await bob.goesTo("/settings/members");
    await bob.isPictured(named("forbidden"), heading(bob, "That did not work"));

    // --- settings
    const settings = [
      ["", "Settings"],
      ["/profile", "Profile"],
      ["/password", "Password"],
      ["/sessions", "Sessions"],
      ["/members", "Accounts"],
      ["/registration", "Registration"],
      [`/rooms/${rooms["design"]}`, "Room settings"],
    ] as const;
    for (const [path, name] of settings) {
      await ada.goesTo(`/settings${path}`);
      const slug = name.toLowerCase().replace(" ", "-");
      await ada.isPictured(named(name === "Settings" ? "settings" : `settings-${slug}`), heading(ada, name));
    }
    await ada.goesTo("/settings/password");
    ada.expects(/\/settings\/password: 4\d\d/);
    await ada.page.getByLabel("Current password").fill("not my password");
    await ada.page.getByLabel("New password", { exact: true }).fill(PASSWORD);
    await ada.page.getByLabel("New password, once more").fill(PASSWORD);
    await button(ada, "Change password").click();
    await ada.isPictured(named("settings-refused"), ada.page.getByRole("alert").filter({ hasText: "wrong" }));
    await ada.goesTo("/settings/invites");
    await button(ada, "Make link").click();
    await ada.isPictured(named("settings-invitations"), ada.page.getByRole("textbox", { name: "Invitation link" }));
    // Axe looks at these pages elsewhere.
    for (const person of chat.people) await person.page.close();
  });
}
