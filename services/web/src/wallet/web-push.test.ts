import { randomBytes } from 'node:crypto';
import { bytesOf } from './web-push.ts';

test('keys are read as they are written, whatever their bytes are', () => {
  for (const length of [0, 1, 2, 3, 65]) {
    const key = randomBytes(length);
    expect(Buffer.from(bytesOf(key.toString('base64url')))).toEqual(key);
  }
  expect([...bytesOf('-_8')]).toEqual([251, 255]);
});
