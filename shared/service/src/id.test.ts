import { newId, timeOfId } from './id.ts';

test('is a UUID of version 7 with the time in front, and never the same twice', () => {
  const beganMs = Date.now();
  const ids = Array.from({ length: 10_000 }, newId);
  const endedMs = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(timeOfId(id)).toBeGreaterThanOrEqual(beganMs);
    expect(timeOfId(id)).toBeLessThanOrEqual(endedMs);
  }
});
