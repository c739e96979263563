import type { Page } from '@playwright/test';

// What fingers need of a page.

/** Smallest side of a target for a finger, CSS pixels. */
const FINGER = 44;

/** Buttons, links and fields in sight that are too small for a finger, or stick out of the window. */
export async function awkward(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const role of ['button', 'link', 'textbox', 'switch', 'menuitem'] as const) {
    for (const target of await page.getByRole(role).all()) {
      const box = await target.boundingBox();
      const name = (await target.getAttribute('aria-label')) ?? (await target.textContent()) ?? '';
      if (!box || name.startsWith('Skip to')) continue;
      if (box.height < FINGER || box.width < FINGER) found.push(`${role} ${name}: ${box.width}×${box.height}`);
      if (box.x < 0 || box.x + box.width > (page.viewportSize()?.width ?? 0)) found.push(`${role} ${name}: outside, at ${box.x}`);
    }
  }
  return found;
}

/** Parts of the page that are wider than it. */
export const overflow = (page: Page) =>
  page.evaluate(() => {
    const wide = [document.documentElement, document.querySelector('main')].filter((element) => element && element.scrollWidth > element.clientWidth);
    return wide.map((element) => element?.tagName);
  });
