// Measuring instead of testing: one browser at a time, no second try, and nothing recorded that would cost time itself.
// `cargo xtask bench` says what is measured against what, and prints it.
import { defineConfig } from "@playwright/test";
import { fileURLToPath } from "node:url";
import base from "../playwright.config.ts";

export default defineConfig(base, {
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: fileURLToPath(new URL("../test-results/bench", import.meta.url)),
  retries: 0,
  workers: 1,
  timeout: 40 * 60_000,
  globalTimeout: 60 * 60_000,
  reporter: "list",
  // What is slow is measured, not given up.
  use: { screenshot: "off", trace: "off", actionTimeout: 5 * 60_000 },
});
