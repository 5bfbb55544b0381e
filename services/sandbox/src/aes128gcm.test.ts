import { decipher } from './aes128gcm.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** RFC 8291, section 5 and appendix A. */
const receiver = {
  privateKey: bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
  publicKey: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
  auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
};
const message = bytes(
  'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
);

test('the example of RFC 8291 is read', () => {
  expect(decipher(message, receiver).toString()).toBe('When I grow up, I want to be a watermelon');
});

const changed = (at: number, by = 1) => {
  const copy = Buffer.from(message);
  copy[at] = (copy[at] ?? 0) ^ by;
  return copy;
};

test.each([
  ['cut short', message.subarray(0, 90), 'too short'],
  ['of another record size', changed(18, 0x10), 'more than one record'],
  ['without a public key', changed(20), 'no public key'],
  ['with a point off the curve', changed(60), 'not on the curve'],
  ['with another salt', changed(0), 'somebody else, or changed'],
  ['with a bit turned in its text', changed(90), 'somebody else, or changed'],
])('one %s is not', (_what, body, reason) => {
  expect(() => decipher(body, receiver)).toThrow(reason);
});

test('nor is one to somebody else', () => {
  const auth = Buffer.alloc(16);
  expect(() => decipher(message, { ...receiver, auth })).toThrow('somebody else');
});
