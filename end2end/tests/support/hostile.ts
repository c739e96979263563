import type { Page } from '@playwright/test';
import { type Nightjar, admin } from './nightjar';

/** Texts that would be markup or script; each would run `zq9x`. */
export const hostile = [
  `"><img src=zq9x onerror=zq9x()>`,
  `<script>zq9x()</script>`,
  `</script><script>zq9x()</script>`,
  `'"--></style></title></textarea><svg/onload=zq9x()>`,
  `" onmouseover="zq9x()" autofocus onfocus="zq9x()`,
  `' onfocus='zq9x()' autofocus='`,
  'javascript:zq9x()',
  '&lt;img src=zq9x onerror=zq9x()&gt;',
  '${zq9x()}{{zq9x()}}',
];

/** A folder for recordings with a text in its name. */
export function hostileFolder(nightjar: Nightjar, text: string): string {
  return `${nightjar.data}/films/${text}`;
}

/** Puts `text` into every field of the API that takes text; how many fields took it. What is refused is as good. */
export async function putEverywhere(nightjar: Nightjar, text: string, n: number): Promise<number> {
  const camera = (change: object) => ({ name: `Camera ${n}`, always_on: true, sources: { main: { url: 'rtsp://127.0.0.1:9/main' } }, ...change });
  const password = 'violet ferry onion crane';
  const expires = new Date(Date.now() + 86_400_000).toISOString();
  const grants = [{ target: { group: text }, actions: ['live'] }];
  const plain = await nightjar.api<{ id: number }>('POST', '/users', { username: `Renamed ${n}`, role: 'viewer', password });
  const requests: [string, string, object][] = [
    ['POST', '/cameras?force=true', camera({ name: `${n} ${text}` })],
    ['POST', '/cameras?force=true', camera({ name: `Group ${n}`, group: text })],
    ['POST', '/cameras?force=true', camera({ name: `Tag ${n}`, tags: [text] })],
    ['POST', '/cameras?force=true', camera({ name: `Login ${n}`, credentials: { username: text, password: text } })],
    ['POST', '/cameras?force=true', camera({ name: `Path ${n}`, sources: { main: { url: `rtsp://127.0.0.1:9/${text}` } } })],
    ['POST', '/links', { kind: 'guest', label: text, camera_id: 1, actions: ['live'], expires_at: expires }],
    ['POST', '/users', { username: `${n} ${text}`, role: 'viewer', password }],
    ['POST', '/users', { username: `Grant ${n}`, role: 'viewer', password, grants }],
    ['PATCH', `/users/${plain.id}`, { username: `${n} renamed ${text}` }],
    ['PUT', '/settings/recordings', { folder: hostileFolder(nightjar, text) }],
    ['POST', '/tokens', { name: text, scope: 'read' }],
    ['PATCH', '/settings', { webhook: { url: `http://192.0.2.1/${text}`, header: 'X-Key', secret: text, body: JSON.stringify({ text }) } }],
  ];
  let taken = 0;
  for (const [method, route, body] of requests) {
    const answer = await nightjar.api(method, route, body).then(
      () => true,
      (refused: Error) => {
        if (!/: 4\d\d /.test(refused.message)) throw refused;
        return false;
      },
    );
    taken += Number(answer);
  }
  // What a browser says of itself is told with its session; who fails to sign in is in the log.
  for (const username of [admin.username, text]) {
    const headers = { 'content-type': 'application/json', 'user-agent': text };
    await fetch(`${nightjar.url}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ ...admin, username }) });
  }
  return taken;
}

/** Watches a page for anything that a text could do: run, ask, or be stopped by the content policy. */
export async function watch(page: Page): Promise<string[]> {
  const done: string[] = [];
  page.on('dialog', (dialog) => {
    done.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (/\/zq9x$/.test(request.url())) done.push(`fetched: ${request.url()}`);
  });
  await page.exposeFunction('zq9x', () => void done.push('ran'));
  await page.exposeFunction('stopped', (what: string) => void done.push(`stopped by the policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (window as unknown as { stopped: (what: string) => void }).stopped(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return done;
}

/** Elements and attributes that came from a text. */
export async function planted(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const element of Array.from(document.querySelectorAll('*'))) {
      for (const { name, value } of Array.from(element.attributes)) {
        if (name.startsWith('on') || name.includes('zq9x')) found.push(`${element.tagName} ${name}=${value}`);
        if (/^(href|src|action|formaction)$/.test(name) && /^\s*javascript:/i.test(value)) found.push(`${element.tagName} ${name}=${value}`);
      }
      if (element.tagName === 'SCRIPT' && /^\s*zq9x/.test(element.textContent ?? '')) found.push('SCRIPT');
    }
    return found;
  });
}

/** The pages that this one leads to. */
export async function leadsTo(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const links = Array.from(document.querySelectorAll('a[href]')).map((link) => new URL((link as HTMLAnchorElement).href));
    const pages = links.filter((url) => url.origin === location.origin && !url.pathname.startsWith('/api/') && !/\.\w+$/.test(url.pathname));
    return pages.map((url) => url.pathname);
  });
}

/** Opens every panel of the page that closes by itself or stays: menus, details, dialogs show texts, too. */
export async function openAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of Array.from(document.querySelectorAll('details'))) details.open = true;
  });
}

/** The text of the page holds one of the hostile ones, as text. */
export async function shows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.body.innerText.includes('zq9x'));
}
