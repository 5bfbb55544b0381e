import webPush from 'web-push';
import { isKeyPair } from './vapid-keys.ts';

test('two halves belong together, or not', () => {
  const [ours, others] = [webPush.generateVAPIDKeys(), webPush.generateVAPIDKeys()];
  expect(isKeyPair(ours)).toBe(true);
  expect(isKeyPair({ ...ours, privateKey: others.privateKey })).toBe(false);
  expect(isKeyPair({ publicKey: ours.privateKey, privateKey: ours.publicKey })).toBe(false);
  expect(isKeyPair({ ...ours, privateKey: '' })).toBe(false);
});
