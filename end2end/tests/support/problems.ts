import type { BrowserContext } from '@playwright/test';

/**
 * Collects what must not happen on a page: console errors and warnings, uncaught errors, answers with a server error.
 * What a test provokes on purpose is named with a reason.
 */
export class Problems {
  private readonly seen: string[] = [];
  private readonly allowed: { pattern: RegExp; reason: string }[] = [];

  constructor(context: BrowserContext) {
    context.on('console', (message) => {
      if (['error', 'warning', 'assert'].includes(message.type())) {
        this.seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (error) => this.seen.push(`uncaught: ${error.error().stack ?? error.error().message}`));
    context.on('response', (response) => {
      if (response.status() >= 500) this.seen.push(`answer ${response.status()}: ${response.url()}`);
    });
  }

  /** From now on, or before: problems that match are part of the test. */
  allow(pattern: RegExp, reason: string): void {
    this.allowed.push({ pattern, reason });
  }

  /** Those that nobody asked for. */
  get unexpected(): string[] {
    return this.seen.filter((line) => !this.allowed.some(({ pattern }) => pattern.test(line)));
  }
}
