import { createECDH, randomBytes, randomUUID } from 'node:crypto';

/** For tests: a browser that nobody has seen before, as it describes itself. */
export function someBrowser(endpoint = `https://fcm.googleapis.com/fcm/send/${randomUUID()}`) {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  return { endpoint, keys: { p256dh, auth: randomBytes(16).toString('base64url') } };
}
