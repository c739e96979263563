import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Debian's Node 18 has no import.meta.dirname.
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The folder of the binaries under test: the debug build's, or NIGHTJAR_BIN for copies that no later build overwrites. */
export const binaries = process.env.NIGHTJAR_BIN ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug');

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Starts a program and resolves when a line of its output matches; keeps the output for failure messages. */
export async function startProgram(file: string, args: string[], ready: RegExp, env: NodeJS.ProcessEnv = {}): Promise<Program> {
  if (!existsSync(file)) throw new Error(`${file} is missing: run scripts/test browser, which builds it`);
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = new Program(child, path.basename(file));
  await program.waitFor(ready);
  return program;
}

export class Program {
  output = '';
  private ended: Promise<void>;

  constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output = (this.output + data.toString()).slice(-200_000);
        child.emit('output');
      });
    }
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** The first match of `pattern` in the output, now or later. */
  async waitFor(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer);
        this.child.off('output', look);
        this.child.off('exit', look);
        act();
      };
      const look = () => {
        const match = this.output.match(pattern);
        if (match) done(() => resolve(match));
        else if (this.child.exitCode !== null) done(() => reject(new Error(`${this.name} ended:\n${this.output}`)));
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`${this.name} did not print ${pattern} in time:\n${this.output}`))),
        timeoutMs,
      );
      this.child.on('output', look);
      this.child.on('exit', look);
      look();
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.ended;
  }
}

/** The account that tests are signed in as. */
export const admin = { username: 'Admin', password: 'violet ferry onion crane' };

/** A Nightjar server with a data folder of its own; it can be stopped and started again on the same address and data. */
export class Nightjar {
  private program?: Program;
  private earlier = '';
  private token = '';

  private constructor(
    readonly url: string,
    readonly data: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async start(env: NodeJS.ProcessEnv = {}): Promise<Nightjar> {
    const data = await mkdtemp(path.join(tmpdir(), 'nightjar-e2e-'));
    const nightjar = new Nightjar(`http://127.0.0.1:${await freePort()}`, data, env);
    nightjar.command(['user', 'add', admin.username, '--role', 'admin', '--password-stdin'], admin.password);
    nightjar.token = nightjar.command(['token', 'create', 'Tests', '--scope', 'admin']);
    await nightjar.up();
    return nightjar;
  }

  /** A server that nobody has set up yet. At another address than 127.0.0.1 browsers do not know that it is this machine. */
  static async startBare(host = '127.0.0.1', env: NodeJS.ProcessEnv = {}): Promise<Nightjar> {
    const data = await mkdtemp(path.join(tmpdir(), 'nightjar-e2e-'));
    const nightjar = new Nightjar(`http://${host}:${await freePort()}`, data, env);
    await nightjar.up();
    return nightjar;
  }

  /** Runs a `nightjar` command on this server's data; what it printed. */
  command(args: string[], input = ''): string {
    return execFileSync(path.join(binaries, 'nightjar'), [...args, '--data', this.data], { input, encoding: 'utf8' }).trim();
  }

  async up(): Promise<void> {
    const listen = new URL(this.url).host;
    const env = {
      NIGHTJAR_ALLOW_LOOPBACK_CAMERAS: 'true',
      // Searches for cameras stay on this machine.
      NIGHTJAR_DISCOVERY_INTERFACES: '127.0.0.1',
      RUST_LOG: process.env.RUST_LOG ?? 'info',
      ...this.env,
    };
    this.program = await startProgram(
      path.join(binaries, 'nightjar'),
      ['serve', '--listen', listen, '--data', this.data],
      /nightjar ready on /,
      env,
    );
  }

  async down(): Promise<void> {
    await this.program?.stop();
    this.earlier = this.log;
    this.program = undefined;
  }

  /** Everything that this server and those before it on the same data printed. */
  get log(): string {
    return this.earlier + (this.program?.output ?? '');
  }

  async end(): Promise<void> {
    await this.down();
    await rm(this.data, { recursive: true, force: true });
  }

  /** A JSON request to the API; throws on a problem answer. */
  async api<T>(method: string, route: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${route}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
