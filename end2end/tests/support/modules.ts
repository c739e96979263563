import type { Locator, Page } from '@playwright/test';

/** The WebAssembly modules that a page asks for, by their file names: `nightjar` is the program, the others come when they are needed. */
export class Modules {
  readonly asked: string[] = [];

  constructor(private readonly page: Page) {
    page.on('request', (request) => {
      const name = moduleName(request.url());
      if (name) this.asked.push(name);
    });
  }

  /** Those beside the program. */
  get beside(): string[] {
    return this.asked.filter((name) => name !== 'nightjar');
  }

  /** Where the document's head names a module, so that it is fetched beside the program. */
  named(name: string): Locator {
    return this.page.locator(`link[rel=preload][href$="/${name}.wasm"]`);
  }

  /** From now on those beside the program can't be had: broken off, or not found. Answers what ends that. */
  async deny(how: 'abort' | 404): Promise<() => Promise<void>> {
    const concerned = (url: URL) => {
      const name = moduleName(url.href);
      return name !== undefined && name !== 'nightjar';
    };
    await this.page.route(concerned, (route) => (how === 'abort' ? route.abort() : route.fulfill({ status: how })));
    return async () => this.page.unroute(concerned);
  }
}

function moduleName(url: string): string | undefined {
  return /\/pkg\/.*\/([^/]+)\.wasm$/.exec(url)?.[1];
}
