// Browser tests. Each test starts servers of its own with an empty data folder (tests/chat.ts), so they do not disturb
// each other; the browser is the system's, at CHROMIUM or where Debian puts it.
import { defineConfig } from "@playwright/test";
import { fileURLToPath } from "node:url";

// The server under test, built with failpoints. Workers inherit the variable; servers must not: they refuse variables that
// start with PARLOR_ and are no settings.
process.env.PARLOR_BIN ??= fileURLToPath(new URL("../target/debug/parlor", import.meta.url));

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  forbidOnly: true,
  fullyParallel: true,
  workers: 2,
  timeout: 120_000,
  globalTimeout: 40 * 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/report.json" }]],
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    screenshot: "only-on-failure",
    // Recording every test takes a sixth of the time of all.
    trace: "on-first-retry",
  },
  projects: [
    {
      name: "chromium",
      use: {
        browserName: "chromium",
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        },
      },
    },
  ],
});
