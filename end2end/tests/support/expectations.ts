import { expect } from '@playwright/test';
import type { Tile } from './pages';

/** The tile shows moving pictures of one loop: several of its frames are seen on the screen. */
export async function expectMoving(tile: Tile, loopId: number): Promise<void> {
  const seen = new Set<number>();
  const look = async () => {
    const strip = await tile.strip();
    if (strip?.loopId === loopId) seen.add(strip.frame);
    return seen.size;
  };
  await expect.poll(look, { message: `${tile.name} shows frames of loop ${loopId}`, intervals: [80] }).toBeGreaterThan(4);
}

/** The tile says that it is live, and is. */
export async function expectLive(tile: Tile, loopId: number): Promise<void> {
  await expect(tile.state('Live')).toBeVisible();
  await expectMoving(tile, loopId);
}
