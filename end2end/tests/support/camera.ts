import path from 'node:path';
import { type Program, binaries, startProgram } from './nightjar';

/** What the camera has counted (the part that tests read). */
export interface Counters {
  connections_total: number;
  logins_ok: number;
  logins_failed: number;
  mounts: Record<string, { sessions_open: number; sessions_total: number; playing: number }>;
}

/** Ids in the clock strips of the fixtures (end2end/fakecam/src/fixture.rs). */
export const loop = { main: 1, sub: 2, hd: 3, otherSps: 6 };

/** A scripted RTSP camera in a process of its own; it misbehaves on command. */
export class Camera {
  private constructor(
    private readonly program: Program,
    /** `rtsp://127.0.0.1:port` */
    readonly rtsp: string,
    /** Its control socket. */
    readonly control: string,
    /** `127.0.0.1:port`, where it hears searches; with `--discovery`. */
    readonly discovery: string,
  ) {}

  static async start(...args: string[]): Promise<Camera> {
    const program = await startProgram(path.join(binaries, 'fakecam'), args, /fakecam ready/);
    const [, rtsp, control, discovery] = await program.waitFor(/fakecam ready (\S+) control (\S+)(?: discovery (\S+))?\n/);
    return new Camera(program, rtsp ?? '', control ?? '', discovery ?? '');
  }

  get main(): string {
    return `${this.rtsp}/main`;
  }

  get sub(): string {
    return `${this.rtsp}/sub`;
  }

  /** `127.0.0.1:port`, to start a camera again in the place of this one. */
  get address(): string {
    return this.rtsp.replace('rtsp://', '');
  }

  /** Changes the lasting behaviour; absent fields stay. */
  async script(change: object, mount?: string): Promise<void> {
    await this.call('PATCH', mount ? `/script?mount=${encodeURIComponent(mount)}` : '/script', change);
  }

  /** Back to a camera without faults. */
  async resume(): Promise<void> {
    await this.call('POST', '/resume');
  }

  /** Something that happens once: `{ action: 'drop_connections' }`. */
  async act(action: object): Promise<void> {
    await this.call('POST', '/action', action);
  }

  async counters(): Promise<Counters> {
    return (await this.call('GET', '/counters')) as Counters;
  }

  /** How many sessions of a stream play now. */
  async playing(mount: '/main' | '/sub'): Promise<number> {
    return (await this.counters()).mounts[mount]?.playing ?? 0;
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  private async call(method: string, route: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.control + route, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`fakecam ${method} ${route}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
