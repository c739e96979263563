import { defineConfig } from '@playwright/test';

// Debian's Chromium; nothing is downloaded. Background networking is off because test machines may have no way out.
const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--autoplay-policy=no-user-gesture-required',
  ],
};

export default defineConfig({
  testDir: './tests',
  outputDir: './test-results',
  // Two cores carry the server, the cameras and a software-rendered browser: one test at a time.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: { launchOptions, trace: 'retain-on-failure', actionTimeout: 20_000, navigationTimeout: 30_000 },
  projects: [
    { name: 'desktop', grepInvert: /@touch/, use: { viewport: { width: 1440, height: 900 } } },
    { name: 'ipad', grep: /@ipad/, use: { viewport: { width: 1024, height: 768 }, hasTouch: true } },
    { name: 'phone', grep: /@phone/, use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  ],
});
