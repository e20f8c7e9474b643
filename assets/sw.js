// Answers where there is no network: a page that says so, and that goes on by itself once there is one again.
//
// It keeps nothing. The page stands in this file, which browsers store themselves, so nothing private can be left on a
// device and nothing old be shown after an update. Whatever is not a page that somebody goes to never gets here.
"use strict";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  // Files and questions of the program do not even wake this up, where browsers know how.
  if (event.addRoutes) {
    event.waitUntil(
      event.addRoutes({ condition: { not: { requestMode: "navigate" } }, source: "network" }).catch(() => {}),
    );
  }
});

self.addEventListener("activate", (event) => {
  // The request is on its way while this starts.
  event.waitUntil(Promise.all([self.registration.navigationPreload?.enable(), self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  // A form is left to the browser: it asks before it sends it twice.
  if (event.request.mode !== "navigate" || event.request.method !== "GET") return;
  event.respondWith(fromNetwork(event).catch(offline));
});

async function fromNetwork(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

function offline() {
  const nonce = crypto.randomUUID();
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return new Response(page(nonce), {
    status: 503,
    headers: {
      "cache-control": "no-store",
      "content-security-policy": policy,
      "content-type": "text/html; charset=utf-8",
    },
  });
}

// The colours are those of style/tokens.css.
const page = (nonce) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No connection · Parlor</title>
<style nonce="${nonce}">
:root {
  color-scheme: light dark;
  --surface: light-dark(oklch(99.4% 0.002 160), oklch(20.5% 0.009 170));
  --text: light-dark(oklch(23% 0.015 160), oklch(94.5% 0.006 170));
  --text-soft: light-dark(oklch(36% 0.015 160), oklch(84% 0.01 170));
  --accent: light-dark(oklch(45.5% 0.094 166), oklch(79% 0.115 166));
  --accent-strong: light-dark(oklch(39% 0.084 166), oklch(86% 0.1 166));
  --on-accent: light-dark(oklch(99.5% 0.004 166), oklch(19% 0.03 168));
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
body { margin: 0; font: 0.9375rem/1.5 Figtree, system-ui, sans-serif; color: var(--text); background: var(--surface); }
main { box-sizing: border-box; display: grid; justify-items: start; align-content: center; gap: 0.75rem; min-block-size: 100dvh;
  max-inline-size: 32rem; margin-inline: auto; padding: 1.5rem; }
svg { inline-size: 2.5rem; block-size: 2.5rem; }
.back { fill: var(--accent); }
.front { fill: none; stroke: var(--on-accent); stroke-width: 3; stroke-linecap: round; }
h1 { margin: 0; font-size: 1.75rem; font-weight: 640; line-height: 1.25; letter-spacing: -0.02em; }
p { margin: 0; color: var(--text-soft); }
button { margin-block-start: 0.75rem; min-block-size: 2.25rem; padding-inline: 1rem; border: 1px solid transparent; border-radius: 0.375rem;
  font: inherit; font-weight: 500; color: var(--on-accent); background: var(--accent); cursor: pointer; }
button:hover { background: var(--accent-strong); }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
</style>
</head>
<body>
<main>
<svg viewBox="0 0 32 32" aria-hidden="true"><path class="back" d="M10 4h12a7 7 0 0 1 7 7v4a7 7 0 0 1-7 7h-1v5l-6-5h-5a7 7 0 0 1-7-7v-4a7 7 0 0 1 7-7Z"/><path class="front" d="M10.5 13.5h.01M16 13.5h.01M21.5 13.5h.01"/></svg>
<h1>No connection</h1>
<p>Parlor cannot be reached: this device is not connected, or the server is not running at the moment. What you wrote and did not send is kept
on this device. The page goes on by itself once the device is connected again.</p>
<button type="button" id="again" autofocus>Try again</button>
</main>
<script nonce="${nonce}">{
const theme = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
if (theme) document.documentElement.dataset.theme = theme[1];
const again = () => location.reload();
document.getElementById("again").onclick = again;
addEventListener("online", again);
}</script>
</body>
</html>`;
