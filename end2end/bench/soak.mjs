// The wall in Chromium for as long as standard input stays open: node soak.mjs PAGE
// Answers every line with one line of JSON: the tiles with the pictures each has presented, reloads, and what the console complained of.
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";

const [page_url] = process.argv.slice(2);
/** Distinct complaints that are kept: enough to see what is wrong. */
const MOST_COMPLAINTS = 20;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // A page that leaks ends in a crash, which is told, and not in a machine without memory.
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--js-flags=--max-old-space-size=512", "--disk-cache-size=33554432"],
});
try {
  // Tall enough for twenty tiles: those out of sight don't play.
  const page = await browser.newPage({ viewport: { width: 1920, height: 1600 } });
  const complaints = new Set();
  const complain = (text) => complaints.size < MOST_COMPLAINTS && complaints.add(text.slice(0, 300));
  let documents = 0;
  page.on("framenavigated", (frame) => frame === page.mainFrame() && documents++);
  page.on("crash", () => complain("the page crashed"));
  page.on("pageerror", (error) => complain(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "assert") complain(`console: ${message.text()} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    const presented = (window.presented = {});
    const hooked = new WeakSet();
    const hook = (video) => {
      const count = () => {
        const camera = video.closest("[data-camera]")?.dataset.camera;
        if (camera) presented[camera] = (presented[camera] ?? 0) + 1;
        video.requestVideoFrameCallback(count);
      };
      video.requestVideoFrameCallback(count);
    };
    setInterval(() => {
      for (const video of document.querySelectorAll("[data-camera] video")) if (!hooked.has(video)) (hooked.add(video), hook(video));
    }, 250);
  });
  // The session's cookie goes with the WebSocket too, which a header would not.
  const account = { username: process.env.NIGHTJAR_USER, password: process.env.NIGHTJAR_PASSWORD };
  const signedIn = await page.request.post(new URL("/api/v1/session", page_url).href, { data: account });
  if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()}`);
  await page.goto(page_url);
  await page.waitForSelector("[data-camera]", { timeout: 60_000 });
  documents = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    const tiles = await page.evaluate(() =>
      [...document.querySelectorAll("article[data-camera]")].map((tile) => ({
        camera: Number(tile.dataset.camera),
        state: tile.querySelector(".tile__state")?.textContent?.trim() ?? "",
        in_sight: tile.getBoundingClientRect().bottom <= innerHeight,
        presented: window.presented[tile.dataset.camera] ?? 0,
      })),
    );
    process.stdout.write(`${JSON.stringify({ tiles, reloads: documents, complaints: [...complaints] })}\n`);
  }
} finally {
  await browser.close();
}
