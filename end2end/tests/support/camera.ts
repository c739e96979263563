import path from 'node:path';
import { type Program, binaries, startProgram } from './nightjar';

/** A scripted RTSP camera in a process of its own; it misbehaves on command. */
export class Camera {
  private constructor(
    private readonly program: Program,
    /** `rtsp://127.0.0.1:port` */
    readonly rtsp: string,
    /** Its control socket. */
    readonly control: string,
  ) {}

  static async start(...args: string[]): Promise<Camera> {
    const program = await startProgram(path.join(binaries, 'fakecam'), args, /fakecam ready/);
    const [, rtsp, control] = await program.waitFor(/fakecam ready (\S+) control (\S+)/);
    return new Camera(program, rtsp ?? '', control ?? '');
  }

  get main(): string {
    return `${this.rtsp}/main`;
  }

  get sub(): string {
    return `${this.rtsp}/sub`;
  }

  /** The port, to start another camera in the place of one that was stopped. */
  get port(): string {
    return new URL(this.rtsp.replace('rtsp:', 'http:')).port;
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

  async counters<T = Record<string, unknown>>(): Promise<T> {
    return (await this.call('GET', '/counters')) as T;
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
