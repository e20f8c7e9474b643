// The server dies by `kill -9` in the middle of a message, wherever that is: afterwards the message is there once.
import { expect, test } from "./chat.ts";

for (const point of ["before_commit", "after_commit", "after_broadcast", "after_ack"]) {
  test.describe(`killed at ${point}`, () => {
    test.use({ failpoints: `${point}=the last straw` });

    test("the message is there once, in order, in both browsers", async ({ chat }) => {
      const ada = await chat.signUp("ada");
      const bob = await chat.signUp("bob");
      await ada.says("first");
      await bob.sees("first");

      chat.expectsDeath();
      await ada.says("the last straw", "what came after");
      await chat.server.dies();
      await ada.isToldOfTheOutage();
      await ada.says("written to nobody");
      await expect(ada.messages).toHaveCount(4);
      await chat.startServerAgain();
      await Promise.all([ada.isConnected(), bob.isConnected()]);

      const all = ["first", "the last straw", "what came after", "written to nobody"];
      await ada.hasStored(...all);
      for (const person of [ada, bob]) {
        await person.seesOnly(...all);
        await person.page.reload();
        await person.isConnected();
        await person.seesOnly(...all);
      }
    });
  });
}
