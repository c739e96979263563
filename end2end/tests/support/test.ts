import { type Page, test as base } from '@playwright/test';
import { Camera } from './camera';
import { Nightjar, admin } from './nightjar';
import { Wall } from './pages';
import { install } from './picture';
import { Problems } from './problems';

export { expect } from '@playwright/test';

/** A camera as the API takes it, with a fake camera behind it. */
export interface Added {
  id: number;
  name: string;
}

interface Fixtures {
  /** A server of its own for each test. */
  nightjar: Nightjar;
  /** Starts fake cameras (arguments of the `fakecam` program); they end with the test. */
  startCamera: (...args: string[]) => Promise<Camera>;
  /** A camera with 720p main and 360p sub, told apart by their clock strips. */
  camera: Camera;
  /** Stores a fake camera at the server without the dialog. */
  addCamera: (camera: Camera, name: string, change?: object) => Promise<Added>;
  wall: Wall;
  /** Fails the test on everything that is not allowed. */
  problems: Problems;
}

/** Small enough for two cores; sound on both. */
const streams = ['--mount', '/main=hd_aac', '--mount', '/sub=sub_aac'];

export const test = base.extend<Fixtures>({
  nightjar: async ({}, use, info) => {
    const nightjar = await Nightjar.start();
    await use(nightjar);
    if (info.status !== info.expectedStatus) await info.attach('nightjar.log', { body: nightjar.log, contentType: 'text/plain' });
    await nightjar.end();
  },

  startCamera: async ({}, use) => {
    const started: Camera[] = [];
    await use(async (...args) => {
      const camera = await Camera.start(...streams, ...args);
      started.push(camera);
      return camera;
    });
    await Promise.all(started.map((camera) => camera.stop()));
  },

  camera: async ({ startCamera }, use) => {
    await use(await startCamera());
  },

  addCamera: async ({ nightjar }, use) => {
    await use(async (camera, name, change = {}) => {
      const sources = { main: { url: camera.main, transport: 'tcp' }, sub: { url: camera.sub, transport: 'tcp' } };
      const body = { name, profile: 'generic_rtsp', enabled: true, always_on: true, sources, ...change };
      return nightjar.api<Added>('POST', '/cameras?force=true', body);
    });
  },

  wall: async ({ page, nightjar }, use) => {
    await use(new Wall(page, nightjar.url));
  },

  // Server and cameras outlive the page, which would complain about their end.
  page: async ({ page, context, nightjar, startCamera: _startCamera }, use) => {
    const signedIn = await context.request.post(`${nightjar.url}/api/v1/session`, { data: admin });
    base.expect(signedIn.ok(), 'the admin signs in').toBe(true);
    await install(page);
    await use(page);
    await page.close();
  },

  problems: [
    async ({ context }, use) => {
      const problems = new Problems(context);
      await use(problems);
      base.expect(problems.unexpected, 'console errors, uncaught errors and 5xx answers').toEqual([]);
    },
    { auto: true },
  ],
});

/** What the page was sent, for looking for things that must not be in it. */
export class Received {
  private readonly bodies: Promise<string>[] = [];

  constructor(page: Page) {
    page.on('response', (response) => {
      const text = async () => `${response.url()}\n${JSON.stringify(response.headers())}\n${(await response.body()).toString('latin1')}`;
      // An answer without a body, or one that was cut off, holds nothing.
      this.bodies.push(text().catch(() => ''));
    });
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string') this.bodies.push(Promise.resolve(`${socket.url()}\n${payload}`));
      });
    });
  }

  /** The addresses of what contains one of the texts. */
  async with(...texts: string[]): Promise<string[]> {
    const bodies = await Promise.all(this.bodies);
    return bodies.filter((body) => texts.some((text) => body.includes(text))).map((body) => body.split('\n', 1)[0] ?? '');
  }

  get count(): number {
    return this.bodies.length;
  }
}
