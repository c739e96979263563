// Glass to glass: opens the page in Chromium, reads the clock strip of every presented frame, prints JSON.
// node glass.mjs PAGE FRAME_CLOCK_URL SECONDS
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import ts from "typescript";

const [page_url, clock_url, seconds] = process.argv.slice(2);
const source = readFileSync(new URL("../lib/clock-strip.ts", import.meta.url), "utf8");
const decoder = ts.transpileModule(source, { compilerOptions: { target: "ES2022", module: "ESNext" } }).outputText.replaceAll("export ", "");

const clock = await (await fetch(clock_url)).json();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  // Runs before the page's own scripts, and hooks each video element as it appears.
  await page.addInitScript(`(() => {
    ${decoder}
    const glass = (window.glass = { samples: [], first: null, skipped: 0, stalls: 0, last: null });
    const clock = ${JSON.stringify(clock)};
    const hooked = new WeakSet();
    const watch = (video) => {
      const onFrame = (_, frame) => {
        const strip = readClockStrip(video);
        if (strip) {
          glass.first ??= frame.expectedDisplayTime;
          const age = glassToGlassMs(strip, clock, performance.timeOrigin + frame.expectedDisplayTime);
          const step = glass.last === null ? 1 : (strip.frame - glass.last.frame + clock.frames_per_loop) % clock.frames_per_loop;
          if (step > 1) glass.skipped += step - 1;
          if (glass.last && frame.expectedDisplayTime - glass.last.at > 500) glass.stalls += 1;
          glass.last = { frame: strip.frame, at: frame.expectedDisplayTime };
          glass.samples.push({ at: frame.expectedDisplayTime, age });
        }
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
    };
    const look = () => {
      for (const video of document.querySelectorAll("video")) if (!hooked.has(video)) { hooked.add(video); watch(video); }
      requestAnimationFrame(look);
    };
    look();
  })()`);
  // The session's cookie goes with the WebSocket too, which a header would not.
  const account = { username: process.env.NIGHTJAR_USER, password: process.env.NIGHTJAR_PASSWORD };
  const signedIn = await page.request.post(new URL("/api/v1/session", page_url).href, { data: account });
  if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()}`);
  await page.goto(page_url);
  await page.waitForFunction(() => window.glass.first !== null, undefined, { timeout: 60_000 });
  // The player finds its distance to the live edge first.
  await page.waitForTimeout(10_000);
  await page.evaluate(() => Object.assign(window.glass, { samples: [], skipped: 0, stalls: 0 }));
  await page.waitForTimeout(Number(seconds) * 1000);
  const { samples, first, skipped, stalls } = await page.evaluate(() => window.glass);
  process.stdout.write(JSON.stringify({ samples: samples.map((sample) => sample.age), first_frame_ms: first, skipped, stalls }));
} finally {
  await browser.close();
}
